"""LINK: which calls open a database session."""

from __future__ import annotations

from functools import cached_property
from typing import Literal as OneOf

from celery_lint.facts.model import Assignment, Await, Call, Function, Name, Subscript, Value
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import FunctionRef, Internal, Symbols
from celery_lint.project.code.values import Evaluator, Placed

Kind = OneOf["sync", "async", "generator"]

_FACTORIES: dict[str, Kind] = {"sessionmaker": "sync", "async_sessionmaker": "async"}
_CLASSES: dict[str, Kind] = {"Session": "sync", "AsyncSession": "async"}
_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_PACKAGES = ("sqlalchemy", "sqlmodel")
# Bounded, for it is tried at each of these words: a line may be long, and hold nothing else.
_IMPORTS = Pattern(rb"\b(?:from|import)\b[^\n]{0,200}\b(?:sqlalchemy|sqlmodel)\b")
_DEPTH = 6


class Sessions:
    """Recognises session factories: SQLAlchemy's own, the project's, and the configured EXTRA ones."""

    def __init__(self, symbols: Symbols, evaluator: Evaluator, extra: frozenset[str]) -> None:
        self.symbols = symbols
        self.evaluator = evaluator
        self.extra = extra
        # What functions return. One that is still being asked about returns nothing yet: that ends the circles.
        self._known: dict[tuple[str, int], Kind | None] = {}
        self._module_level: dict[tuple[str, str], tuple[str, str] | None] = {}

    @cached_property
    def are_used(self) -> bool:
        """Whether there can be any: without a factory of the configuration, a package has to be imported."""
        return bool(self.extra) or self.symbols.files.is_mentioned(_IMPORTS)

    def opened(self, index: FileIndex, assignment: Assignment) -> Kind | None:
        """What kind of session an assignment opens; None when it opens none."""
        value = assignment.value
        if isinstance(value, Await):
            value = value.value
        return self.kind(index.path, value) if isinstance(value, Call) else None

    def kind(self, path: str, call: Call) -> Kind | None:
        """What kind of session a call opens; None when it opens none."""
        return self._made_by(path, call.block, call, 0) if self.are_used else None

    def enters(self, path: str, call: Call) -> bool:
        """Whether `with CALL as name` gives a session: a factory's, or one of the project's own context managers."""
        if not self.are_used:
            return False
        if self.kind(path, call) in ("sync", "async"):
            return True
        function = self.symbols.function(path, call.block, call.callee)
        if function is None:
            return False
        names = [self.symbols.external(function.path, each) for each in self.symbols.fact(function).decorators]
        return len(names) == 1 and names[0] in _MANAGERS and self._opens(function)

    def _made_by(self, path: str, block: int, call: Call, depth: int) -> Kind | None:
        """What kind of session CALL returns."""
        if depth > _DEPTH:
            return None
        name = self.symbols.external(path, call.callee)
        if name is not None and name.startswith(_PACKAGES):
            return _CLASSES.get(name.rpartition(".")[2])
        if name == "builtins.next" and call.arguments:
            inner = call.arguments[0].value
            return "generator" if isinstance(inner, Call) and self._yields_session(path, inner) else None
        if self._is_configured(call.callee):
            return "sync"
        return self._factory(path, block, call.callee, depth)

    def _is_configured(self, callee: Value) -> bool:
        if not isinstance(callee, Name):
            return False
        shown = callee.ref.lstrip("@%.*")
        return any(shown == known or known.endswith(f".{shown}") for known in self.extra)

    def _factory(self, path: str, block: int, callee: Value, depth: int) -> Kind | None:
        """What kind of session calling CALLEE opens: a sessionmaker, or a function of the project that returns one."""
        followed = self.evaluator.follow(Placed(path, block, callee))
        if isinstance(followed.value, Call):
            made = self._of_maker(followed.path, followed.value)
            if made is not None:
                return made
        function = self.symbols.function(path, block, callee)
        return self._returned(function.path, self.symbols.fact(function), depth) if function is not None else None

    def _of_maker(self, path: str, call: Call) -> Kind | None:
        callee = call.callee.value if isinstance(call.callee, Subscript) else call.callee
        name = self.symbols.external(path, callee)
        if name is None or not name.startswith(_PACKAGES):
            return None
        kind = _FACTORIES.get(name.rpartition(".")[2])
        given = call.argument(None, "class_")
        if kind == "sync" and given is not None:
            found = self.symbols.external(path, given.value) or ""
            return "async" if found.endswith("AsyncSession") else "sync"
        return kind

    def _returned(self, path: str, fact: Function, depth: int) -> Kind | None:
        """A plain function that returns a new session; one made by `@contextmanager` opens it by itself."""
        key = (path, fact.block)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._find_returned(path, fact, depth)
        return self._known[key]

    def _find_returned(self, path: str, fact: Function, depth: int) -> Kind | None:
        if fact.decorators or fact.is_generator:
            return None
        for item in self.symbols.files.python(path).returns(fact):
            value = item.value.value if isinstance(item.value, Await) else item.value
            if isinstance(value, Call):
                made = self._made_by(path, item.block, value, depth + 1)
                if made is not None:
                    return made
        return None

    def _yields_session(self, path: str, call: Call) -> bool:
        function = self.symbols.function(path, call.block, call.callee)
        if function is None:
            return False
        fact = self.symbols.fact(function)
        return fact.is_generator and not fact.decorators and self._opens(function)

    def _opens(self, function: FunctionRef) -> bool:
        """Whether a function opens a session."""
        index, fact = self.symbols.index(function), self.symbols.fact(function)
        opened = any(self.opened(index, assignment) is not None for assignment in index.assignments(fact))
        entered = any(
            self._made_by(function.path, inner.block, inner, 0) for inner in index.calls(fact) if inner.use == "entered"
        )
        return opened or entered

    def module_level(self, path: str, ref: str) -> tuple[str, str] | None:
        """The module-level session that REF leads to, as (file, name); a `scoped_session` is none."""
        key = (path, ref)
        if key not in self._module_level:
            self._module_level[key] = self._find_module_level(path, ref)
        return self._module_level[key]

    def _find_module_level(self, path: str, ref: str) -> tuple[str, str] | None:
        target = self.symbols.target(path, ref)
        if not isinstance(target, Internal) or not isinstance(target.fact, Assignment) or target.fact.target is None:
            return None
        if not target.fact.target.startswith("@") or "." in target.fact.target:
            return None
        index = self.symbols.files.python(target.path)
        if not index.is_import_time(target.fact.block) or self.opened(index, target.fact) is None:
            return None
        return target.path, target.fact.target[1:]
