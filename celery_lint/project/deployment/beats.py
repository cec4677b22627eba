"""The beats that are deployed: which run at the same time, and what keeps a second one from sending."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.purposes import is_for_development, runs_together
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.project import Project

_MAY_SET = (".py", ".toml", ".txt", ".in", ".cfg", ".ini", ".lock", ".yml", ".yaml", ".env", "Pipfile")
_RED_BEAT = Pattern(rb"redbeat", re.IGNORECASE)
_ENVIRONMENTS = re.compile(
    r"(?:^|[-_.])(?:prod|production|staging|stage|stg|qa|uat|preview|canary|blue|green|new|old|v\d+)(?=[-_.]|$)"
)
_DEPLOYMENTS = frozenset({"compose", "procfile", "kubernetes", "helm", "supervisor", "systemd", "platform"})
_BEAT = Pattern(rb"(?<![\w-])beat(?!\w)|celerybeat|redbeat|\s-B\b", re.IGNORECASE)
_STARTS_BEAT = Pattern(rb"\bBeat\(|celery\.bin\.beat|celery\.apps\.beat|[\"']beat[\"']|EmbeddedService")


def workers_without_beat(app: App, project: Project) -> tuple[CeleryCommand, ...]:
    """The deployed commands that start workers of APP, when nothing that is seen starts a beat; else none."""
    found = tuple(each for each in project.registration.commands_of(app) if each.command.kind in _DEPLOYMENTS)
    return found if found and not _may_run(project) else ()


def _may_run(project: Project) -> bool:
    """Whether anything that is deployed mentions beat, or some code starts it."""
    if project.beats or any(command.invocation.open for command in project.commands):
        return True
    if any(project.files.mentions(path, _BEAT) for path in project.files.deploy_paths if not path.endswith(".py")):
        return True
    return project.files.is_mentioned(_STARTS_BEAT)


def lock(command: CeleryCommand, project: Project) -> str | None:
    """What lets, or may let, only one beat of several send: RedBeat, or the program `single-beat`; None without any."""
    if command.command.through == "single-beat":
        return "single-beat"
    scheduler = command.invocation.options.get("scheduler")
    named = scheduler.text if scheduler is not None else _set_scheduler(command, project)
    if named is not None:
        return "RedBeat" if "redbeat" in named.lower() else None
    mentions = project.files.anywhere(_RED_BEAT, lambda path: is_aside(path) or not path.endswith(_MAY_SET))
    return "RedBeat" if mentions else None


def _set_scheduler(command: CeleryCommand, project: Project) -> str | None:
    """The scheduler that the settings of the application choose, by default Celery's own; None when it is not known."""
    app = command.app
    if app is None or not command.app_is_known:
        return None
    setting = app.settings.get("beat_scheduler")
    if setting is None:
        return None if project.may_set(app, "beat_scheduler") else "celery.beat:PersistentScheduler"
    known = project.evaluator.text(setting.value)
    return known.value if isinstance(known, Known) else None


def started_together(project: Project) -> Iterator[tuple[CeleryCommand, ...]]:
    """The beats of one application that one deployment starts as several services."""
    groups: dict[tuple[str, object], dict[str, CeleryCommand]] = {}
    for command in project.beats:
        run = command.command
        known = command.app is not None and command.app_is_known and command.names_app
        if known and run.service and runs_together(run) and not is_for_development(run) and not run.conditions:
            services = groups.setdefault((run.alternative, command.app), {})
            services.setdefault(_ENVIRONMENTS.sub("", run.service.lower()), command)
    yield from (tuple(services.values()) for services in groups.values() if len(services) > 1)
