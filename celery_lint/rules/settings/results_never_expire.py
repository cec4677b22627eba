"""CEL808: results that are kept for ever."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.code.values import Known
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_for_development
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import HIGH, WARNING, rule

# Where results stay until something removes them.
_KEEPS = {
    "redis": "Redis", "database": "the database", "django-db": "the database", "mongodb": "MongoDB",
    "filesystem": "the file system", "elasticsearch": "Elasticsearch", "dynamodb": "DynamoDB",
}  # fmt: skip


@rule("CEL808", "results-never-expire", since="0.1", severity=WARNING, confidence=HIGH)
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """`result_expires` is 0 or None: every result is kept for ever."""
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


def _store(app: App, project: Project) -> str | None:
    """Where the results of APP pile up; None when they do not, or that cannot be told."""
    backend = project.transports.result_backend(app)
    ignored = app.settings.get("task_ignore_result")
    if ignored is not None and project.evaluator.scalar(ignored.value) != Known(False):
        return None
    return _KEEPS.get(backend.value) if isinstance(backend, Known) else None
