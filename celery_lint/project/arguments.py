"""Whether the arguments that are sent fit the function of a task."""

from __future__ import annotations

from celery_lint.facts.model import Items, Opaque, Parameter
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.values import Known, Placed


def misfit(task: Task, args: Placed | None, kwargs: Placed | None, project: Project) -> str | None:
    """Why TASK cannot be called with the list ARGS and the dict KWARGS, as `without …` or `with …`; None when it can,
    or when that cannot be told."""
    parameters = _parameters(task, project)
    positional = _count(args, project)
    named = _names(kwargs, project)
    if parameters is None or positional is None or named is None:
        return None
    plain = [item for item in parameters if not item.star and not item.keyword_only]
    stars = {item.star for item in parameters}
    if positional > len(plain) and "*" not in stars:
        return f"with {positional} arguments, but it takes {len(plain)}"
    known = {item.name for item in parameters if not item.star and not item.positional_only}
    strange = sorted(named - known) if "**" not in stars else []
    if strange:
        return f"with `{strange[0]}`, which it does not take"
    needed = [*plain[positional:], *(item for item in parameters if item.keyword_only)]
    lacking = [item.name for item in needed if item.default is None and not item.star and item.name not in named]
    return f"without {', '.join(f'`{name}`' for name in lacking)}" if lacking else None


def _parameters(task: Task, project: Project) -> tuple[Parameter, ...] | None:
    """The parameters that a message fills; None when something else may call the function."""
    if task.function is None or task.cls is not None or not project.is_called_by_celery(task):
        return None
    fact = project.symbols.fact(task.function)
    if project.index(task.function.path).class_of(fact) is not None:
        return None
    bind = task.option("bind")
    bound = project.evaluator.scalar(bind.value) if bind is not None else Known(False)
    if not isinstance(bound, Known):
        return None
    return fact.parameters[1:] if bound.value else fact.parameters


def _count(args: Placed | None, project: Project) -> int | None:
    if args is None:
        return 0
    followed = project.evaluator.follow(args)
    if not isinstance(followed.value, Items) or any(isinstance(item, Opaque) for item in followed.value.items):
        return None
    return len(followed.value.items)


def _names(kwargs: Placed | None, project: Project) -> set[str] | None:
    if kwargs is None:
        return set()
    keys = [key for key, _, _ in project.evaluator.entries(kwargs)]
    names = {key.value for key in keys if isinstance(key, Known)}
    return names if len(names) == len(keys) else None
