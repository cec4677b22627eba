"""CEL618: tasks that run in the web process after all."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import External
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import HIGH, WARNING, rule

_MENTIONS = Pattern(rb"\bBackgroundTasks?\b")
_CLASSES = frozenset(
    f"{module}.BackgroundTasks" for module in ("fastapi", "fastapi.background", "starlette.background")
)
_SINGLE = frozenset({"starlette.background.BackgroundTask", "fastapi.background.BackgroundTask"})


@rule("CEL618", "task-as-background-task", since="0.1", severity=WARNING, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A Celery task is handed to FastAPI's background tasks, and runs in the web process."""
    for path in project.files.mentioning(_MENTIONS):
        for call in project.index(path).facts.calls:
            if call.arguments and not call.arguments[0].star and _takes_function(path, call, project):
                task = project.task_calls.task_of(path, call.block, call.arguments[0].value)
                if task is not None:
                    yield _finding(path, call, task, project)


def _takes_function(path: str, call: Call, project: Project) -> bool:
    """`background_tasks.add_task(…)`, `BackgroundTask(…)`."""
    if project.symbols.external(path, call.callee) in _SINGLE:
        return True
    if last_name(call.callee) != "add_task" or not isinstance(call.callee, Name):
        return False
    owner = Name(call.callee.ref.rpartition(".")[0])
    made = project.symbols.type_of(path, call.block, owner)
    return isinstance(made, External) and made.name in _CLASSES


def _finding(path: str, call: Call, task: Task, project: Project) -> Finding:
    return check.finding(
        f"`{task.name}` runs in the web process here, after the response: no queue, no worker, no retry and no limit; "
        "a restart loses it. Send it with `.delay(…)`",
        Location(path, call.span),
        task.entity,
        related=(Related(task.location, "the task"),),
        remedy=_sending(path, call, project) if last_name(call.callee) == "add_task" else None,
    )


def _sending(path: str, call: Call, project: Project) -> EditCode | None:
    """`background.add_task(t, x)` becomes `t.delay(x)`."""
    source = project.source(path)
    first, *others = call.arguments
    task = source.text(first.span)
    gone = Span(first.span.start, others[0].span.start if others else first.span.end)
    if "\n" in task or first.keyword is not None or "#" in source.text(gone):
        return None
    callee = call.callee.span
    return EditCode(
        path,
        "Send it to a worker",
        (
            Replacement(callee, source.text(callee), f"{task}.delay"),
            Replacement(gone, source.text(gone), ""),
        ),
    )
