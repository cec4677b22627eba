"""CEL901: what Celery has taken away."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.celery_versions import Change
from celery_lint.facts.model import Call, Items, Literal
from celery_lint.finding import Applicability, Finding, Location, Span
from celery_lint.project.code.api_uses import ApiUse, api_uses, replaced_import
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known, Placed
from celery_lint.project.model import Task
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import is_own
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, WARNING, rule

_MAIN = Pattern(rb"\bworker_main\s*\(")


@rule("CEL901", "removed-api", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """Something that Celery 5 no longer has is imported, called or given as an option."""
    if not project.celery.at_least("5.0"):
        return
    for use in api_uses(project.celery.table.removed, project):
        yield _import(use, project)
    for task in project.tasks:
        yield from _options(task, project)
    for path in project.files.mentioning(_MAIN):
        yield from _mains(path, project)


def _import(use: ApiUse, project: Project) -> Finding:
    remedy = replaced_import(use, project, Applicability.UNSAFE)
    instead = f"use `{use.change.replacement}`" if use.change.replacement else "nothing replaces it"
    if use.name.rpartition(".")[2].lower() in ("periodic_task", "periodictask"):
        instead = "declare a plain task, and its times in `beat_schedule`"
    return check.finding(
        f"`{use.name}` is gone since Celery {use.change.removed}: {use.failing}; {instead}",
        Location(use.path, use.span),
        f"api:{use.name}",
        remedy=remedy,
        withheld=None if remedy is not None else "it is not one name for another",
    )


def _options(task: Task, project: Project) -> Iterator[Finding]:
    """`error_whitelist=`, `send_error_emails=`: attributes that nothing reads any more."""
    for name, change in project.celery.table.removed_task_options.items():
        option = task.option(name)
        if option is not None and task.cls is None and is_own(task, name):
            yield check.finding(
                f"`{name}` is no option of a task since Celery {change.removed}, so nothing reads it{_instead(change)}",
                option.location,
                task.entity,
                severity=WARNING,
                withheld="it is not one name for another",
            )


def _instead(change: Change) -> str:
    return f"; use `{change.replacement}`" if change.replacement else "; drop it"


def _mains(path: str, project: Project) -> Iterator[Finding]:
    """`app.worker_main(["-l", "info"])`: Celery 5 wants to be told that it is `worker`."""
    for call in project.index(path).calls_named("worker_main"):
        argv = call.argument(0, "argv")
        if argv is None:
            continue
        placed = Placed(path, call.block, argv.value)
        words = project.evaluator.items(placed)
        texts = [project.evaluator.text(word) for word in words or ()]
        known = [text.value for text in texts if isinstance(text, Known)]
        if not known or len(known) < len(texts) or "worker" in known:
            continue
        yield check.finding(
            "Celery 5 wants the word `worker` among the arguments of `worker_main`: without it, it raises ValueError",
            Location(path, argv.value.span),
            "api:worker_main",
            remedy=_with_worker(path, call, project),
            withheld=None if isinstance(argv.value, Items) else "the arguments are not written here",
        )


def _with_worker(path: str, call: Call, project: Project) -> EditCode | None:
    argv = call.argument(0, "argv")
    if argv is None or not isinstance(argv.value, Items) or not isinstance(argv.value.items[0], Literal):
        return None
    start = argv.value.items[0].span.start
    quote = project.files.data(path)[start : start + 1].decode("utf-8", "replace")
    quote = quote if quote in "\"'" else '"'
    return EditCode(path, "Add `worker`", (Replacement(Span(start, start), "", f"{quote}worker{quote}, "),))
