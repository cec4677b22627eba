"""CEL305: connections that wait for something else than the database."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.database.held import HeldSession, held_in
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import MEDIUM, WARNING, rule

_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep"})
_LONG = 1


@rule("CEL305", "session-held-during-wait", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """A database session or transaction is kept open while worker code sleeps or calls the network."""
    for reached in project.reached.values():
        for held in held_in(reached.function, project.sessions):
            waits = [(call, what) for call in held.calls if (what := _waits_for(call, held, project)) is not None]
            busy = [(call, what) for call, what in waits if held.is_busy(call)]
            if busy:
                yield _finding(held, busy, reached)


def _waits_for(call: Call, held: HeldSession, project: Project) -> str | None:
    """What CALL waits for, when that takes a while."""
    path = held.index.path
    if project.symbols.external(path, call.callee) in _SLEEPS:
        argument = call.argument(0, "delay")
        known = project.evaluator.scalar(Placed(path, call.block, argument.value)) if argument is not None else None
        seconds = known.value if isinstance(known, Known) else None
        return f"{seconds:g} seconds" if isinstance(seconds, int | float) and seconds >= _LONG else None
    outgoing = project.network.outgoing(path, call)
    return f"`{outgoing.name}`" if outgoing is not None else None


def _finding(held: HeldSession, waits: list[tuple[Call, str]], reached: Reached) -> Finding:
    (first, what), *others = waits
    path = held.index.path
    if held.name is None:
        message = (
            f"this waits for {what} inside a transaction: its rows stay locked and its connection is idle for as long; "
            "do it before, or in `transaction.on_commit`"
        )
    else:
        message = (
            f"`{held.name.lstrip('%@')}` keeps its connection while this waits for {what}: with as many tasks as the "
            "pool has connections, all others stand; commit first, or wait before it is opened"
        )
    return check.finding(
        message,
        Location(path, first.span),
        reached.entity,
        related=(*(Related(Location(path, call.span), f"and for {other}") for call, other in others), *reached.path()),
    )
