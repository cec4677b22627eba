"""CEL401: options that no task has."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related, Severity, Span
from celery_lint.project.model import Option, Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.option_names import Meaning, meaning_of
from celery_lint.project.tasks.options import is_own
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, listed, rule


@rule("CEL401", "unknown-task-option", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(task: Task, project: Project) -> Iterator[Finding]:
    """A task decorator gets an option that no task has: it silently becomes an attribute."""
    if task.cls is not None:
        return
    policy: list[Option] = []
    for option in task.options.values():
        meaning = meaning_of(option.name, task, project) if is_own(task, option.name) else None
        if meaning is not None and meaning.kind == "policy":
            policy.append(option)
        elif meaning is not None:
            yield _finding(task, option, meaning, project)
    if policy:
        yield _policy(task, policy)


def _policy(task: Task, options: list[Option]) -> Finding:
    """`interval_start`, `interval_step`: one mistake, however many of them there are."""
    names = listed([option.name for option in options])
    are = "is no option" if len(options) == 1 else "are no options"
    return check.finding(
        f"{names} {are} of a task, so nothing reads them: a `retry_policy` takes them, for sending; between retries "
        f"`{task.name}` waits `default_retry_delay`, or by `retry_backoff`",
        options[0].location,
        task.entity,
        related=tuple(Related(option.location, "and this") for option in options[1:]),
        withheld="how long to wait between retries is a decision",
    )


def _finding(task: Task, option: Option, meaning: Meaning, project: Project) -> Finding:
    remedy = _remedy(task, option, meaning, project)
    return check.finding(
        _message(task, option.name, meaning, project),
        option.location,
        task.entity,
        severity=_severity(task, meaning),
        remedy=remedy,
        withheld=_withheld(task, meaning) if remedy is None else None,
    )


def _severity(task: Task, meaning: Meaning) -> Severity:
    """Nothing is missing where the option that was meant is given, too."""
    if meaning.kind == "unknown":
        return INFO
    is_harmless = meaning.kind == "slip" and task.option(meaning.meant) is not None
    return WARNING if meaning.kind == "newer" or is_harmless else ERROR


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
    if task.option(meaning.meant) is not None:
        return f"{what}, so nothing reads it: remove it, `{meaning.meant}` is given as well"
    return f"{what}, so nothing reads it, and `{task.name}` goes without: did you mean `{meaning.meant}`?"


def _remedy(task: Task, option: Option, meaning: Meaning, project: Project) -> EditCode | None:
    if meaning.kind != "slip" or task.option(meaning.meant) is not None:
        return None
    start, name = option.location.span.start, option.name
    written = project.files.data(option.location.path)[start : start + len(name)]
    if written != name.encode():
        return None
    replacement = Replacement(Span(start, start + len(name)), name, meaning.meant)
    return EditCode(option.location.path, f"Write `{meaning.meant}`", (replacement,))


def _withheld(task: Task, meaning: Meaning) -> str:
    if meaning.kind == "slip" and task.option(meaning.meant) is not None:
        return f"`{meaning.meant}` is given already"
    return (
        "the option is not written as an argument of the decorator"
        if meaning.kind == "slip"
        else "which option is meant cannot be told"
    )
