"""CEL403: `bind=True` and `self` disagree."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Function, Name
from celery_lint.finding import Finding, Location
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.values import Known
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.remedy import BindTask
from celery_lint.rule import ERROR, HIGH, INFO, rule

_TASK_ATTRIBUTES = frozenset(
    {"request", "retry", "update_state", "name", "app", "backend", "max_retries", "apply_async", "AsyncResult"}
)


@rule("CEL403", "bind-self-mismatch", since="0.1", severity=ERROR, confidence=HIGH, fix="safe")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """`bind=True` and the `self` parameter disagree."""
    if task.function is None or task.cls is not None or task.options_open or _something_else_binds(task, project):
        return
    fact, index = project.symbols.fact(task.function), project.index(task.function.path)
    bind = task.option("bind")
    bound = project.evaluator.scalar(bind.value) if bind is not None else Known(False)
    if not isinstance(bound, Known):
        return
    problem = _unbound(task, fact, index) if not bound.value else _bound(task, fact, index, project)
    if problem is not None:
        yield problem


def _something_else_binds(task: Task, project: Project) -> bool:
    """The project's own decorator, a decorator below, or a base class that calls tasks in its own way."""
    if task.custom_decorator or task.decorators_below or task.base_is_unknown:
        return True
    index = project.index(task.location.path)
    if task.function is not None and index.class_of(project.symbols.fact(task.function)) is not None:
        return True
    return any(project.overrides_call(base) for base in (task.base, *(app.task_class for app in project.apps_of(task))))


def _unbound(task: Task, fact: Function, index: FileIndex) -> Finding | None:
    first = _first_parameter(fact)
    if first == "self":
        return check.finding(
            f"task `{task.name}` has a `self` parameter and no `bind=True`: its first argument lands in `self`, and "
            "`.delay()` with the right arguments raises TypeError",
            _at_decorator(task),
            task.entity,
            remedy=_remedy(task) if _mentions_self(fact, index, _TASK_ATTRIBUTES) else None,
            withheld=None
            if _mentions_self(fact, index, _TASK_ATTRIBUTES)
            else "nothing shows that `self` is meant to be the task",
        )
    if _uses_self(fact, index):
        return check.finding(
            f"task `{task.name}` uses `self`, but has no such parameter and no `bind=True`: every run raises NameError",
            task.location,
            task.entity,
        )
    return None


def _remedy(task: Task) -> BindTask | None:
    decorator = task.decorator
    return BindTask(decorator.path, decorator.span) if decorator is not None and task.option("bind") is None else None


def _at_decorator(task: Task) -> Location:
    decorator = task.decorator
    return Location(decorator.path, decorator.span) if decorator is not None else task.location


def _bound(task: Task, fact: Function, index: FileIndex, project: Project) -> Finding | None:
    if _first_parameter(fact) is None and not any(item.star == "*" for item in fact.parameters):
        return check.finding(
            f"task `{task.name}` is bound (`bind=True`) and takes no parameter: Celery passes the task itself, so "
            "every run raises TypeError; add `self`",
            task.location,
            task.entity,
        )
    unused = project.options.unused_bind and _first_parameter(fact) == "self" and not _mentions_self(fact, index, None)
    if not unused:
        return None
    return check.finding(
        f"task `{task.name}` is bound and never uses `self`: drop `bind=True` and the parameter",
        _at_decorator(task),
        task.entity,
        severity=INFO,
    )


def _first_parameter(fact: Function) -> str | None:
    return next((item.name for item in fact.parameters if not item.star and not item.keyword_only), None)


def _uses_self(fact: Function, index: FileIndex) -> bool:
    """Whether the body uses a `self` that nothing binds, the way a bound task does."""
    for call in index.calls(fact):
        if isinstance(call.callee, Name) and _is_task_attribute(call.callee.ref, ("builtins.self.", "*self.")):
            return True
    return False


def _is_task_attribute(ref: str, prefixes: tuple[str, ...]) -> bool:
    return any(
        ref.startswith(prefix) and ref[len(prefix) :].partition(".")[0] in _TASK_ATTRIBUTES for prefix in prefixes
    )


def _mentions_self(fact: Function, index: FileIndex, attributes: frozenset[str] | None) -> bool:
    """Whether the body uses `self`, or one of its ATTRIBUTES."""
    refs = (v.ref for f in (fact, *index.inside(fact)) for v in index.values(f) if isinstance(v, Name))
    if attributes is not None:
        return any(_is_task_attribute(ref, ("%self.",)) for ref in refs)
    return any(ref == "%self" or ref.startswith("%self.") for ref in refs)
