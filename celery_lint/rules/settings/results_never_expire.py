"""CEL808: results that are kept for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Related
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.beats import workers_without_beat
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_development
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import HIGH, INFO, MEDIUM, WARNING, rule

# Where results stay until something removes them.
_KEEPS = {
    "redis": "Redis", "database": "the database", "django-db": "the database", "mongodb": "MongoDB",
    "filesystem": "the file system", "elasticsearch": "Elasticsearch", "dynamodb": "DynamoDB",
}  # fmt: skip
_CLEANED = frozenset({"the database", "the file system"})
# Whoever names the task, or the table, removes results in another way.
_CLEANS = Pattern(rb"backend_cleanup|celery_taskmeta|TaskResult\b|TaskExtended|delete_expired")


@rule("CEL808", "results-never-expire", since="0.1", severity=WARNING, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """`result_expires` is 0 or None, or nothing removes what has expired: every result is kept for ever."""
    for setting in project.written_settings:
        yield from _never(setting, project)
    for app in project.apps:
        yield from _never_removed(app, project)


def _never(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    if setting.name != "result_expires" or not setting.is_read or is_for_development(project, setting):
        return
    value = project.evaluator.scalar(setting.value)
    if not isinstance(value, Known) or value.value or isinstance(value.value, str) or value.from_environment:
        return
    stores = {store for app in setting.apps if (store := _store(app, project))}
    if len(stores) == 1:
        yield check.finding(
            f"`{setting.spelt}` is {value.value}: results stay in {stores.pop()} for ever, and it fills up; give it a "
            "number of seconds, or leave it at one day",
            setting.location,
            setting.entity,
        )


def _never_removed(app: App, project: Project) -> Iterator[Finding]:
    """Results in a database or in files are removed by a task that beat sends each night."""
    setting, store = app.settings.get("result_backend"), _store(app, project)
    if setting is None or store not in _CLEANED or project.may_set(app, "result_expires", "task_ignore_result"):
        return
    if any(entry.app is app for entry in project.schedule):  # CEL707 says that beat is missing
        return
    removes = project.files.is_mentioned(_CLEANS)
    workers = workers_without_beat(app, project) if not removes else ()
    if workers:
        yield check.finding(
            f"results stay in {store} for ever: beat sends the task that removes old ones, and no deployment file "
            "starts a beat",
            setting.origin,
            app.entity,
            related=tuple({each.location: Related(each.location, "starts a worker") for each in workers}.values()),
            severity=INFO,
            confidence=MEDIUM,
        )


def _store(app: App, project: Project) -> str | None:
    """Where the results of APP pile up; None when they do not, or that cannot be told."""
    backend = project.transports.result_backend(app)
    ignored = app.settings.get("task_ignore_result")
    if ignored is not None and project.evaluator.scalar(ignored.value) != Known(False):
        return None
    return _KEEPS.get(backend.value) if isinstance(backend, Known) else None
