"""The applications of a picture, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.project.model import App, Setting
from celery_lint.project.project import Project
from celery_lint.views import model
from celery_lint.views.drawing.canvas import Canvas
from celery_lint.views.drawing.limits import limit_of_app

# What says how tasks run. Brokers and backends are left out: their addresses hold passwords.
_SHOWN = (
    "task_acks_late", "task_reject_on_worker_lost", "task_ignore_result",
    "task_track_started", "task_always_eager", "task_default_priority", "task_default_rate_limit", "task_serializer",
    "worker_pool", "worker_concurrency", "worker_prefetch_multiplier", "worker_max_tasks_per_child",
    "worker_max_memory_per_child", "result_expires", "timezone", "enable_utc",
)  # fmt: skip


def groups_of(project: Project) -> dict[App, int]:
    """Applications that share tasks or settings have the same number: they speak over one broker."""
    leader = {app: app for app in project.apps}

    def find(app: App) -> App:
        while leader[app] is not app:
            app = leader[app]
        return app

    for one, other in _pairs(project):
        leader[find(other)] = find(one)
    numbers: dict[App, int] = {}
    return {app: numbers.setdefault(find(app), len(numbers)) for app in project.apps}


def draw_apps(canvas: Canvas) -> Iterator[model.App]:
    """All applications."""
    project = canvas.project
    for app, identifier in canvas.apps.items():
        yield model.App(
            id=identifier,
            name=app.name,
            place=canvas.place(app.location),
            group=canvas.groups[app],
            default_queue=project.default_queue(app),
            hard=limit_of_app(canvas, app, "time_limit"),
            soft=limit_of_app(canvas, app, "soft_time_limit"),
            settings=tuple(canvas.option(name, setting.value) for name, setting in _shown(app)),
            open=app.settings.open,
            problems=canvas.problems(app.location, app.entity),
        )


def _shown(app: App) -> Iterator[tuple[str, Setting]]:
    for name in _SHOWN:
        setting = app.settings.get(name)
        if setting is not None:
            yield name, setting


def _pairs(project: Project) -> Iterator[tuple[App, App]]:
    for task in project.tasks:
        first, *others = project.apps_of(task) or (None,)
        for other in others:
            if first is not None and other is not None:
                yield first, other
    settings: dict[tuple[str, object], App] = {}
    for app in project.apps:
        broker = app.settings.get("broker_url")
        if broker is not None:
            place = (broker.origin.path, broker.origin.span)
            yield settings.setdefault(place, app), app
