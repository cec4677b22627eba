"""CEL610: tasks that are sent and that nobody has."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.calls.sent import BY_NAME, sent_name
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.nearest import nearest
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.symbols import Internal
from celery_lint.project.project import Project
from celery_lint.project.tasks.missing import defines_nothing, missing
from celery_lint.rule import ERROR, HIGH, WARNING, rule

_SENDS = Pattern(rb"\b(?:send_task|signature|subtask)\s*\(|\.\s*(?:delay|apply_async)(?:_on_commit)?\s*\(")
_METHODS = frozenset({"delay", "apply_async", "delay_on_commit", "apply_async_on_commit"})
_SIGNATURES = frozenset({"celery.signature", "celery.canvas.signature", "celery.subtask", "celery.canvas.subtask"})
_APPS = frozenset({"app", "celery", "celery_app", "current_app"})


@rule("CEL610", "unknown-task-name", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A task is sent by a name that no task has."""
    if not project.tasks:
        return
    for path in project.files.mentioning(_SENDS):
        for call in project.index(path).calls_named(*BY_NAME, *_METHODS):
            yield from _by_name(path, call, project)
            yield from _imported(path, call, project)


def _by_name(path: str, call: Call, project: Project) -> Iterator[Finding]:
    argument = call.argument(0, "name")
    name = sent_name(path, call, project.evaluator)
    if name is None or argument is None or not _names_a_task(path, call, project):
        return
    absent = missing(name, path, project)
    if absent is None:
        return
    yield check.finding(
        f"`{name}` is sent, but no task is called that: {absent.why}{absent.hint}. Workers throw the message away as "
        "unregistered",
        Location(path, argument.value.span),
        f"task:{name}",
        related=absent.related,
    )


def _names_a_task(path: str, call: Call, project: Project) -> bool:
    """`app.send_task("x")`, `signature("x")`; `inspect.signature` and a task's own `signature` name none."""
    if last_name(call.callee) == "send_task":
        return True
    if not isinstance(call.callee, Name):
        return False
    owner = call.callee.ref.rpartition(".")[0].rpartition(".")[2].lstrip("@%")
    return project.symbols.external(path, call.callee) in _SIGNATURES or owner in _APPS


def _imported(path: str, call: Call, project: Project) -> Iterator[Finding]:
    """`from proj.tasks import gone` and `gone.delay()`."""
    if not isinstance(call.callee, Name) or last_name(call.callee) not in _METHODS:
        return
    owner = call.callee.ref.rpartition(".")[0]
    if not owner or owner.startswith(("@", "%", "*", "builtins.")):
        return
    target = project.symbols.target(path, owner)
    if not isinstance(target, Internal) or target.fact is not None or len(target.rest) != 1 or target.path == path:
        return
    inside = {task.name: task for task in project.tasks if task.location.path == target.path}
    if not inside or not defines_nothing(target.path, target.rest, project):
        return
    close = nearest(f"{next(iter(inside)).rpartition('.')[0]}.{target.rest[0]}", inside)
    hint = f"; the nearest task is `{close}`" if close is not None else ""
    yield check.finding(
        f"`{target.rest[0]}` is sent, but {target.path} defines nothing of that name: this fails before anything is "
        f"sent{hint}",
        Location(path, call.span),
        f"task:{owner}",
        severity=ERROR,
        related=(Related(inside[close].location, f"task `{close}`"),) if close is not None else (),
    )
