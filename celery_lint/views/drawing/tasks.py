"""The tasks of a picture and the routes that they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from celery_lint.finding import Finding, Location
from celery_lint.project.code.values import Known
from celery_lint.project.model import Option, Route, Task, Worker
from celery_lint.project.project import Project
from celery_lint.views import model
from celery_lint.views.drawing.callers import find_callers
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.drawing.limits import limit_of

# Shown in a place of their own, or of no interest to somebody who wants to know what runs where.
_ELSEWHERE = frozenset({"name", "bind", "shared", "time_limit", "soft_time_limit", "abstract", "run"})
_DEFAULTS: Mapping[str, tuple[object, ...]] = {
    "max_retries": (3,), "default_retry_delay": (180,), "acks_late": (False,), "ignore_result": (False,),
    "track_started": (False,), "rate_limit": (None,), "serializer": ("json",), "typing": (True,), "expires": (None,),
    "reject_on_worker_lost": (None, False), "retry_backoff": (False,), "retry_jitter": (True,),
    "retry_backoff_max": (600,), "trail": (True,), "queue": (None,),
}  # fmt: skip
# What a finding about code is about when it is not about a part of the deployment.
_IN_CODE = ("function:", "engine:", "session:", "module:")


def draw_tasks(canvas: Canvas) -> Iterator[model.Task]:
    """All tasks."""
    callers = find_callers(canvas)
    for task, identifier in canvas.tasks.items():
        project = canvas.project
        workers = workers_of(project, task)
        yield model.Task(
            id=identifier,
            name=task.name,
            names=task.names,
            module=project.roots.names_of(task.location.path)[0],
            place=canvas.place(task.location),
            apps=tuple(canvas.apps[app] for app in project.apps_of(task)),
            is_async=task.is_async,
            options=tuple(canvas.option(name, each.value) for name, each in _shown(task, project)),
            hard=limit_of(canvas, task, "time_limit", workers),
            soft=limit_of(canvas, task, "soft_time_limit", workers),
            callers=callers.get(task, ()),
            open=_why_open(task),
            problems=_problems(canvas, task),
        )


def draw_routes(canvas: Canvas) -> Iterator[model.Route]:
    """All routes."""
    project = canvas.project
    routes = [route for app in project.apps for route in project.route_tables[app].routes]
    for number, route in enumerate(routes, 1):
        taken = [task for task in canvas.tasks if route in (_route(project, task, route, name) for name in task.names)]
        yield model.Route(
            id=f"{canvas.prefix}route{number}",
            pattern=f"re.compile({route.pattern!r})" if route.is_regex else route.pattern,
            queue=route.queue,
            app=canvas.apps[route.app],
            place=canvas.place(route.location),
            tasks=tuple(canvas.tasks[task] for task in taken),
            problems=canvas.problems(route.location),
        )


def workers_of(project: Project, task: Task) -> tuple[Worker, ...]:
    """The workers that surely run TASK."""
    queues = {(app, queue) for app in project.apps_of(task) for queue in project.queues_of(task, app) or ()}
    found = [
        worker for app, queue in queues for worker in project.workers_of(app) if project.consumes(worker, queue) is True
    ]
    return tuple(worker for worker in project.workers if worker in found)


def _route(project: Project, task: Task, route: Route, name: str) -> Route | None:
    return project.route_tables[route.app].match(name) if route.app in project.apps_of(task) else None


def _shown(task: Task, project: Project) -> Iterator[tuple[str, Option]]:
    known = project.celery.table.task_options
    for name, option in task.options.items():
        is_attribute = task.cls is not None and name not in known
        if name not in _ELSEWHERE and not is_attribute and not _is_default(name, option, task, project):
            yield name, option


def _is_default(name: str, option: Option, task: Task, project: Project) -> bool:
    if any(app.settings.get(f"task_{name}") is not None for app in project.apps_of(task)):
        return False
    known = project.evaluator.scalar(option.value)
    defaults = _DEFAULTS.get(name, ())
    # `True == 1`: a default is one only of its own type.
    return isinstance(known, Known) and (type(known.value), known.value) in [(type(each), each) for each in defaults]


def _why_open(task: Task) -> str | None:
    if not task.names:
        return "its name is computed"
    if len(task.names) > 1:
        return "the folder that workers import from is not known, so its name may be another"
    return "more options are given than can be seen" if task.options_open else None


def _problems(canvas: Canvas, task: Task) -> tuple[int, ...]:
    own = canvas.problems(task.location, task.entity)
    reached = [position for position, finding in canvas.findings if _reaches(finding, task.location)]
    return tuple(sorted({*own, *reached}))


def _reaches(finding: Finding, location: Location) -> bool:
    """Whether a finding in code is about something that the task at LOCATION runs."""
    return finding.entity.startswith(_IN_CODE) and any(each.location == location for each in finding.related)
