"""All parts of a picture, put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from celery_lint.finding import Finding, Severity
from celery_lint.project.project import Project
from celery_lint.settings import Configuration
from celery_lint.views import model
from celery_lint.views.drawing.apps import draw_apps, groups_of
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.drawing.queues import draw_edges, draw_queues, flow_of, queue_ids
from celery_lint.views.drawing.schedule import draw_schedule
from celery_lint.views.drawing.tasks import draw_routes, draw_tasks
from celery_lint.views.drawing.workers import draw_beats, draw_workers

_SEVERITIES: Mapping[Severity, model.Severity] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}


def draw(name: str, projects: Sequence[Project], findings: Sequence[Finding], declared: model.Place) -> model.Picture:
    """The picture of PROJECTS under one root called NAME, and of FINDINGS in them. DECLARED is where the configuration
    declares workers."""
    numbered = tuple(enumerate(findings))
    parts = []
    for number, project in enumerate(projects, 1):
        own = [(position, finding) for position, finding in numbered if finding.location.path in project.files.known]
        parts.append(_part(_canvas(project, own, prefix_of(number, len(projects)), declared)))
    return model.Picture(
        name=name,
        apps=tuple(chain.from_iterable(part.apps for part in parts)),
        tasks=tuple(chain.from_iterable(part.tasks for part in parts)),
        routes=tuple(chain.from_iterable(part.routes for part in parts)),
        queues=tuple(chain.from_iterable(part.queues for part in parts)),
        workers=tuple(chain.from_iterable(part.workers for part in parts)),
        beats=tuple(chain.from_iterable(part.beats for part in parts)),
        schedule=tuple(chain.from_iterable(part.schedule for part in parts)),
        edges=tuple(chain.from_iterable(part.edges for part in parts)),
        problems=tuple(_problem(finding, projects) for finding in findings),
        gaps=tuple(chain.from_iterable(part.gaps for part in parts)),
    )


def prefix_of(number: int, count: int) -> str:
    """What the ids of the project with this NUMBER (from 1) start with when COUNT are drawn."""
    return f"p{number}-" if count > 1 else ""


def declared_in(configuration: Configuration) -> model.Place:
    """Where CONFIGURATION declares workers."""
    path, _, line = configuration.origin("workers").rpartition(":")
    return model.Place(path, int(line)) if path and line.isdecimal() else model.Place("pyproject.toml", 1)


def _canvas(project: Project, findings: Sequence[tuple[int, Finding]], prefix: str, declared: model.Place) -> Canvas:
    return Canvas(
        project,
        findings,
        prefix,
        declared,
        groups=groups_of(project),
        workers={worker: f"{prefix}worker{number}" for number, worker in enumerate(project.workers, 1)},
        tasks={task: f"{prefix}task{number}" for number, task in enumerate(project.tasks, 1)},
        apps={app: f"{prefix}app{number}" for number, app in enumerate(project.apps, 1)},
    )


def _part(canvas: Canvas) -> model.Picture:
    tasks, routes = tuple(draw_tasks(canvas)), tuple(draw_routes(canvas))
    schedule = tuple(draw_schedule(canvas))
    flow = flow_of(canvas, tasks, schedule, routes)
    ids = queue_ids(canvas, flow)
    return model.Picture(
        name="",
        apps=tuple(draw_apps(canvas)),
        tasks=tasks,
        routes=routes,
        queues=tuple(draw_queues(canvas, flow, ids)),
        workers=tuple(draw_workers(canvas)),
        beats=tuple(draw_beats(canvas)),
        schedule=schedule,
        edges=tuple(draw_edges(canvas, flow, ids, schedule)),
        gaps=tuple(_gaps(canvas)),
    )


def _problem(finding: Finding, projects: Sequence[Project]) -> model.Problem:
    path = finding.location.path
    owner = next((project for project in projects if path in project.files.known), None)
    line = owner.line(finding.location) if owner is not None else 1
    return model.Problem(
        finding.code, finding.name, _SEVERITIES[finding.severity], finding.message, model.Place(path, line)
    )


def _gaps(canvas: Canvas) -> Iterator[model.Gap]:
    """What could not be read, and what that leaves open."""
    project = canvas.project
    for file in project.unreadable:
        yield model.Gap(file.path, file.message, model.Place(file.path, 1))
    for app in project.apps:
        place = canvas.place(app.location)
        if app.settings.open is not None:
            yield model.Gap(f"settings of {app.name}", app.settings.open, place)
        table = project.route_tables[app]
        if table.open is not None and table.open != app.settings.open:
            yield model.Gap(f"routes of {app.name}", table.open, place)
    for entry in project.schedule:
        if entry.open:
            place = canvas.place(entry.location)
            yield model.Gap(f"schedule entry {entry.key or 'without a name'}", "parts of it are computed", place)
    yield from _unseen_imports(project)
    if project.tasks_open is not None:
        yield model.Gap("tasks", project.tasks_open)
    if project.queues_open is not None:
        yield model.Gap("queues", project.queues_open)


def _unseen_imports(project: Project) -> Iterator[model.Gap]:
    """Why workers may import more modules than can be seen; a reason that several applications share, once."""
    names: dict[str, list[str]] = {}
    for app in project.apps:
        why = project.registration.imported(app).open
        if why is not None and why != app.settings.open:
            names.setdefault(why, []).append(app.name)
    for why, apps in names.items():
        owners = apps[0] if len(apps) == 1 else f"{len(apps)} applications"
        yield model.Gap(f"modules that workers of {owners} import", why)
