"""CEL502: a handler in a loop that catches the soft time limit."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.handlers import SOFT_LIMIT, Handler
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.values import Known
from celery_lint.project.model import App, Reached, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.limits import Limit, limit_of, may_be_enforced
from celery_lint.remedy import ReraiseFirst
from celery_lint.rule import MEDIUM, WARNING, rule

# A `try` around nothing but these is over before a limit could hit it.
_QUICK = frozenset({
    "get", "append", "add", "pop", "update", "extend", "setdefault", "items", "keys", "values", "strip", "lstrip",
    "rstrip", "split", "lower", "upper", "replace", "join", "format", "startswith", "endswith", "encode", "decode",
    "isoformat", "strftime", "strptime", "fromisoformat", "loads", "dumps", "debug", "info", "warning", "error",
    "exception", "int", "float", "str", "len", "isinstance", "getattr", "dict", "bool", "print", "repr", "min", "max",
    "delay", "apply_async", "send_task",
})  # fmt: skip


@rule("CEL502", "soft-limit-swallowed", since="0.1", severity=WARNING, confidence=MEDIUM, fix="unsafe")
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """A broad `except` in a loop swallows SoftTimeLimitExceeded, so the task keeps running until SIGKILL."""
    task = reached.task
    # In a coroutine the limit arrives as CancelledError, which `except Exception` lets through; in a thread, never.
    if task is None or reached.in_loop or reached.is_async or reached.in_thread:
        return
    index = project.index(reached.function.path)
    tries = [each for each in index.below(reached.function.block) if index.block(each).kind == "try"]
    found = _soft_limit(task, project) if tries else None
    if found is None:
        return
    app, limit = found
    for handler in _swallowing(index, tries, project):
        yield check.finding(
            f"{_caught(handler)} in this loop catches SoftTimeLimitExceeded too: when the soft limit of "
            f"`{task.name}`{_seconds(limit)} hits in here, the loop goes on, {_end(task, app, project)}",
            handler.location,
            reached.entity,
            related=(*reached.path(), Related(limit.origin, "the soft limit")),
            remedy=ReraiseFirst(index.path, handler.span, "celery.exceptions:SoftTimeLimitExceeded"),
        )


def _swallowing(index: FileIndex, tries: list[int], project: Project) -> Iterator[Handler]:
    """The handlers of TRIES that catch a soft limit and let the loop around them go on."""
    for number in tries:
        if _is_quick(index, number) or not _goes_on(index, number, project):
            continue
        for handler in project.handlers.of(index, number):
            caught = handler.catches(SOFT_LIMIT)
            if caught and project.handlers.outcomes(index, handler.block) <= {"fall", "continue"}:
                yield handler
            if caught is not False:
                break


def _goes_on(index: FileIndex, number: int, project: Project) -> bool:
    """Whether block NUMBER stands in a loop that may come round again."""
    for around in index.up(index.block(number).parent):
        kind = index.block(around).kind
        if kind in ("for", "while"):
            return bool(project.handlers.outcomes(index, around) & {"fall", "continue"})
        if kind in ("function", "lambda", "except", "finally"):
            return False
    return False


def _is_quick(index: FileIndex, number: int) -> bool:
    calls = (call for each in index.below(number) for call in index.calls_in(each))
    return all(last_name(call.callee) in _QUICK for call in calls)


def _soft_limit(task: Task, project: Project) -> tuple[App | None, Limit] | None:
    """The soft limit that surely stops TASK."""
    if not may_be_enforced(task, "soft_time_limit", project):
        return None
    found = [(app, limit_of(task, app, "soft_time_limit", project)) for app in project.apps_of(task) or (None,)]
    limits = [(app, limit) for app, limit in found if isinstance(limit, Limit)]
    return limits[0] if limits and len(limits) == len(found) else None


def _caught(handler: Handler) -> str:
    return "the bare `except`" if handler.is_bare else "`except Exception`"


def _seconds(limit: Limit) -> str:
    return f" ({limit.seconds.value:g} s)" if isinstance(limit.seconds, Known) else ""


def _end(task: Task, app: App | None, project: Project) -> str:
    hard = limit_of(task, app, "time_limit", project)
    if isinstance(hard, Limit):
        return f"and the process is killed at the hard limit{_seconds(hard)}"
    return "and nothing else stops it" if hard is None else "until a hard limit, if there is one, kills the process"
