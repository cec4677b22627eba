"""CEL706: `add_periodic_task` with something that beat cannot send, and tasks sent while beat is being set up."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Literal, Name, Value
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.code.values import Placed
from celery_lint.project.model import ScheduleEntry
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, rule

_HOOKS = Pattern(rb"on_after_(?:configure|finalize)\b")
_STOPS = "this raises an AttributeError that Celery swallows, and no periodic task after it is added"
_SIGN = "Schedule the task"


@rule("CEL706", "periodic-task-not-a-signature", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """`add_periodic_task` gets something that is no signature, or its hook sends a task itself."""
    for entry in project.schedule:
        if entry.is_call and entry.body is not None:
            yield from _signature(entry, entry.body, project)
    yield from _sent_by_hooks(project)


def _signature(entry: ScheduleEntry, body: Placed, project: Project) -> Iterator[Finding]:
    given = entry.fields.get("sig")
    if given is None:
        if "signature" in entry.fields and not entry.open:
            yield _finding(entry, body, "`add_periodic_task` has no `signature`: this raises a TypeError; it is `sig`")
        return
    value = project.evaluator.follow(given)
    if isinstance(value.value, Literal):
        yield _finding(entry, given, f"a string or number is no signature: {_STOPS}; give it `task.s()`")
    elif isinstance(value.value, Call):
        yield from _called(entry, given, value.value, project)
    else:
        yield from _function(entry, given, project)


def _called(entry: ScheduleEntry, given: Placed, call: Call, project: Project) -> Iterator[Finding]:
    """`add_periodic_task(10, add.delay())`, `add_periodic_task(10, add())`."""
    if given.value is not call:
        return
    sent = next((each for each in project.calls if each.call is call and each.sends), None)
    if sent is not None:
        message = f"this sends `{sent.task.name}` once, now, and leaves nothing to schedule: {_STOPS}"
        yield _finding(entry, given, message, _signing(sent))
        return
    task = project.task_calls.task_of(given.path, call.block, call.callee) if isinstance(call.callee, Name) else None
    if task is not None:
        end = call.callee.span.end
        remedy = EditCode(given.path, _SIGN, (Replacement(Span(end, end), "", ".s"),))
        message = f"this runs `{task.name}` here and now and schedules what it returns: {_STOPS}"
        yield _finding(entry, given, message, remedy)
        return
    function = project.symbols.function(given.path, call.block, call.callee)
    if function is not None and _returns_nothing(function, project):
        name = project.symbols.fact(function).name
        yield _finding(entry, given, f"this runs `{name}` here and now and schedules the None it returns: {_STOPS}")


def _returns_nothing(function: FunctionRef, project: Project) -> bool:
    fact = project.symbols.fact(function)
    returns = project.symbols.index(function).returns(fact)
    is_plain = not (fact.decorators or fact.is_generator or fact.is_async)
    return is_plain and all(item.value is None for item in returns)


def _signing(sent: TaskCall) -> EditCode | None:
    """`add.delay(1)` becomes `add.s(1)`."""
    new = {"delay": "s", "apply_async": "signature"}.get(sent.method)
    if new is None or sent.by_name:
        return None
    end = sent.call.callee.span.end
    return EditCode(sent.path, _SIGN, (Replacement(Span(end - len(sent.method), end), sent.method, new),))


def _function(entry: ScheduleEntry, given: Placed, project: Project) -> Iterator[Finding]:
    """A plain function. A task itself will do: Celery makes a signature of it."""
    if not isinstance(given.value, Name) or project.task_calls.task_of(given.path, given.block, given.value):
        return
    owner, _, method = given.value.ref.rpartition(".")
    if method in ("delay", "apply_async", "s", "si") and owner.strip("@%*."):
        task = project.task_calls.task_of(given.path, given.block, Name(owner, given.value.span))
        if task is not None:
            message = f"`{method}` of `{task.name}` is a method and no signature: {_STOPS}; give it `.s()`"
            yield _finding(entry, given, message)
        return
    function = project.symbols.function(given.path, given.block, given.value)
    if function is None or function in project.task_functions:
        return
    fact = project.symbols.fact(function)
    if fact.decorators:
        return
    yield _finding(
        entry,
        given,
        f"`{fact.name}` is a plain function and no task: {_STOPS}",
        related=(Related(Location(function.path, fact.name_span), "no task decorator"),),
    )


def _finding(
    entry: ScheduleEntry,
    place: Placed,
    message: str,
    remedy: EditCode | None = None,
    related: tuple[Related, ...] = (),
) -> Finding:
    return check.finding(message, Location(place.path, place.span), entry.entity, related=related, remedy=remedy)


def _sent_by_hooks(project: Project) -> Iterator[Finding]:
    """Tasks that a handler of `on_after_configure` sends: every process that loads the application runs it."""
    hooks = frozenset(_hooks(project))
    given = {entry.fields["sig"].span for entry in project.schedule if entry.is_call and "sig" in entry.fields}
    for call in project.calls if hooks else ():
        if call.sends and call.function in hooks and call.call.span not in given:
            yield check.finding(
                f"this sends `{call.task.name}` whenever a process sets up its application, each worker, beat and web "
                "process once; schedule it with `add_periodic_task`",
                call.location,
                call.task.entity,
            )


def _hooks(project: Project) -> Iterator[FunctionRef]:
    for path in project.files.mentioning(_HOOKS):
        index = project.index(path)
        for function in index.facts.functions:
            if any(_connects(decorator) for decorator in function.decorators):
                yield FunctionRef(path, function.block)
        for call in index.facts.calls:
            connected = call.arguments[0].value if call.arguments and _connects(call.callee) else None
            function_ref = project.symbols.function(path, call.block, connected) if connected is not None else None
            if function_ref is not None:
                yield function_ref


def _connects(value: Value) -> bool:
    """`app.on_after_configure.connect`, or a call of it."""
    if isinstance(value, Call):
        value = value.callee
    return isinstance(value, Name) and value.ref.endswith((".on_after_configure.connect", ".on_after_finalize.connect"))
