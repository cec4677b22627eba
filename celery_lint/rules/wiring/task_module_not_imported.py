"""CEL201: task modules that no worker imports."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Items
from celery_lint.finding import Finding, Related
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.names import module_names
from celery_lint.project.project import Project
from celery_lint.project.unregistered import Unregistered, unregistered
from celery_lint.remedy import IncludeModule
from celery_lint.rule import ERROR, HIGH, INFO, rule


@rule("CEL201", "task-module-not-imported", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A module with tasks is never imported by a worker."""
    scheduled = {entry.task for entry in project.schedule}
    for found in unregistered(project):
        # A schedule entry for one of its tasks says the same there (CEL702).
        if not any(name in scheduled for task in found.tasks for name in task.names):
            yield _finding(found, project)


def _finding(found: Unregistered, project: Project) -> Finding:
    first, *others = found.tasks
    app = found.apps[0]
    module = module_names(found.path, project.symbols.modules)[0]
    more = f" and {len(others)} more" if others else ""
    is_used = project.registration.is_imported(found.path) or any(
        name in project.all_sent_names for task in found.tasks for name in task.names
    )
    what = (
        f"workers do not know `{first.name}`{more} and throw the messages away; add `{module}` to `include`"
        if is_used
        else f"nothing else imports it either, so nobody runs or sends `{first.name}`{more}"
    )
    commands = {command.location: Related(command.location, "its worker") for command in _commands(app, project)}
    return check.finding(
        f"no worker of `{app.name}` imports `{module}`: {what}",
        first.location,
        f"module:{module}",
        related=(
            *(Related(task.location, f"task `{task.name}`") for task in others),
            Related(app.location, "the application that does not import it"),
            *commands.values(),
        ),
        remedy=_remedy(app, module, project) if len(found.apps) == 1 else None,
        severity=ERROR if is_used else INFO,
    )


def _commands(app: App, project: Project) -> tuple[CeleryCommand, ...]:
    return project.registration.commands_of(app)


def _remedy(app: App, module: str, project: Project) -> IncludeModule | None:
    """Where APP lists its task modules literally."""
    for setting in (app.settings.get("include"), app.settings.get("imports")):
        if setting is None:
            continue
        listed = project.evaluator.follow(setting.value)
        if isinstance(listed.value, Items):
            return IncludeModule(listed.path, listed.span, module)
    return None
