"""CEL807: tasks that run where they are called, outside of tests."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding
from celery_lint.project.code.values import Known
from celery_lint.project.project import Project
from celery_lint.project.settings.names import is_conditional, is_for_development
from celery_lint.project.settings.written import WrittenSetting
from celery_lint.rule import HIGH, WARNING, rule


@rule("CEL807", "always-eager-enabled", since="0.1", severity=WARNING, confidence=HIGH)
def check(setting: WrittenSetting, project: Project) -> Iterator[Finding]:
    """`task_always_eager` outside of tests: tasks run in the process that calls them."""
    if setting.name != "task_always_eager" or not setting.is_read or is_for_development(project, setting):
        return
    value = project.evaluator.scalar(setting.value)
    if value not in (Known(True), Known(True, True)) or is_conditional(project, setting) or _is_overruled(project):
        return
    default = " unless the environment says otherwise" if isinstance(value, Known) and value.from_environment else ""
    yield check.finding(
        f"`{setting.spelt}` is on{default}: tasks run in the process that calls them and block it; no worker, queue, "
        "time limit or delay has a part in it, and `send_task` ignores it",
        setting.location,
        setting.entity,
    )


def _is_overruled(project: Project) -> bool:
    """Whether the setting is written elsewhere too, with another value: for production, then."""
    written = [each for each in project.written_settings if each.name == "task_always_eager"]
    values = [project.evaluator.scalar(each.value) for each in written]
    return any(not isinstance(value, Known) or value.value is not True for value in values)
