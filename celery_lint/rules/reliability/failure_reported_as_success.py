"""CEL513: a task that fails as if it had succeeded."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call
from celery_lint.finding import Finding
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.handlers import Handler, parts_of_try
from celery_lint.project.code.index import FileIndex
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given
from celery_lint.project.tasks.retrying import autoretries
from celery_lint.rule import INFO, MEDIUM, rule

# What a handler may do without telling anybody who looks at tasks: write a log line, tidy up, build a message.
_QUIET = frozenset({
    "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "str", "repr", "format",
    "join", "format_exc", "print_exc", "isoformat", "now", "utcnow", "time", "len", "type", "getattr", "dict",
    "rollback", "close", "getLogger", "get_logger", "get_task_logger", "bind", "get", "strftime", "round", "int",
})  # fmt: skip


@rule(
    "CEL513", "failure-reported-as-success", since="0.1", severity=INFO, confidence=MEDIUM, preset="strict"
)  # fmt: skip
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A task that catches everything and returns: state SUCCESS, no retry, no alert."""
    if task.function is None:
        return
    index, block = project.index(task.function.path), task.function.block
    handler = _quiet_handler(index, block, project)
    if handler is None:
        return
    retries = isinstance(autoretries(task, project), Given)
    yield check.finding(
        f"`{task.name}` catches whatever goes wrong and ends as if nothing had: its state is SUCCESS, "
        + ("`autoretry_for` never sees the error" if retries else "nothing retries it")
        + ", and no alert on failed tasks goes off; raise once it is logged",
        handler.location,
        task.entity,
    )


def _quiet_handler(index: FileIndex, block: int, project: Project) -> Handler | None:
    """The handler around the whole body BLOCK that catches everything and tells only the log."""
    tries = [each for each in index.blocks_in(block) if index.block(each).kind == "try"]
    if len(tries) != 1 or not _is_most(index, block, tries[0]):
        return None
    for handler in project.handlers.of(index, tries[0]):
        if not handler.is_broad:
            continue
        ends = project.handlers.outcomes(index, handler.block)
        return handler if ends <= {"return", "fall"} and _is_quiet(index, handler) else None
    return None


def _is_most(index: FileIndex, block: int, number: int) -> bool:
    """Whether the function BLOCK does most of its work in the `try` NUMBER."""
    inside = {each for part in parts_of_try(index, number) for each in index.below(part)}
    outside = [call for each in index.below(block) if each not in inside for call in index.calls_in(each)]
    tried = [call for each in index.below(number) for call in index.calls_in(each)]
    return bool(tried) and len(tried) >= sum(1 for call in outside if not _tells_nobody(call))


def _is_quiet(index: FileIndex, handler: Handler) -> bool:
    calls = (call for each in index.below(handler.block) for call in index.calls_in(each))
    return all(_tells_nobody(call) for call in calls)


def _tells_nobody(call: Call) -> bool:
    name = last_name(call.callee) or ""
    return name in _QUIET or name.startswith("log")
