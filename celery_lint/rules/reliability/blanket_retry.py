"""CEL509: retries for every exception."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Name, Operation, Value
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.expressions import within
from celery_lint.project.code.handlers import BROAD, Handler
from celery_lint.project.code.index import FileIndex
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, option_of
from celery_lint.project.tasks.retries import RetryCall
from celery_lint.project.tasks.retrying import autoretries, most_retries
from celery_lint.rule import HIGH, WARNING, listed, rule


@rule("CEL509", "blanket-retry", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """Retrying every `Exception` repeats permanent failures and bugs."""
    files: dict[str, dict[Location, Task]] = {}
    for task in project.tasks:
        most = most_retries(task, project)
        place = None if most is not None and most <= 1 else _blanket(task, project)
        if place is not None:
            files.setdefault(place.path, {}).setdefault(place, task)
    for places in files.values():
        yield _finding(sorted(places.items(), key=lambda each: each[0].span.start), project)


def _finding(places: list[tuple[Location, Task]], project: Project) -> Finding:
    """One for all of a file: what is copied from task to task is one habit."""
    (place, first), *others = places
    retries = [most_retries(task, project) for _, task in places]
    known = [most for most in retries if most is not None]
    up_to = "up to " if len(set(known)) > 1 else ""
    times = f"{up_to}{max(known)} more times" if known == retries else "again and again"
    names = listed([task.name for _, task in places])
    return check.finding(
        f"{names} {'retry' if others else 'retries'} whatever goes wrong: a bug or a wrong argument is tried {times} "
        "before anybody hears of it; name the errors that pass by themselves",
        place,
        first.entity,
        related=tuple(Related(at, f"`{task.name}` too") for at, task in others),
    )


def _blanket(task: Task, project: Project) -> Location | None:
    """Where TASK says that everything is to be retried."""
    given = autoretries(task, project)
    if isinstance(given, Given) and _is_broad(given, project):
        if option_of(task, "dont_autoretry_for", project) is not None or _sorts_out(task, project):
            return None
        return given.origin
    for retry in project.retry_calls:
        if retry.task is task and retry.function == task.function:
            handler = _handler(retry, project)
            if handler is not None:
                return handler.location
    return None


def _is_broad(given: Given, project: Project) -> bool:
    items = project.evaluator.items(given.value) or []
    return any(project.symbols.external(item.path, item.value) in BROAD for item in items)


def _sorts_out(task: Task, project: Project) -> bool:
    """Whether the body handles some exceptions by itself, so that they are not retried."""
    if task.function is None:
        return False
    index = project.index(task.function.path)
    return any(
        not handler.is_broad and not project.handlers.reraises(index, handler)
        for number in index.below(task.function.block)
        if index.block(number).kind == "try"
        for handler in project.handlers.of(index, number)
    )


def _handler(retry: RetryCall, project: Project) -> Handler | None:
    """The handler of everything, around the body of the task, that RETRY stands in."""
    index = project.index(retry.path)
    around = list(index.up(retry.call.block))
    number = next((each for each in around if index.block(each).kind in ("except", "function")), None)
    if number is None or index.block(number).kind != "except":
        return None
    bodies = [each for each in index.blocks_in(index.block(number).parent) if index.block(each).kind == "try"]
    handlers = project.handlers.of(index, max(each for each in bodies if each < number))
    if not handlers[0].is_broad or handlers[0].block != number or not _is_outermost(index, number):
        return None
    tests = [index.block(each).value for each in index.below(number) if index.block(each).kind in ("if", "else")]
    return handlers[0] if all(test is None or _only_counts(test) for test in tests) else None


def _is_outermost(index: FileIndex, number: int) -> bool:
    return index.block(index.block(number).parent).kind in ("function", "with")


def _only_counts(test: Value) -> bool:
    """Whether a condition only asks how many tries are left."""
    if isinstance(test, Operation) and test.operator in ("and", "or"):
        return _only_counts(test.left) and _only_counts(test.right)
    return any(isinstance(inner, Name) and inner.ref.endswith(("retries", "MAX_RETRIES")) for inner in within(test))
