"""CEL308: thread locks around what the database isolates itself."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Attribute, Call, Name, Value
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.refs import External
from celery_lint.project.code.withs import withs_in
from celery_lint.project.database.sessions import Sessions
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import INFO, MEDIUM, rule

_LOCKS = frozenset({"threading.Lock", "threading.RLock"})
# What a block may do besides: look at values, write a log, name columns and conditions.
_HARMLESS = ("builtins.", "logging.", "datetime.", "uuid.", "sqlalchemy.", "sqlmodel.")
_LOGS = frozenset({"debug", "info", "warning", "error", "exception"})


@rule("CEL308", "lock-around-session", since="0.1", severity=INFO, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """A thread lock is held around a database session."""
    sessions = project.sessions
    if not sessions.are_used:
        return
    for reached in project.reached.values():
        index, fact = project.index(reached.function.path), project.symbols.fact(reached.function)
        for number in withs_in(index, fact.block):
            items = index.block(number).items
            lock = next((item.value for item in items if _is_lock(index, number, item.value, project)), None)
            opened = _opened(index, number, sessions) if lock is not None else None
            if lock is not None and opened is not None and _does_nothing_else(index, number, opened, project):
                yield _finding(lock, opened, reached)


def _is_lock(index: FileIndex, block: int, value: Value, project: Project) -> bool:
    if not isinstance(value, Name | Attribute):
        return False
    made = project.symbols.type_of(index.path, block, value)
    return isinstance(made, External) and made.name in _LOCKS


def _inside(index: FileIndex, block: int) -> list[Call]:
    function = index.function_at(block)
    return [call for call in index.calls(function) if block in index.up(call.block)] if function is not None else []


def _opened(index: FileIndex, block: int, sessions: Sessions) -> Call | None:
    """The call that opens a session in BLOCK, when it has a name there."""
    beside = [item.value for item in index.block(block).items if isinstance(item.value, Call)]
    found = (call for call in (*beside, *_inside(index, block)) if call.target is not None)
    return next((call for call in found if sessions.enters(index.path, call)), None)


def _does_nothing_else(index: FileIndex, block: int, opened: Call, project: Project) -> bool:
    """Whether all that BLOCK does is about the session: what else it touches may be what the lock is for."""
    function = index.function_at(block)
    assigned = [item for item in index.assignments(function) if block in index.up(item.block)] if function else []
    targets = [item.target or "" for item in assigned]
    own = {target for target in targets if target.startswith("%") and "." not in target}
    mine = {opened.target, *own, *(name.ref for name in _bound(index, block))}
    # `product.stock -= 1` changes what came from the session.
    if any(target.partition(".")[0] not in mine for target in targets):
        return False
    return all(call is opened or _is_about(call, mine, index, project) for call in _inside(index, block))


def _bound(index: FileIndex, block: int) -> Iterator[Name]:
    function = index.function_at(block)
    for loop in index.loops(function) if function is not None else ():
        yield from (value for value in within(loop.target) if isinstance(value, Name))


def _is_about(call: Call, mine: set[str | None], index: FileIndex, project: Project) -> bool:
    """Whether CALL is a method of the session (or of what came from it), is given it, or touches nothing shared."""
    values = [value for part in (call.callee, *(each.value for each in call.arguments)) for value in within(part)]
    if any(isinstance(value, Name) and value.ref.partition(".")[0] in mine for value in values):
        return True
    name = project.symbols.external(index.path, call.callee)
    if last_name(call.callee) in _LOGS or (name is not None and name.startswith(_HARMLESS)):
        return True
    return project.symbols.class_of(index.path, call.block, call.callee) is not None


def _finding(lock: Value, opened: Call, reached: Reached) -> Finding:
    path = reached.function.path
    name = lock.ref.lstrip("@%") if isinstance(lock, Name) else "this lock"
    session = (opened.target or "").lstrip("@%")
    return check.finding(
        f"`{name}` is held around the database session `{session}`: it makes the threads of this worker wait for each "
        "other and keeps no other process out; the database isolates transactions, or lock the row "
        "(`with_for_update()`)",
        Location(path, lock.span),
        reached.entity,
        related=(Related(Location(path, opened.span), "the session"), *reached.path()),
    )
