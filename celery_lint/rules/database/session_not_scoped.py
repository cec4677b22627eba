"""CEL304: database sessions that nothing closes."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Assignment, Await, Call, Function, Name, Value
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.expressions import within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.database.sessions import Sessions
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.remedy import ScopeSession
from celery_lint.rule import MEDIUM, WARNING, rule


@rule("CEL304", "session-not-scoped", since="0.1", severity=WARNING, confidence=MEDIUM, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A database session is opened in worker code without `with`."""
    sessions = project.sessions
    if not sessions.are_used:
        return
    for reached in project.reached.values():
        index, fact = project.index(reached.function.path), project.symbols.fact(reached.function)
        for assignment in index.assignments(fact):
            kind = sessions.opened(index, assignment)
            if kind is not None and not _is_cared_for(index, assignment, reached):
                yield _finding(reached, assignment, kind, index)
    yield from _at_module_level(project, sessions)


def _finding(reached: Reached, assignment: Assignment, kind: str, index: FileIndex) -> Finding:
    variable = (assignment.target or "").lstrip("%")
    is_async = kind == "async"
    entering = "async with" if is_async else "with"
    function = index.functions_by_block[reached.function.block]
    can_fix = reached.is_async or not is_async
    opener = assignment.value.value if isinstance(assignment.value, Await) else assignment.value
    is_generator = isinstance(opener, Call) and kind == "generator"
    return check.finding(
        f"{_how_it_stays(variable, entering, index, function)} its connection checked out and its transaction open, "
        f"until the garbage collector finds it; open it with `{entering} … as {variable}:`",
        Location(index.path, assignment.span),
        reached.entity,
        related=reached.path(),
        remedy=None if is_generator else ScopeSession(index.path, function.span, assignment.span, variable, is_async),
        withheld=None if can_fix else "the session is asynchronous and this function is not",
    )


def _how_it_stays(variable: str, entering: str, index: FileIndex, function: Function) -> str:
    closing = {f"%{variable}.{method}" for method in ("close", "aclose", "remove")}
    calls = _calls_around(index, function.block)
    if any(isinstance(call.callee, Name) and call.callee.ref in closing for call in calls):
        return f"`{variable}` is opened without `{entering}`: an exception or an early return leaves"
    return f"`{variable}` is never closed, which leaves"


def _is_cared_for(index: FileIndex, assignment: Assignment, reached: Reached) -> bool:
    """Whether the session is entered, closed in a `finally`, given to the caller or kept on purpose."""
    name = assignment.target
    if name is None or not name.startswith("%") or "." in name:
        return True
    function = index.functions_by_block[reached.function.block]
    return (
        _is_entered(index, name, function.block)
        or any(_closes_finally(index, call, name) for call in _calls_around(index, function.block))
        or any(_is_given_back(item.value, name) for item in index.returns(function) if item.value is not None)
        or any(call.use == "yielded" for call in index.calls(function))
        or function.is_generator
        or _is_stored(index, function.block, name)
    )


def _calls_around(index: FileIndex, block: int) -> Iterator[Call]:
    for call in index.facts.calls:
        if block in set(index.up(call.block)):
            yield call


def _is_entered(index: FileIndex, name: str, function: int) -> bool:
    """`with session:`, `with closing(session):`, `stack.enter_context(session)`."""
    for number, block in enumerate(index.facts.blocks):
        if block.kind != "with" or function not in set(index.up(number)):
            continue
        if any(_mentions(item.value, name) for item in block.items):
            return True
    return any(
        isinstance(call.callee, Name)
        and call.callee.ref.rpartition(".")[2]
        in ("enter_context", "enter_async_context", "push", "callback", "push_async_callback")
        and any(_mentions(argument.value, name) for argument in call.arguments)
        for call in _calls_around(index, function)
    )


def _closes_finally(index: FileIndex, call: Call, name: str) -> bool:
    if "finally" not in set(index.kinds(call.block)):
        return False
    if isinstance(call.callee, Name) and call.callee.ref in (f"{name}.close", f"{name}.remove", f"{name}.aclose"):
        return True
    return any(isinstance(argument.value, Name) and argument.value.ref == name for argument in call.arguments)


def _is_stored(index: FileIndex, function: int, name: str) -> bool:
    for assignment in index.assignments_by_function.get(function, []):
        stored = assignment.target is None or "." in assignment.target or assignment.target.startswith("@")
        if stored and isinstance(assignment.value, Name) and assignment.value.ref == name:
            return True
    return False


def _is_given_back(value: Value, name: str) -> bool:
    """The session itself, alone or among others; not something that it computed."""
    return any(isinstance(inner, Name) and inner.ref == name for inner in within(value))


def _mentions(value: Value, name: str) -> bool:
    names = (inner.ref for inner in within(value) if isinstance(inner, Name))
    return any(ref == name or ref.startswith(f"{name}.") for ref in names)


def _at_module_level(project: Project, sessions: Sessions) -> Iterator[Finding]:
    """One session for the whole process, used by worker code."""
    users: dict[tuple[str, str], list[Reached]] = {}
    for reached in project.reached.values():
        index = project.index(reached.function.path)
        for value in index.values(project.symbols.fact(reached.function)):
            if isinstance(value, Name) and value.ref[0] not in "%b":
                held = sessions.module_level(index.path, value.ref)
                if held is not None:
                    users.setdefault(held, []).append(reached)
    for (path, name), reaching in sorted(users.items(), key=lambda item: item[0]):
        index = project.index(path)
        definition = index.definitions[name][-1]
        yield check.finding(
            f"`{name}` is one session for the whole worker: concurrent tasks share its transaction, and after one "
            "failed flush all others fail; open a session in each task",
            Location(path, definition.span),
            f"session:{path}:{name}",
            withheld="a session at the top level of a module has no block to stand in: each task needs one of its own",
            related=tuple(Related(reached.location, f"used in `{reached.label}`") for reached in reaching),
        )
