"""CEL201: task modules that no worker imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from celery_lint.facts.model import Items
from celery_lint.finding import Finding, Related
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.project import Project
from celery_lint.project.tasks.plain import is_only_called, is_sent
from celery_lint.project.tasks.unregistered import Unregistered, unregistered
from celery_lint.remedy import IncludeModule
from celery_lint.rule import ERROR, HIGH, INFO, rule

Use = Literal["sent", "called", "none"]


@rule("CEL201", "task-module-not-imported", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A module with tasks is never imported by a worker."""
    scheduled = {entry.task for entry in project.schedule}
    folders: dict[tuple[str, tuple[App, ...], Use], list[Unregistered]] = defaultdict(list)
    missed = tuple(unregistered(project))
    for found in missed:
        # A schedule entry for one of its tasks says the same there (CEL702).
        if not any(name in scheduled for task in found.tasks for name in task.names):
            folder = found.path.rpartition("/")[0]
            folders[folder, found.apps, _use(found, missed, project)].append(found)
    for (_, apps, use), together in folders.items():
        yield _finding(together, apps[0], use, project)


def _use(found: Unregistered, missed: tuple[Unregistered, ...], project: Project) -> Use:
    """What is made of the tasks of a module that no worker imports."""
    if not _is_used(found, missed, project):
        return "none"
    is_called = not any(is_sent(task, project) for task in found.tasks) and any(
        is_only_called(task, project) for task in found.tasks
    )
    return "called" if is_called else "sent"


def _is_used(found: Unregistered, missed: tuple[Unregistered, ...], project: Project) -> bool:
    """Whether anything but modules that no worker imports either imports the module, or sends a task of it by name."""
    if any(name in project.all_sent_names for task in found.tasks for name in task.names):
        return True
    package = f"{found.path.rpartition('/')[0]}/__init__.py"
    others = {each.path for each in missed}
    if found.path in project.registration.targets(package) and project.registration.is_imported(package, others):
        return True
    return project.registration.is_imported(found.path, {package, *others})


def _finding(together: list[Unregistered], app: App, use: Use, project: Project) -> Finding:
    first = together[0].tasks[0]
    modules = tuple(project.roots.names_of(found.path)[0] for found in together)
    named = f"`{modules[0]}`" + (f" and {len(modules) - 1} other modules beside it" if len(modules) > 1 else "")
    others = [task for found in together for task in found.tasks if task is not first]
    more = f" and {len(others)} more" if others else ""
    them = "them" if len(modules) > 1 else "it"
    like = "they are only called like functions" if others else "it is only called like a function"
    what = {
        "sent": f"workers do not know `{first.name}`{more} and throw the messages away; add {them} to `include`",
        "called": f"nothing sends `{first.name}`{more}: {like}",
        "none": f"nothing else imports {them} either, so nobody runs or sends `{first.name}`{more}",
    }[use]
    commands = {command.location: Related(command.location, "its worker") for command in _commands(app, project)}
    is_certain = len(together[0].apps) == 1
    return check.finding(
        f"no worker of `{app.name}` imports {named}: {what}",
        first.location,
        f"module:{modules[0]}",
        related=(
            *(Related(task.location, f"task `{task.name}`") for task in others),
            Related(app.location, "the application that does not import it"),
            *commands.values(),
        ),
        remedy=_remedy(app, modules, project) if is_certain and use == "sent" else None,
        severity=ERROR if use == "sent" else INFO,
    )


def _commands(app: App, project: Project) -> tuple[CeleryCommand, ...]:
    return project.registration.commands_of(app)


def _remedy(app: App, modules: tuple[str, ...], project: Project) -> IncludeModule | None:
    """Where APP lists its task modules literally."""
    for setting in (app.settings.get("include"), app.settings.get("imports")):
        if setting is None:
            continue
        listed = project.evaluator.follow(setting.value)
        if isinstance(listed.value, Items):
            return IncludeModule(listed.path, listed.span, modules)
    return None
