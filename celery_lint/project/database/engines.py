"""LINK: database engines: where they are made, what holds them, which worker code uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from msgspec import Struct

from celery_lint.facts.model import Attribute, Call, Function, Literal, Name, Operation, Subscript, Text, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.files import Files
from celery_lint.project.code.holders import Holder, Holders
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import ClassRef, FunctionRef, Internal, Symbols
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.model import Reached

ASYNC = frozenset({"create_async_engine", "async_engine_from_config"})
SYNC = frozenset({"create_engine", "engine_from_config", "SQLAlchemy"})
_PACKAGES = ("sqlalchemy", "sqlmodel", "flask_sqlalchemy")
_CACHES = frozenset({"functools.lru_cache", "functools.cache", "cachetools.cached", "async_lru.alru_cache"})
_UNPOOLED = frozenset({"NullPool", "StaticPool"})
_WEB = Pattern(
    rb"^(?:\xef\xbb\xbf)?[ \t]*(?:from|import)\s+"
    rb"(?:fastapi|starlette|flask|quart|sanic|litestar|aiohttp|django|pyramid)\b",
    re.M,
)


class Engine(Struct, frozen=True, eq=False):
    """One `create_async_engine(...)` or `create_engine(...)` (or the `SQLAlchemy(...)` of Flask, which makes it).

    IS_SHARED: it outlives one run of a coroutine. DIALECT and DRIVER are the URL's (`postgresql`, `asyncpg`); None when
    unknown. HOLDERS are the module-level names it is reached through; OWNER the class that keeps it as an attribute.
    """

    call: Call
    path: str
    is_shared: bool
    dialect: str | None
    driver: str | None
    holders: frozenset[Holder]
    owner: ClassRef | None
    function: FunctionRef | None

    @property
    def location(self) -> Location:
        """The call that makes it."""
        return Location(self.path, self.call.span)


class Engines:
    """Finds the pooled engines of a project that calls of MAKERS make: the asynchronous ones, or the others."""

    def __init__(self, files: Files, evaluator: Evaluator, makers: frozenset[str] = ASYNC) -> None:
        self.makers = makers
        self._mention = Pattern(rb"\b(?:" + "|".join(sorted(makers)).encode() + rb")\b")
        self.files = files
        self.evaluator = evaluator
        self.symbols: Symbols = evaluator.symbols
        self.holders = Holders(files, evaluator.symbols)

    def find(self) -> Iterator[Engine]:
        """All pooled engines, but those of tests and migrations."""
        for path in self.files.mentioning(self._mention):
            if "migrations" in path or "alembic" in path:
                continue
            index = self.files.python(path)
            calls = [call for call in index.facts.calls if self._makes_engine(index, call)]
            for call in calls:
                if self._is_pooled(index, call) and not self._is_branch(index, call, calls):
                    yield self._engine(index, call)

    def find_unpooled(self) -> Iterator[Engine]:
        """The engines that surely have no pool: `poolclass=NullPool`."""
        for path in self.files.mentioning(self._mention):
            if "migrations" in path or "alembic" in path:
                continue
            index = self.files.python(path)
            for call in index.facts.calls:
                argument = call.argument(None, "poolclass")
                pool = self.symbols.external(path, argument.value) if argument is not None else None
                if pool is not None and pool.rpartition(".")[2] == "NullPool" and self._makes_engine(index, call):
                    yield self._engine(index, call)

    def _makes_engine(self, index: FileIndex, call: Call) -> bool:
        name = self.symbols.external(index.path, call.callee)
        return name is not None and name.rpartition(".")[2] in self.makers and name.startswith(_PACKAGES)

    def _is_pooled(self, index: FileIndex, call: Call) -> bool:
        argument = call.argument(None, "poolclass")
        if argument is not None:
            pool = self.symbols.external(index.path, argument.value) or ""
            return bool(pool) and pool.rpartition(".")[2] not in _UNPOOLED
        return not call.is_open or self._spread_is_pooled(index, call)

    def _spread_is_pooled(self, index: FileIndex, call: Call) -> bool:
        """`**options`: pooled only when all of them can be seen and none is `poolclass`."""
        for argument in call.arguments:
            if argument.star == "**":
                placed = Placed(index.path, call.block, argument.value)
                keys = [key for key, _, _ in self.evaluator.entries(placed)]
                if any(not isinstance(key, Known) or key.value == "poolclass" for key in keys):
                    return False
                if self._is_extended(index, call, argument.value):
                    return False
        return True

    def _is_extended(self, index: FileIndex, call: Call, value: Value) -> bool:
        """Whether the same function adds to the options what may be a pool: `options["poolclass"] = …`."""
        function = index.function_at(call.block)
        if not isinstance(value, Name):
            return True
        for assignment in index.assignments_by_function.get(function.block if function else -1, []):
            target = assignment.target_value
            if not isinstance(target, Name) and any(isinstance(v, Name) and v.ref == value.ref for v in within(target)):
                key = target.index if isinstance(target, Subscript) and isinstance(target.value, Name) else None
                if not isinstance(key, Literal) or key.value == "poolclass":
                    return True
        return False

    def _is_branch(self, index: FileIndex, call: Call, calls: list[Call]) -> bool:
        """A factory that makes an unpooled engine on another branch knows when it runs in a worker."""
        function = index.function_at(call.block)
        others = [other for other in calls if other is not call and index.function_at(other.block) is function]
        return any(not self._is_pooled(index, other) and not self._is_for_sqlite(index, other) for other in others)

    def _is_for_sqlite(self, index: FileIndex, call: Call) -> bool:
        """Whether CALL makes an engine for SQLite, or on a branch for it: that tells databases apart, not workers."""
        if self._database(index, call)[0] == "sqlite":
            return True
        tests = [index.block(number).value for number in index.up(call.block) if index.block(number).kind == "if"]
        inner = (value for test in tests if test is not None for value in within(test))
        return any(isinstance(value, Literal) and "sqlite" in str(value.value) for value in inner)

    def _engine(self, index: FileIndex, call: Call) -> Engine:
        function = index.function_at(call.block)
        ref = FunctionRef(index.path, function.block) if function is not None else None
        holders = self.holders.of(index, call)
        owner = self._owner(index, call)
        shared = bool(holders) or owner is not None or (function is not None and self._is_cached(index, function))
        dialect, driver = self._database(index, call)
        return Engine(call, index.path, shared, dialect, driver, holders, owner, ref)

    def _owner(self, index: FileIndex, call: Call) -> ClassRef | None:
        if call.target is None or not call.target.startswith(("%self.", "%cls.")):
            return None
        return self.symbols.enclosing_class(index.path, call.block)

    def _is_cached(self, index: FileIndex, function: Function) -> bool:
        for decorator in function.decorators:
            callee = decorator.callee if isinstance(decorator, Call) else decorator
            if self.symbols.external(index.path, callee) in _CACHES:
                return True
        return False

    def _database(self, index: FileIndex, call: Call) -> tuple[str | None, str | None]:
        """The dialect and the driver in the URL."""
        argument = call.argument(0, "url")
        if argument is None:
            return None, None
        text = address(Placed(index.path, call.block, argument.value), self.evaluator)
        found = re.match(r"(\w+)(?:\+(\w+))?(?=:|$)", text)
        return (found.group(1), found.group(2)) if found else (None, None)

    # who uses them

    def uses(self, engine: Engine, reached: Reached) -> bool:
        """Whether a function reached by worker code uses ENGINE, by a name that holds it or as its owner."""
        index, fact = self.symbols.index(reached.function), self.symbols.fact(reached.function)
        if engine.function == reached.function:
            return True
        for value in index.values(fact):
            if isinstance(value, Name) and self._is_held(engine, index.path, value):
                return True
            if (
                isinstance(value, Name | Attribute)
                and engine.owner is not None
                and self._is_owned(engine, index, fact, value)
            ):
                return True
        return False

    def _is_held(self, engine: Engine, path: str, value: Name) -> bool:
        if value.ref.startswith(("%", "builtins.")):
            return False
        if self.holders.named(path, value.ref) in engine.holders:
            return True
        # A session factory that the engine's module does not have (any more) can only be the one that it has.
        target = self.symbols.target(path, value.ref)
        if not isinstance(target, Internal) or target.fact is not None or len(target.rest) != 1:
            return False
        missing = target.path == engine.path and "session" in target.rest[0].lower()
        return missing and len(self._session_factories(engine)) == 1

    def _session_factories(self, engine: Engine) -> list[Holder]:
        """The names in the engine's module that make sessions of it."""
        index = self.files.python(engine.path)
        if index.star_imports:
            return []
        made = {
            assignment.target[1:]
            for assignment in index.assignments_by_function.get(-1, [])
            if assignment.target is not None
            and isinstance(assignment.value, Call)
            and (last_name(assignment.value.callee) or "").endswith("sessionmaker")
        }
        return [holder for holder in engine.holders if holder.path == engine.path and holder.name in made]

    def _is_owned(self, engine: Engine, index: FileIndex, fact: Function, value: Name | Attribute) -> bool:
        if not isinstance(value, Name) or "." not in value.ref:
            return False
        head = value.ref.rpartition(".")[0]
        if head.startswith("%self") and fact.name == "__init__":
            return False
        owner = self.symbols.type_of(index.path, fact.block, Name(head))
        return owner is not None and owner == engine.owner

    def is_disposed(self, engine: Engine) -> bool:
        """Whether the file that makes a local engine disposes of it."""
        index = self.files.python(engine.path)
        return bool(index.calls_named("dispose"))

    def disposes(self, engine: Engine, reached: Reached) -> bool:
        """Whether a function disposes of a shared engine: then no connection survives the run."""
        index, fact = self.symbols.index(reached.function), self.symbols.fact(reached.function)
        for call in index.calls(fact):
            if last_name(call.callee) != "dispose" or not isinstance(call.callee, Name):
                continue
            if self.holders.named(index.path, call.callee.ref.rpartition(".")[0]) in engine.holders:
                return True
        return False

    def makes_unpooled(self, function: FunctionRef) -> bool:
        """Whether a function makes an engine without a pool: it knows when it runs in a worker."""
        index, fact = self.symbols.index(function), self.symbols.fact(function)
        made = [call for call in index.calls(fact) if self._makes_engine(index, call)]
        return any(not self._is_pooled(index, call) and not self._is_for_sqlite(index, call) for call in made)

    def web_user(self, engine: Engine) -> str | None:
        """A file of the web application that imports the module of ENGINE; None when there is none."""
        name = PurePosixPath(engine.path).stem
        importing = None if name == "__init__" else self.files.holding(name)
        for path in self.files.mentioning(_WEB, importing):
            if path == engine.path:
                continue
            index = self.files.python(path)
            for item in index.facts.imports:
                found = self.symbols.modules.find(path, item.target)
                if found is not None and found[0] == engine.path:
                    return path
        return None


def address(url: Placed, evaluator: Evaluator) -> str:
    """The URL of a database, or how it begins."""
    known = evaluator.text(url)
    return known.value if isinstance(known, Known) else _beginning(url.value)


def _beginning(value: Value) -> str:
    """The literal start of an f-string, or of strings put together."""
    match value:
        case Text() if value.parts:
            return _beginning(value.parts[0])
        case Operation(operator="+"):
            return _beginning(value.left)
        case Literal():
            return str(value.value)
    return ""
