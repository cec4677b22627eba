"""LINK: database sessions and transactions that stay open for a block of code, and what is done meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Call, Name, Value
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.refs import FunctionRef
from celery_lint.project.code.withs import withs_in
from celery_lint.project.database.sessions import Sessions

_TRANSACTIONS = frozenset({"django.db.transaction.atomic"})
# After these a session has given its connection back, until it is used again.
_RELEASES = frozenset({"commit", "rollback", "close", "aclose", "remove"})
_LOOPS = frozenset({"for", "while"})


class HeldSession(Struct, frozen=True):
    """The code (BLOCK of INDEX) in which the session NAME is open: a `with` block, or the one that assigns it; None for
    a transaction of Django's."""

    index: FileIndex
    block: int
    name: str | None

    @property
    def calls(self) -> list[Call]:
        """The calls of the block, without those of functions inside it, in order."""
        function = self.index.function_at(self.block)
        found = self.index.calls(function) if function is not None else []
        return [call for call in found if self._holds(call.block)]

    def is_busy(self, at: Call) -> bool:
        """Whether the session surely has a connection while the call AT runs."""
        if self.name is None:
            return True
        uses = [call for call in self.calls if call is not at and self._is_use(call)]
        before = [call for call in uses if call.span.end <= at.span.start]
        loop = self._loop_around(at)
        around = [call for call in uses if loop is not None and loop in self.index.up(call.block)]
        last = (group[-1] for group in (before, around) if group)
        return any(not self._releases(call) for call in last)

    def _holds(self, block: int) -> bool:
        return self.block in self.index.up(block)

    def _loop_around(self, call: Call) -> int | None:
        """The outermost loop in the block that repeats CALL."""
        inside = (number for number in self.index.up(call.block) if self._holds(number))
        return min((each for each in inside if self.index.block(each).kind in _LOOPS), default=None)

    def _is_use(self, call: Call) -> bool:
        """Whether CALL is one of the session's methods, or is given it."""
        given = (argument.value for argument in call.arguments)
        return any(self._is_session(value) for value in (*within(call.callee), *given))

    def _is_session(self, value: Value) -> bool:
        return isinstance(value, Name) and (value.ref == self.name or value.ref.startswith(f"{self.name}."))

    def _releases(self, call: Call) -> bool:
        return last_name(call.callee) in _RELEASES


def held_in(function: FunctionRef, sessions: Sessions) -> Iterator[HeldSession]:
    """The sessions and transactions that a function keeps open."""
    index, fact = sessions.symbols.index(function), sessions.symbols.fact(function)
    for number in withs_in(index, fact.block):
        for item in index.block(number).items:
            callee = item.value.callee if isinstance(item.value, Call) else item.value
            if sessions.symbols.external(index.path, callee) in _TRANSACTIONS:
                yield HeldSession(index, number, None)
            elif isinstance(item.value, Call) and item.target and sessions.enters(index.path, item.value):
                yield HeldSession(index, number, item.target)
    for assignment in index.assignments(fact):
        target = assignment.target or ""
        is_local = target.startswith("%") and "." not in target
        if is_local and sessions.opened(index, assignment) is not None:
            yield HeldSession(index, assignment.block, target)
    decorators = (each.callee if isinstance(each, Call) else each for each in fact.decorators)
    if any(sessions.symbols.external(index.path, each) in _TRANSACTIONS for each in decorators):
        yield HeldSession(index, fact.block, None)
