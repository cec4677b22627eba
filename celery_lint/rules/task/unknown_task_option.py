"""CEL401: options that no task has."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related, Span
from celery_lint.project.model import Option, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.option_names import Meaning, unknown_options
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, listed, rule


@rule("CEL401", "unknown-task-option", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A task decorator gets an option that no task has: it silently becomes an attribute."""
    policies: dict[str, list[tuple[Task, Option]]] = {}
    spare: dict[Task, list[tuple[Option, str]]] = {}
    for task in project.tasks:
        for option, meaning in unknown_options(task, project):
            if meaning.kind == "policy":
                policies.setdefault(option.location.path, []).append((task, option))
            elif meaning.kind == "slip" and task.option(meaning.meant) is not None:
                spare.setdefault(task, []).append((option, meaning.meant))
            else:
                yield _finding(task, option, meaning, project)
    for found in policies.values():
        yield _policy(found)
    for task, options in spare.items():
        yield _spare(task, options)


def _spare(task: Task, options: list[tuple[Option, str]]) -> Finding:
    """`task_time_limit=60, time_limit=60`: nothing is lost, but who changes the wrong one changes nothing."""
    names = listed([option.name for option, _ in options])
    right = listed([meant for _, meant in options])
    are, them, given = (
        ("is no option", "it", "is given") if len(options) == 1 else ("are no options", "them", "are given")
    )
    first = options[0][0]
    return check.finding(
        f"{names} {are} of a task, so nothing reads {them}: delete {them}; {right} {given} as well",
        first.location,
        task.entity,
        related=tuple(Related(option.location, "and this") for option, _ in options[1:]),
        severity=WARNING,
        withheld=f"{right} {given} already",
    )


def _policy(found: list[tuple[Task, Option]]) -> Finding:
    """`interval_start`, `interval_step`: one mistake, however many of them there are, and copied from task to task."""
    names = list(dict.fromkeys(option.name for _, option in found))
    tasks = list(dict.fromkeys(task.name for task, _ in found))
    are, them = ("is no option", "it") if len(names) == 1 else ("are no options", "them")
    who = f"`{tasks[0]}` waits" if len(tasks) == 1 else f"{len(tasks)} tasks of this file wait"
    (task, first), *others = found
    return check.finding(
        f"{listed(names)} {are} of a task, so nothing reads {them}: a `retry_policy` takes {them}, for sending; "
        f"between retries {who} `default_retry_delay`, or by `retry_backoff`",
        first.location,
        task.entity,
        related=tuple(
            Related(option.location, "and this" if other is task else f"`{other.name}` too") for other, option in others
        ),
        withheld="how long to wait between retries is a decision",
    )


def _finding(task: Task, option: Option, meaning: Meaning, project: Project) -> Finding:
    remedy = _remedy(task, option, meaning, project)
    return check.finding(
        _message(task, option.name, meaning, project),
        option.location,
        task.entity,
        severity={"unknown": INFO, "newer": WARNING}.get(meaning.kind, ERROR),
        remedy=remedy,
        withheld=_withheld(task, meaning, project) if remedy is None else None,
    )


def _message(task: Task, name: str, meaning: Meaning, project: Project) -> str:
    what = f"`{name}` is no option of a task"
    if meaning.kind == "newer":
        return (
            f"`{name}` is an option since Celery {meaning.since}, and this project runs on "
            f"{project.celery.table.minor}, where it is an attribute of `{task.name}` that nothing reads"
        )
    if meaning.kind == "call":
        return f"{what}, so nothing reads it: `{task.name}.apply_async(…, {name}=…)` takes it, for one call"
    if meaning.kind == "unknown":
        return f"{what}: it becomes an attribute of `{task.name}` that nothing in this project reads"
    return f"{what}, so nothing reads it, and `{task.name}` goes without: did you mean `{meaning.meant}`?"


def _remedy(task: Task, option: Option, meaning: Meaning, project: Project) -> EditCode | None:
    if meaning.kind != "slip" or _lacks_self(task, meaning, project):
        return None
    start, name = option.location.span.start, option.name
    written = project.files.data(option.location.path)[start : start + len(name)]
    if written != name.encode():
        return None
    replacement = Replacement(Span(start, start + len(name)), name, meaning.meant)
    return EditCode(option.location.path, f"Write `{meaning.meant}`", (replacement,))


def _lacks_self(task: Task, meaning: Meaning, project: Project) -> bool:
    """Whether a task that is to be bound has no parameter to be it: every run would raise TypeError."""
    if meaning.meant != "bind" or task.function is None:
        return False
    first = next(iter(project.symbols.fact(task.function).parameters), None)
    return first is None or (first.name != "self" and not first.star)


def _withheld(task: Task, meaning: Meaning, project: Project) -> str:
    if _lacks_self(task, meaning, project):
        return f"`{task.name}` takes no `self`"
    if meaning.kind == "slip":
        return "the option is not written as an argument of the decorator"
    return "which option is meant cannot be told"
