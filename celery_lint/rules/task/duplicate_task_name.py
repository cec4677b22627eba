"""CEL405: tasks that share one name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, rule

# Definitions in these are alternatives of each other.
_BRANCHES = frozenset({"if", "else", "try", "except", "case"})


@rule("CEL405", "duplicate-task-name", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Two tasks share one name."""
    by_name: dict[tuple[str, ...], list[Task]] = defaultdict(list)
    for task in project.tasks:
        if task.names and not _is_alternative(task, project):
            by_name[task.names].append(task)
    for tasks in by_name.values():
        last = tasks[-1]
        others = [task for task in tasks[:-1] if _meet(task, last, project)]
        if others:
            yield _finding(last.name, last, others)


def _is_alternative(task: Task, project: Project) -> bool:
    """Whether a task is defined in a branch, or once for each call of a function around it."""
    index = project.index(task.location.path)
    function = index.functions_by_block.get(task.function.block) if task.function is not None else None
    if function is None:
        return False
    return index.function_at(function.outer) is not None or bool(_BRANCHES & set(index.kinds(function.outer)))


def _meet(one: Task, other: Task, project: Project) -> bool:
    """Whether a worker imports both tasks."""
    if one.location.path == other.location.path:
        return one.app is other.app
    if len(one.names) > 1:
        return False  # from which folder the worker imports is not certain, so neither is the name
    common = [app for app in project.apps_of(one) if app in project.apps_of(other)]
    imports = [project.registration.imported(app).paths for app in common]
    return any(one.location.path in paths and other.location.path in paths for paths in imports)


def _finding(name: str, task: Task, others: list[Task]) -> Finding:
    places = ", ".join(dict.fromkeys(other.location.path for other in others))
    where = "above" if places == task.location.path else f"in {places}"
    return check.finding(
        f"this task and the one {where} are both called `{name}`: only one of them is registered, and which one is "
        "left to chance; give each a name of its own",
        task.location,
        task.entity,
        related=tuple(Related(other.location, f"`{name}` too") for other in others),
    )
