"""CEL514: an exception that is lost on its way to the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from celery_lint.facts.model import Call
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.escapes import leaves_task
from celery_lint.project.code.pickling import Broken, unpicklable
from celery_lint.project.code.settled import settled
from celery_lint.project.code.symbols import ClassRef, FunctionRef
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Reached, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, may_keep_results, option_of
from celery_lint.rule import MEDIUM, WARNING, rule


class _Raised(Struct, frozen=True):
    """An exception of the class CLS that code in BLOCK raises."""

    cls: ClassRef
    block: int
    location: Location


@rule("CEL514", "unpicklable-exception", since="0.1", severity=WARNING, confidence=MEDIUM)
def check(project: Project) -> Iterator[Finding]:
    """A custom exception that cannot be unpickled: who waits for the result gets another one."""
    raised: dict[ClassRef, list[tuple[Reached, Location]]] = {}
    broken = cache(lambda cls: unpicklable(cls, project.symbols))
    retries: dict[FunctionRef, list[Call]] = defaultdict(list)
    for retry in project.retry_calls:
        retries[retry.function].append(retry.call)
    for reached in project.reached.values():
        if reached.task is None:
            continue
        lost = [each for each in _raised(reached, retries.get(reached.function, []), project) if broken(each.cls)]
        leaving = [each for each in lost if leaves_task(each.cls, reached, each.block, project.handlers)]
        if leaving and _may_keep_result(reached.task, project):
            for each in leaving:
                raised.setdefault(each.cls, []).append((reached, each.location))
    for cls, places in raised.items():
        why = broken(cls)
        if why is not None:
            yield _finding(cls, why, places, project)


def _finding(cls: ClassRef, broken: Broken, places: list[tuple[Reached, Location]], project: Project) -> Finding:
    name = project.symbols.class_fact(cls).name
    reached, place = places[0]
    return check.finding(
        f"`{name}.__init__` {_takes(broken)} to `{broken.base}.__init__`, so pickle cannot rebuild it: "
        f"whoever waits for a task that raises it gets another exception, and `except {name}` does not match",
        Location(broken.init.path, project.symbols.fact(broken.init).name_span),
        f"class:{cls.path}:{name}",
        related=(*reached.path(), Related(place, f"raised by {reached.root_label}")),
    )


def _takes(broken: Broken) -> str:
    if broken.reads is not None:
        return f"reads `{broken.reads}` and gives a string"
    if broken.keyword is not None:
        return f"needs `{broken.keyword}` by name and gives {broken.given}"
    return f"takes {broken.needed} argument{'s' if broken.needed != 1 else ''} and gives {broken.given}"


def _may_keep_result(task: Task, project: Project) -> bool:
    """Whether anybody may ask what became of TASK."""
    ignored = option_of(task, "ignore_result", project)
    if isinstance(ignored, Given) and project.evaluator.scalar(ignored.value) == Known(True):
        return False
    return may_keep_results(task, project)


def _raised(reached: Reached, retries: list[Call], project: Project) -> Iterator[_Raised]:
    """The exceptions of the project that this function raises. RETRIES are its calls that retry the task."""
    index, fact = project.symbols.index(reached.function), project.symbols.fact(reached.function)
    raised = [(item.value, item.block, item.span) for item in index.raises(fact)]
    # Raised when there are no retries left.
    raised += [
        (given.value, retry.block, retry.span) for retry in retries if (given := retry.argument(2, "exc")) is not None
    ]
    for value, block, span in raised:
        made = settled(Placed(index.path, block, value), project.evaluator) if value is not None else None
        if made is None or not isinstance(made.value, Call):
            continue
        cls = project.symbols.class_of(made.path, made.block, made.value.callee)
        if isinstance(cls, ClassRef):
            yield _Raised(cls, block, Location(index.path, span))
