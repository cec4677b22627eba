"""CEL404: decorators above the task decorator."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Placed
from celery_lint.project.code.wrappers import Replacing, replacing
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import MEDIUM, WARNING, rule


@rule("CEL404", "task-decorator-not-outermost", since="0.1", severity=WARNING, confidence=MEDIUM, fix="unsafe")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A decorator above the task decorator wraps the task, not its function: workers run the function without it."""
    above = _above(task, project)
    for placed in above:
        outer = replacing(placed, project)
        if outer is None or _is_allowed(outer, project):
            continue
        remedy = _remedy(task, outer, above, project)
        yield check.finding(
            f"`@{outer.name.rpartition('.')[2]}` stands above the decorator that makes `{task.name}` a task: workers "
            "run the function without it, and the name has no `.delay`; put the task decorator on top",
            Location(placed.path, placed.span),
            task.entity,
            remedy=remedy,
            withheld=None if remedy is not None else "the wrapper does not keep the name of the function",
        )
        return


def _above(task: Task, project: Project) -> list[Placed]:
    """The decorators above the one that makes the task."""
    if task.function is None or task.decorator is None or task.decorator.path != task.function.path:
        return []
    fact = project.symbols.fact(task.function)
    found: list[Placed] = []
    for decorator in fact.decorators:
        if decorator.span == task.decorator.span:
            return found
        found.append(Placed(task.function.path, fact.outer, decorator))
    return []


def _is_allowed(outer: Replacing, project: Project) -> bool:
    """Whether the configuration says that it takes tasks on purpose."""
    names = {outer.name}
    if outer.ref is not None:
        modules = project.roots.names_of(outer.ref.path)
        names.update(f"{module}.{outer.name}" for module in modules)
    return any(fnmatch.fnmatch(name, pattern) for name in names for pattern in project.options.task_wrappers)


def _remedy(task: Task, outer: Replacing, above: list[Placed], project: Project) -> EditCode | None:
    """The task decorator goes on top, the others one down each."""
    assert task.decorator is not None
    if not outer.wraps and not task.explicit_name:
        return None
    spans = [*(placed.span for placed in above), task.decorator.span]
    data = project.files.data(task.decorator.path)
    texts = [data[span.start : span.end].decode("utf-8", "replace") for span in spans]
    moved = [texts[-1], *texts[:-1]]
    replacements = tuple(Replacement(span, old, new) for span, old, new in zip(spans, texts, moved, strict=True))
    return EditCode(task.decorator.path, "Put the task decorator on top", replacements)
