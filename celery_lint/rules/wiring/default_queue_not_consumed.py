"""CEL207: the default queue that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.values import Known
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, listed, rule


@rule("CEL207", "default-queue-not-consumed", since="0.1", severity=ERROR, confidence=HIGH)
def check(app: App, project: Project) -> Iterator[Finding]:
    """No worker consumes the default queue, but some tasks go there."""
    workers = project.workers_of(app)
    queue = project.default_queue(app)
    if not workers or queue is None or project.queues_open is not None:
        return
    if project.is_external_queue(queue):
        return
    if any(project.consumes(worker, queue) is not False for worker in project.workers):
        return
    unrouted = [task for task in project.tasks if app in project.apps_of(task) and _goes_to(task, app, queue, project)]
    names = [task.name for task in unrouted]
    if _cleans_up(app, project):
        names.append("celery.backend_cleanup")
    if names:
        yield _finding(app, queue, names, unrouted, workers)


def _cleans_up(app: App, project: Project) -> bool:
    """Whether beat sends Celery's own clean-up of a result backend that does not expire results by itself."""
    backend = app.settings.get("result_backend")
    known = project.evaluator.text(backend.value) if backend is not None else None
    if not isinstance(known, Known) or not known.value.startswith(
        ("db+", "database", "django-db", "mongodb", "cassandra")
    ):
        return False
    is_routed = project.route_tables[app].match("celery.backend_cleanup") is not None
    return (bool(project.beats) or app.settings.get("beat_schedule") is not None) and not is_routed


def _finding(app: App, queue: str, names: list[str], unrouted: list[Task], workers: tuple[Worker, ...]) -> Finding:
    they = len(names) > 1
    return check.finding(
        f"nothing routes {listed(names)}, so {'they go' if they else 'it goes'} to the default queue `{queue}`, "
        f"which no worker consumes: route {'them' if they else 'it'}, or add `{queue}` to a worker's `-Q`",
        _place(app),
        f"queue:{queue}",
        related=(
            *(Related(task.location, f"task `{task.name}`") for task in unrouted),
            *(Related(worker.location, _consumes(worker.queues)) for worker in workers),
        ),
    )


def _goes_to(task: Task, app: App, queue: str, project: Project) -> bool:
    queues = project.queues_of(task, app)
    # Under every name that it may have, where the import root is not certain.
    return queues == (queue,) and not _is_always_sent_elsewhere(task, project)


def _is_always_sent_elsewhere(task: Task, project: Project) -> bool:
    """Whether every place that sends the task names a queue of its own."""
    sent = [call for call in project.calls_of(task) if call.method != "apply"]
    return bool(sent) and all("queue" in call.options or call.options_open for call in sent)


def _place(app: App) -> Location:
    setting = app.settings.get("task_default_queue")
    return setting.origin if setting is not None else app.location


def _consumes(queues: object) -> str:
    return f"consumes {', '.join(queues)}" if isinstance(queues, tuple) else "consumes `task_queues` only"
