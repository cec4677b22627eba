"""Whether the arguments that are sent fit the function of a task."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from celery_lint.facts.model import Parameter
from celery_lint.project.code.settled import settled_entries, settled_items
from celery_lint.project.code.symbols import ClassRef, External
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.declaring import TASK_CLASSES
from celery_lint.project.tasks.passthrough import call_hands_on, passes_arguments_on

_SENDERS = ("delay", "apply_async", "signature", "s", "si", "subtask")


class Parameters(Struct, frozen=True):
    """The parameters that a message fills: those that a position can fill, those that only a name can, and whether
    `*args` and `**kwargs` take the rest."""

    plain: tuple[Parameter, ...]
    keyword_only: tuple[Parameter, ...]
    takes_any_position: bool
    takes_any_name: bool

    @property
    def names(self) -> frozenset[str]:
        """What an argument can be named."""
        return frozenset(item.name for item in (*self.plain, *self.keyword_only) if not item.positional_only)

    def excess(self, positional: int | None, named: Collection[str]) -> str | None:
        """What is too much in POSITIONAL arguments (None: it cannot be told how many) and NAMED ones, as `with …`;
        None when more arguments could still make it a right call."""
        if positional is not None and positional > len(self.plain) and not self.takes_any_position:
            return f"with {counted(positional)}, but it takes {len(self.plain) or 'none'}"
        strange = sorted(set(named) - self.names) if not self.takes_any_name else []
        if strange:
            return f"with `{strange[0]}`, which it does not take"
        twice = [item.name for item in self.plain[: positional or 0] if item.name in named and not item.positional_only]
        return f"with `{twice[0]}` twice, by position and by name" if twice else None

    def lack(self, positional: int, named: Collection[str]) -> str | None:
        """What is missing beside POSITIONAL arguments and NAMED ones, as `without …`; None when nothing is."""
        needed = [*self.plain[positional:], *self.keyword_only]
        lacking = [f"`{item.name}`" for item in needed if item.default is None and item.name not in named]
        return f"without {', '.join(lacking)}" if lacking else None


def parameters(task: Task, project: Project) -> Parameters | None:
    """The parameters of TASK that a message fills; None when something else may call its function, or send it."""
    if task.function is None or task.cls is not None or not _gets_what_is_sent(task, project):
        return None
    fact = project.symbols.fact(task.function)
    if project.index(task.function.path).class_of(fact) is not None:
        return None
    bind = task.option("bind")
    bound = project.evaluator.scalar(bind.value) if bind is not None else Known(False)
    if not isinstance(bound, Known):
        return None
    if not bound.value and fact.parameters[:1] and fact.parameters[0].name == "self":
        return None  # the missing `bind=True` is the mistake, not the calls
    filled = fact.parameters[1:] if bound.value else fact.parameters
    return Parameters(
        tuple(item for item in filled if not item.star and not item.keyword_only),
        tuple(item for item in filled if not item.star and item.keyword_only),
        any(item.star == "*" for item in fact.parameters),
        any(item.star == "**" for item in filled),
    )


def _gets_what_is_sent(task: Task, project: Project) -> bool:
    """Whether nothing between the caller and the function of TASK adds or takes away arguments."""
    if task.custom_decorator or task.options_open or task.base_is_unknown or sends_its_own_way(task, project):
        return False
    bases = (task.base, *(app.task_class for app in project.apps_of(task)))
    if any(project.overrides_call(base) and not _hands_on(base, project) for base in bases):
        return False
    return all(passes_arguments_on(decorator, project.symbols) for decorator in task.decorators_below)


def _hands_on(base: ClassRef | External | None, project: Project) -> bool:
    """Whether all that a base class does of its own is a `__call__` that gives its task what it gets."""
    if not isinstance(base, ClassRef) or _has_unknown_base(base, project):
        return False
    own = [project.symbols.method(base, name) for name in ("__new__", "run")]
    call = project.symbols.method(base, "__call__")
    return own == [None, None] and call is not None and call_hands_on(call, project.symbols)


def is_checked_by_caller(task: Task) -> bool:
    """Whether Celery compares the arguments of TASK where it is sent: it does not look behind a wrapper."""
    return not task.decorators_below and task.option("pydantic") is None


def sends_its_own_way(task: Task, project: Project) -> bool:
    """Whether a base class of TASK that the project defines changes what is sent: it may add or take away arguments."""
    bases = (task.base, task.cls, *(app.task_class for app in project.apps_of(task)))
    own = [base for base in bases if isinstance(base, ClassRef)]
    return any(project.symbols.method(base, name) is not None for base in own for name in _SENDERS)


def sends_as_celery(task: Task, project: Project) -> bool:
    """Whether nothing of what is known of TASK, and nothing unknown about it, can read the options of its messages."""
    if task.base_is_unknown or task.custom_decorator or sends_its_own_way(task, project):
        return False
    bases = (task.base, task.cls, *(app.task_class for app in project.apps_of(task)))
    return not any(_has_unknown_base(base, project) for base in bases)


def _has_unknown_base(base: ClassRef | External | None, project: Project) -> bool:
    """Whether a class comes of another package than Celery."""
    if base is None:
        return False
    every = project.symbols.lineage(base) if isinstance(base, ClassRef) else (base,)
    return any(isinstance(item, External) and item.name not in TASK_CLASSES | {"builtins.object"} for item in every)


def checks_arguments(task: Task, project: Project) -> bool:
    """Whether Celery is left to check the arguments of TASK: nobody says `typing=False`."""
    option = task.option("typing")
    if option is not None and project.evaluator.scalar(option.value) != Known(True):
        return False
    bases = (task.base, *(app.task_class for app in project.apps_of(task)))
    if any(isinstance(base, ClassRef) and project.symbols.attribute(base, "typing") is not None for base in bases):
        return False
    return all(app.call.argument(None, "strict_typing") is None for app in project.apps_of(task))


def misfit(task: Task, args: Placed | None, kwargs: Placed | None, project: Project) -> str | None:
    """Why TASK cannot be called with the list ARGS and the dict KWARGS, as `without …` or `with …`; None when it can,
    or when that cannot be told."""
    found = parameters(task, project)
    items = settled_items(args, project.evaluator) if args is not None else []
    named, is_open = settled_entries(kwargs, project.evaluator) if kwargs is not None else ({}, False)
    if found is None or items is None or is_open:
        return None
    return found.excess(len(items), named) or found.lack(len(items), named)


def counted(positional: int) -> str:
    """`2 arguments by position`"""
    return f"{positional} argument{'s' if positional != 1 else ''} by position"
