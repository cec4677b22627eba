"""Names that no task has: whether that is certain, and what was probably meant."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Class, Function
from celery_lint.finding import Location, Related
from celery_lint.project.code.nearest import nearest
from celery_lint.project.code.symbols import FunctionRef, Internal
from celery_lint.project.model import Task
from celery_lint.project.project import Project

# How alike a name outside the project's own packages has to be to one of its tasks to be a slip of the pen.
_SLIP = 0.87


class Missing(Struct, frozen=True):
    """A name that no task has. WHY is what stands where it points to; NEAREST is an existing name."""

    why: str
    nearest: str | None = None
    related: tuple[Related, ...] = ()

    @property
    def hint(self) -> str:
        """The nearest name, for the end of a sentence."""
        return f"; the nearest is `{self.nearest}`" if self.nearest is not None else ""


def tasks_named(name: str, project: Project) -> tuple[Task, ...]:
    """The tasks that have, or can have, the name NAME."""
    return tuple(task for task in project.tasks if name in task.names)


def missing(name: str, path: str, project: Project) -> Missing | None:
    """Why no task has the name NAME, written in the file PATH; None when one has it, or may have it."""
    if not project.tasks or project.tasks_open is not None or is_foreign(name, project) or tasks_named(name, project):
        return None
    known = {each for task in project.tasks for each in task.names}
    found = project.symbols.modules.find(path, name)
    if found is None or _is_area(found, project):
        close = nearest(name, known, _SLIP)
        return Missing("no task has that name", close, tuple(_places(close, project))) if close is not None else None
    return _inside(name, found[0], found[1], known, project)


def is_foreign(name: str, project: Project) -> bool:
    """Whether a task name is of Celery itself or is said to live elsewhere."""
    return name.startswith("celery.") or any(fnmatch.fnmatch(name, known) for known in project.options.external_tasks)


def _is_area(found: tuple[str, tuple[str, ...]], project: Project) -> bool:
    """Whether a name like `billing.charge` only looks like one of the package `billing`, which has no tasks itself."""
    path, rest = found
    return path.endswith("__init__.py") and len(rest) == 1 and all(task.location.path != path for task in project.tasks)


def defines_nothing(path: str, names: tuple[str, ...], project: Project) -> bool:
    """Whether the module PATH surely has nothing of that name: it can be read, and nothing adds to it unseen."""
    index = project.index(path)
    if index.facts.error is not None or b"__getattr__" in project.files.data(path):
        return False
    modules = project.symbols.modules
    if any((hit := modules.find(path, module)) is None or hit[1] for module in index.star_imports):
        return False
    target = project.symbols.target(path, "@" + ".".join(names))
    return target is None or (isinstance(target, Internal) and target.fact is None and bool(target.rest))


def _inside(name: str, path: str, rest: tuple[str, ...], known: set[str], project: Project) -> Missing | None:
    """A name that leads to the module PATH of the project and to REST in it."""
    close = nearest(name, known)
    if not rest:
        return Missing("that is a module, not a task", close, tuple(_places(close, project)))
    if defines_nothing(path, rest, project):
        if len(rest) > 1 and not path.endswith("__init__.py"):
            return None
        module = f"{name.removesuffix('.' + '.'.join(rest))}.{rest[0]}"
        why = f"there is no module `{module}`" if len(rest) > 1 else f"{path} has no `{rest[0]}`"
        return Missing(why, close, tuple(_places(close, project)))
    target = project.symbols.target(path, "@" + ".".join(rest))
    if not isinstance(target, Internal) or not isinstance(target.fact, Function) or target.rest:
        return None
    return _function(FunctionRef(target.path, target.fact.block), target.fact, close, project)


def _function(ref: FunctionRef, fact: Function, close: str | None, project: Project) -> Missing | None:
    place = Location(ref.path, fact.name_span)
    task = next((task for task in project.tasks if task.function == ref), None)
    if task is not None:
        return Missing(f"that task is named `{task.name}`", None, (Related(place, f"named `{task.name}`"),))
    if fact.decorators or isinstance(project.index(ref.path).class_of(fact), Class):
        return None
    why = f"`{fact.name}` in {ref.path} is a plain function, not a task"
    return Missing(why, close, (Related(place, "no task decorator"),))


def _places(name: str | None, project: Project) -> Iterator[Related]:
    for task in tasks_named(name, project) if name is not None else ():
        yield Related(task.location, f"task `{name}`")
