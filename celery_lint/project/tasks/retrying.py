"""LINK: whether a task retries at all, in any of the ways there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from celery_lint.facts.model import Call, Items, Name, Value
from celery_lint.finding import Span
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import ClassRef, FunctionRef
from celery_lint.project.code.values import Known, Placed, Unknown
from celery_lint.project.model import Option, Reached, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, is_own, option_of
from celery_lint.project.tasks.retries import Held, given_to

_RETRY = frozenset({"celery.exceptions.Retry", "celery.exceptions.RetryTaskError"})
BACKOFF = ("retry_backoff", "retry_backoff_max", "retry_jitter")
DEFAULT_RETRIES = 3
DEFAULT_DELAY = 180
# These look at the task and give it to nobody.
_HARMLESS = frozenset({
    "builtins.isinstance", "builtins.super", "builtins.str", "builtins.repr", "builtins.id", "builtins.print",
    "builtins.type", "builtins.hasattr", "builtins.getattr",
})  # fmt: skip
# Decorators of other packages that run a function again by themselves.
_OWN_RETRIES = ("tenacity.", "backoff.", "retrying.", "retry.", "stamina.")


def autoretries(task: Task, project: Project) -> Given | Unknown | None:
    """The `autoretry_for` that holds for TASK; None when it surely has none (or an empty one)."""
    found = option_of(task, "autoretry_for", project)
    return None if isinstance(found, Given) and is_empty(found, project) else found


def is_empty(given: Given, project: Project) -> bool:
    """Whether an option is given nothing: `()`, `None`, `False`, 0."""
    value = project.evaluator.follow(given.value).value
    if isinstance(value, Items):
        return not value.items
    known = project.evaluator.scalar(given.value)
    return isinstance(known, Known) and not known.value


def idle_backoff(task: Task, project: Project) -> tuple[str, ...]:
    """The options of TASK that only count for `autoretry_for`, which it has not: `retry_backoff` and its kin."""
    if autoretries(task, project) is not None:
        return ()
    given = ((name, task.option(name)) for name in BACKOFF if is_own(task, name))
    found = [name for name, option in given if option is not None and not _is_off(option, project)]
    return () if any(reads(task, name, project) for name in found) else tuple(found)


def _is_off(option: Option, project: Project) -> bool:
    known = project.evaluator.scalar(option.value)
    return isinstance(known, Known) and not known.value


def most_retries(task: Task, project: Project) -> int | None:
    """How often TASK is retried at most: `retry_kwargs` beat `max_retries`; None when that is not known, or without
    an end."""
    kwargs = retry_kwargs(task, project)
    if kwargs is None:
        return None
    if "max_retries" in kwargs:
        known = project.evaluator.scalar(kwargs["max_retries"])
    else:
        given = option_of(task, "max_retries", project)
        if given is None:
            return DEFAULT_RETRIES
        known = project.evaluator.scalar(given.value) if isinstance(given, Given) else given
    return known.value if isinstance(known, Known) and isinstance(known.value, int) else None


def retry_kwargs(task: Task, project: Project) -> Mapping[str, Placed] | None:
    """What automatic retries of TASK give `retry()`; None when it cannot all be seen."""
    given = option_of(task, "retry_kwargs", project)
    if given is None:
        return {}
    if isinstance(given, Unknown):
        return None
    found: dict[str, Placed] = {}
    for key, _, value in project.evaluator.entries(given.value):
        if isinstance(key, Unknown):
            return None
        found[key.value] = value
    return found


def may_wait_by_default(task: Task, project: Project) -> bool:
    """Whether a retry of TASK may wait for its `default_retry_delay`: something retries it, and not each time with a
    delay of its own."""
    calls = [retry.call for retry in project.retry_calls if retry.task is task]
    automatic = autoretries(task, project) is not None
    if any(not gives_delay(call) for call in calls) or (automatic and not _sets_delays(task, project)):
        return True
    return not calls and not automatic and may_retry(task, project)


def may_back_off(task: Task, project: Project) -> bool:
    """Whether automatic retries of TASK may wait longer each time."""
    backoff = option_of(task, "retry_backoff", project)
    is_off = backoff is None or (isinstance(backoff, Given) and is_empty(backoff, project))
    return not is_off and autoretries(task, project) is not None


def gives_delay(call: Call) -> bool:
    """Whether CALL, of `retry`, says or may say when to retry."""
    return call.is_open or any(call.argument(None, name) for name in ("countdown", "eta"))


def _sets_delays(task: Task, project: Project) -> bool:
    """Whether automatic retries of TASK wait for something else than its `default_retry_delay`."""
    kwargs = retry_kwargs(task, project)
    return may_back_off(task, project) or kwargs is None or "countdown" in kwargs


def may_retry(task: Task, project: Project) -> bool:
    """Whether TASK retries, or may retry, in any way: false only when it surely never does."""
    if task.function is None or autoretries(task, project) is not None or _retries_when_lost(task, project):
        return True
    if any(item.task is task for item in project.retry_calls) or _may_be_wrapped(task, project):
        return True
    return any(_may_retry_in(function, project) for function in code_of(task, project)) or _escapes(task, project)


def code_of(task: Task, project: Project) -> Iterator[FunctionRef]:
    """All functions that a run of TASK goes through: its own, those it reaches, those of its base, signal handlers."""
    if task.function is not None:
        yield from project.reach.explored_from(task.function)
    for base in (task.cls, task.base, *(app.task_class for app in project.apps_of(task))):
        for item in project.symbols.lineage(base) if isinstance(base, ClassRef) else ():
            if isinstance(item, ClassRef):
                yield from _methods(item, project)
    yield from (reached.function for reached in project.reached.values() if _is_signal(reached))


def reads(task: Task, name: str, project: Project) -> bool:
    """Whether code that TASK runs, or that stands in its file, reads the attribute NAME of something."""
    functions = dict.fromkeys(chain(_functions_of(task.location.path, project), code_of(task, project)))
    # Most files do not hold the name: there is no need to look at all that their functions read.
    holds = {path: project.files.holds(path, name) for path in {function.path for function in functions}}
    return any(_reads(function, name, project) for function in functions if holds[function.path])


def _functions_of(path: str, project: Project) -> Iterator[FunctionRef]:
    yield from (FunctionRef(path, function.block) for function in project.index(path).facts.functions)


def _reads(function: FunctionRef, name: str, project: Project) -> bool:
    return name in project.symbols.index(function).attributes_read(project.symbols.fact(function))


def _methods(ref: ClassRef, project: Project) -> Iterator[FunctionRef]:
    index = project.index(ref.path)
    for function in index.facts.functions:
        if ref.block in index.up(function.outer):
            yield FunctionRef(ref.path, function.block)


def _is_signal(reached: Reached) -> bool:
    return reached.task is None


def _retries_when_lost(task: Task, project: Project) -> bool:
    """Whether Celery itself may retry the task when its worker dies (5.7)."""
    if option_of(task, "retry_on_worker_lost", project) is not None:
        return True
    return any(project.may_set(app, "task_retry_on_worker_lost") for app in project.apps_of(task))


def _may_be_wrapped(task: Task, project: Project) -> bool:
    """Whether a decorator that cannot be seen, or the project's own task decorator, may retry."""
    for placed in task.decorators_below:
        callee = placed.value.callee if isinstance(placed.value, Call) else placed.value
        if project.symbols.function(placed.path, placed.block, callee) is not None:
            continue
        name = project.symbols.external(placed.path, callee)
        if name is None or ("retr" in name and not name.startswith(_OWN_RETRIES)):
            return True
    return task.custom_decorator and _decorator_retries(task, project)


def _decorator_retries(task: Task, project: Project) -> bool:
    decorator = task.decorator
    if decorator is None:
        return True
    callee = decorator.value.callee if isinstance(decorator.value, Call) else decorator.value
    function = project.symbols.function(decorator.path, decorator.block, callee)
    if function is None:
        return True
    return "retry" in project.source(function.path).text(project.symbols.fact(function).span)


def _may_retry_in(function: FunctionRef, project: Project) -> bool:
    """Whether FUNCTION calls or passes on the `.retry` of anything, or raises Retry by hand."""
    if project.files.holds(function.path, "retry") and _reads(function, "retry", project):
        return True
    index, fact = project.symbols.index(function), project.symbols.fact(function)
    return any(_raises_retry(item.value, index, project) for item in index.raises(fact))


def _raises_retry(value: Value | None, index: FileIndex, project: Project) -> bool:
    named = value.callee if isinstance(value, Call) else value
    return named is not None and project.symbols.external(index.path, named) in _RETRY


def _escapes(task: Task, project: Project) -> bool:
    """Whether the running task is given to something that cannot be followed, which may retry it."""
    return any(held.task is task and _lets_go(held, project) for held in project.task_holders)


def _lets_go(held: Held, project: Project) -> bool:
    if held.name is None:
        return False
    index, fact = project.symbols.index(held.function), project.symbols.fact(held.function)
    followed: set[Span] = {value.span for _, _, value in given_to(held, project)}
    for function in (fact, *index.inside(fact)):
        for call in index.calls(function):
            if project.symbols.external(index.path, call.callee) in _HARMLESS:
                followed |= {argument.value.span for argument in call.arguments}
        for value in index.values(function):
            if isinstance(value, Name) and value.ref == held.name and value.span not in followed:
                return True
    return False
