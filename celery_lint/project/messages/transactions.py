"""LINK: code that runs inside a database transaction: Django's `atomic`, SQLAlchemy's `begin()`, before `commit()`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Call, Function, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.refs import ClassRef, External, FunctionRef
from celery_lint.project.code.symbols import Symbols
from celery_lint.project.messages.through import Through

Owner = OneOf["django", "sqlalchemy"]

_ATOMIC = frozenset({"django.db.transaction.atomic", "django.db.transaction.Atomic"})
_CONTEXTS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_MENTIONS_ATOMIC = Pattern(rb"atomic")
_SESSIONS = frozenset({
    "sqlalchemy.orm.Session", "sqlalchemy.orm.session.Session", "sqlalchemy.ext.asyncio.AsyncSession",
    "sqlalchemy.ext.asyncio.session.AsyncSession", "sqlmodel.Session", "sqlmodel.ext.asyncio.session.AsyncSession",
    "sqlalchemy.orm.sessionmaker", "sqlalchemy.ext.asyncio.async_sessionmaker", "sqlalchemy.orm.scoped_session",
})  # fmt: skip
_WRITES = frozenset({"add", "add_all", "flush", "delete", "merge", "bulk_save_objects"})
_DJANGO_WRITES = frozenset({
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "add",
})  # fmt: skip
_ENDS = frozenset({"commit", "rollback", "close"})


class Transaction(Struct, frozen=True):
    """A transaction around a piece of code: where it is opened, and by whose means. With ELSEWHERE it is one of a
    database that may not be the default one."""

    owner: Owner
    location: Location
    elsewhere: bool = False


class Transactions:
    """Finds the transactions that code runs in."""

    def __init__(self, files: Files, symbols: Symbols) -> None:
        self.files = files
        self.symbols = symbols
        self.through = Through(symbols)

    def around(self, path: str, block: int) -> Transaction | None:
        """The transaction that code in BLOCK of PATH surely runs in, as its function shows it. None where it is put
        off (see `is_put_off`)."""
        index = self.files.python(path)
        for number in index.up(block):
            here = index.block(number)
            if here.kind in ("lambda", "except", "class", "module"):
                return None
            found = self.opened_by(path, number)
            if found is not None and (not found.elsewhere or _writes(index, number)):
                return found
            if here.kind == "function":
                return self._decorated(path, index.functions_by_block[number])
        return None

    def opened_by(self, path: str, block: int) -> Transaction | None:
        """The transaction that the `with` of BLOCK opens."""
        here = self.files.python(path).block(block)
        found = (self._opened(path, here.parent, item.value) for item in here.items)
        return next((each for each in found if each is not None), None)

    def _decorated(self, path: str, function: Function) -> Transaction | None:
        for decorator in function.decorators:
            name = self.symbols.external(path, _callee(decorator))
            if name == "django.utils.decorators.method_decorator" and isinstance(decorator, Call):
                inner = decorator.arguments[0].value if decorator.arguments else decorator
                found = self._atomic(path, inner)
            else:
                found = self._atomic(path, decorator)
            if found is not None:
                return found
        return None

    def _atomic(self, path: str, value: Value) -> Transaction | None:
        """`transaction.atomic`, `transaction.atomic(using="other")`"""
        if self.symbols.external(path, _callee(value)) not in _ATOMIC:
            return None
        given = (value.argument(0, "using"), value.is_open) if isinstance(value, Call) else (None, False)
        return Transaction("django", Location(path, value.span), any(given))

    def _opened(self, path: str, block: int, value: Value) -> Transaction | None:
        """The transaction that entering VALUE opens: `atomic()`, `session.begin()`, or a context manager of the
        project around either."""
        found = self._atomic(path, value)
        if found is not None or not isinstance(value, Call):
            return found
        if last_name(value.callee) == "begin" and self.is_session(path, block, called_on(value.callee)):
            return Transaction("sqlalchemy", Location(path, value.span))
        manager = self.symbols.function(path, block, value.callee)
        return self._of_manager(manager, Location(path, value.span)) if manager is not None else None

    def _of_manager(self, ref: FunctionRef, place: Location) -> Transaction | None:
        """A function with `@contextmanager` that yields inside `atomic()`."""
        index, fact = self.symbols.index(ref), self.symbols.fact(ref)
        if not fact.is_generator:
            return None
        if not any(self.symbols.external(ref.path, each) in _CONTEXTS for each in fact.decorators):
            return None
        for number, block in enumerate(index.facts.blocks):
            if block.kind == "with" and index.function_at(number) is fact:
                for item in block.items:
                    found = self._atomic(ref.path, item.value)
                    if found is not None:
                        return Transaction("django", place, found.elsewhere)
        return None

    # helpers

    def around_callers(self, function: FunctionRef) -> Transaction | None:
        """The transaction of the first caller of FUNCTION, a plain helper, when every one of its callers has one."""
        fact, index = self.symbols.fact(function), self.symbols.index(function)
        outer = index.function_at(fact.outer)
        if outer is not None or index.class_of(fact) is not None or fact.decorators:
            return None
        paths = list(self.files.holding(fact.name))
        if any(path != function.path and not self.files.mentions(path, _MENTIONS_ATOMIC) for path in paths):
            return None
        found: list[Transaction | None] = []
        for path in paths:
            found.extend(self._of_calls(path, function, fact.name))
        first = found[0] if found else None
        return first if all(each is not None and each.owner == "django" for each in found) else None

    def _of_calls(self, path: str, function: FunctionRef, name: str) -> Iterator[Transaction | None]:
        """For each use of FUNCTION in PATH the transaction around it; None where it is handed to somebody else."""
        for call in self.files.python(path).facts.calls:
            if any(isinstance(each.value, Name) and last_name(each.value) == name for each in call.arguments):
                yield None
            if last_name(call.callee) == name:
                known = self.symbols.function(path, call.block, call.callee)
                if known == function:
                    yield self.around(path, call.block)

    # SQLAlchemy

    def is_session(self, path: str, block: int, value: Value | None) -> bool:
        """Whether VALUE is a session or a factory of sessions of SQLAlchemy."""
        found = self.symbols.type_of(path, block, value) if value is not None else None
        lineage = self.symbols.lineage(found) if isinstance(found, ClassRef) else (found,)
        if any(isinstance(item, External) and item.name in _SESSIONS for item in lineage):
            return True
        opened = self._entered(path, block, value.ref) if isinstance(value, Name) else None
        if opened is not None:
            return self.is_session(path, block, opened.callee) or self.is_session(path, block, opened)
        owner = called_on(value) if isinstance(value, Name) and value.ref.endswith(".session") else None
        made = self.symbols.type_of(path, block, owner) if owner is not None else None
        return isinstance(made, External) and made.name.startswith("flask_sqlalchemy.")

    def _entered(self, path: str, block: int, ref: str) -> Call | None:
        """The call that the `with` around BLOCK enters as the local REF: `with factory() as session`."""
        index = self.files.python(path)
        items = (item for number in index.up(block) for item in index.block(number).items if item.target == ref)
        return next((item.value for item in items if isinstance(item.value, Call)), None)

    def uncommitted(self, path: str, call: Call) -> Transaction | None:
        """What CALL is made before: a write of the same function, and a `commit()` after it, on one session."""
        index = self.files.python(path)
        function = index.function_at(call.block)
        if function is None:
            return None
        if is_put_off(index, call.block):
            return None
        commits = [(_session_call(other)[0], other) for other in index.calls(function) if _commits_after(other, call)]
        ends = {session: other for session, other in commits if session and self._ends(index, other, call, session)}
        writes = self._written_before(index, function, call) if ends else {}
        first = next((written for session, written in writes.items() if session in ends), None)
        return Transaction("sqlalchemy", Location(path, first.span)) if first is not None else None

    def _written_before(self, index: FileIndex, function: Function, call: Call) -> dict[str, Call]:
        """The sessions that have something to commit when CALL is made, each with what wrote it first."""
        around = set(index.up(call.block))
        writes: dict[str, Call] = {}
        # Of what helpers wrote, the next helper may make an end.
        helped: set[str] = set()
        for other in index.calls(function):
            if other.span.start >= call.span.start:
                continue
            session, method = _session_call(other)
            if session is not None and method in _ENDS:
                writes.pop(session, None)
                helped.discard(session)
            elif session is not None and other.block in around:
                writes.setdefault(session, other)
                helped.discard(session)
            for given, effect in self.through.effects(index, other) if session is None else ():
                if effect == "may end" and given in helped:
                    del writes[given]
                    helped.discard(given)
                elif effect == "writes" and given not in writes and other.block in around:
                    writes[given] = other
                    helped.add(given)
        return writes

    def _ends(self, index: FileIndex, commit: Call, call: Call, session: str) -> bool:
        """Whether COMMIT is what follows CALL on the way on."""
        around = set(index.up(call.block))
        return commit.block in around and self.is_session(index.path, commit.block, Name(session, commit.callee.span))


def _writes(index: FileIndex, block: int) -> bool:
    """Whether code in BLOCK writes rows itself. A transaction of another database may be there for reading alone."""
    return any(block in set(index.up(call.block)) for call in index.calls_named(*_DJANGO_WRITES))


def is_put_off(index: FileIndex, block: int) -> bool:
    """Whether code in BLOCK is in a lambda, which runs whenever it is called, or in an `except`: what is sent there is
    meant to go out although the transaction fails."""
    return any(kind in ("lambda", "except") for kind in index.kinds(block))


def _session_call(call: Call) -> tuple[str | None, str]:
    if not isinstance(call.callee, Name):
        return None, ""
    owner, _, method = call.callee.ref.rpartition(".")
    return (owner, method) if method in _WRITES | _ENDS and owner.strip(".@%*") else (None, method)


def _commits_after(other: Call, call: Call) -> bool:
    return last_name(other.callee) == "commit" and other.span.start > call.span.start


def _callee(value: Value) -> Value:
    return value.callee if isinstance(value, Call) else value
