"""Tasks that the project only ever calls like functions."""

from __future__ import annotations

from celery_lint.project.model import Task
from celery_lint.project.project import Project


def is_sent(task: Task, project: Project) -> bool:
    """Whether code or a schedule of the project sends TASK, signs it or runs it as a task."""
    names = set(task.names)
    if project.calls_of(task) or not names.isdisjoint(project.all_sent_names):
        return True
    return any(entry.task in names for entry in project.schedule)


def is_only_called(task: Task, project: Project) -> bool:
    """Whether code of the project calls TASK like a function, and nothing sends it."""
    if task.function is None or is_sent(task, project):
        return False
    name = project.symbols.fact(task.function).name
    return any(
        project.symbols.function(path, call.block, call.callee) == task.function
        for path in project.files.holding(name)
        for call in project.index(path).calls_named(name)
    )
