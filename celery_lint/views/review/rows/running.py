"""Is the task found, is it declared as Celery takes it, which worker runs it, and what does the schedule say?"""

from __future__ import annotations

from celery_lint.project.project import Project
from celery_lint.views import model as picture
from celery_lint.views.phrases import pool
from celery_lint.views.review.subject import Draft, Subject
from celery_lint.views.words import joined

_MANY = 3


def registration(subject: Subject) -> Draft:
    """Whether a worker imports the module of the task, and so knows it."""
    task, project = subject.task, subject.project
    if not project.apps or project.options.kind == "library":
        return Draft("registration", "not applicable", "no application of this project runs it")
    path = task.location.path
    apps = project.apps_of(task) or project.apps
    known = [app for app in apps if path in project.registration.imported(app).paths]
    if known:
        named = joined([f"`{app.name}`" for app in known[:_MANY]])
        return Draft("registration", "passed", f"workers of {named} import {path}")
    why = next((why for app in apps if (why := project.registration.imported(app).open) is not None), None)
    if why is None and not any(project.registration.commands_of(app) for app in apps):
        why = "no command that starts a worker is in this repository, and `-A` may name any module"
    return Draft("registration", "passed" if why is None else "unknown", f"no worker is seen to import {path}", why)


def declaration(subject: Subject) -> Draft:
    """How the task is declared: its name, `bind`, its options."""
    task = subject.task
    if task.options_open:
        return Draft("declaration", "unknown", "some of its options", "the decorator is given more than can be seen")
    names = [f"`{option.name}={option.value}`" for option in subject.drawn.options]
    return Draft("declaration", "passed", f"options {', '.join(names)}" if names else "no options of its own")


def runs_on(subject: Subject) -> Draft:
    """The queue of the task, and the workers and pools that it runs in."""
    if not subject.edges:
        return Draft("runs on", "not applicable", "no application of this project sends it anywhere")
    parts, why = [], list[str]()
    for edge in subject.edges:
        queue = subject.queue(edge.target)
        consumers = subject.picture.out_of(queue.id)
        parts.append(where(subject, edge))
        why += _doubts(edge, queue, [subject.workers[each.target] for each in consumers])
    text = "; ".join(dict.fromkeys(parts))
    return Draft("runs on", "unknown" if why else "passed", text, "; ".join(dict.fromkeys(why)) or None)


def where(subject: Subject, edge: picture.Edge) -> str:
    """The way along EDGE: ``queue `mail` (route x.*), worker `mail` (prefork ×4)``."""
    queue = subject.queue(edge.target)
    consumers = [(subject.workers[each.target], each.certain) for each in subject.picture.out_of(queue.id)]
    named = [f"{'' if certain else 'perhaps '}`{worker.label}` ({pool(worker)})" for worker, certain in consumers]
    shown = joined([*named[:_MANY], *([f"{len(named) - _MANY} others"] if len(named) > _MANY else [])])
    maybe = "" if edge.certain else "perhaps "
    if queue.name is None:
        target = "a queue that cannot be told"
    else:
        target = f"{maybe}queue `{queue.name}`{_because(edge, queue)}"
    if named:
        return f"{target}, worker{'s' if len(named) > 1 else ''} {shown}"
    return f"{target}, {without(queue.consumed)}"


def without(consumed: picture.Consumed) -> str:
    """What to say of a queue that no worker of the project is seen to consume."""
    return {
        "no": "which no worker consumes",
        "elsewhere": "whose workers are elsewhere",
        "unknown": "no worker is seen",
    }.get(consumed, "which no worker surely consumes")


def _because(edge: picture.Edge, queue: picture.Queue) -> str:
    if edge.why == "default queue":
        return " (the default)"
    kind, _, rest = edge.why.partition(" ")
    if kind == "route":
        return f" (route `{rest}`)"
    return "" if edge.why == "cannot be told" else f" ({edge.why})"


def _doubts(edge: picture.Edge, queue: picture.Queue, workers: list[picture.Worker]) -> list[str]:
    """What is not known of the way along EDGE, and which configuration would tell."""
    name = queue.name
    if name is None:
        return [queue.open or "the queue cannot be told"]
    if queue.consumed == "unknown":
        declared = f'workers = [{{queues = ["{name}"], pool = "prefork"}}]'
        return [f"no command that starts a worker is in this repository: `{declared}` in the configuration tells"]
    if queue.consumed == "maybe":
        open_ones = [
            f"the queues of `{worker.label}` are {worker.queues_open}" for worker in workers if worker.queues_open
        ]
        return open_ones or ["which queues the workers consume cannot all be seen"]
    return [f"the pool of `{worker.label}`: {worker.pool_open}" for worker in workers if worker.pool_open]


def schedule(subject: Subject) -> Draft:
    """When beat sends the task."""
    if not subject.schedule:
        return Draft("schedule", "not applicable", "no schedule entry sends it")
    parts = [f"{entry.meaning} (`{entry.key or 'without a name'}`)" for entry in subject.schedule]
    places = tuple(
        entry.location
        for entry in subject.project.schedule
        if entry.task in subject.task.names and entry.task is not None
    )
    return Draft("schedule", "passed", "; ".join(parts), places=places)


def pools_in_words(project: Project, subject: Subject) -> str | None:
    """The pools that the task runs in, for people; None when they are not known."""
    found = project.pools_of(subject.task)
    return joined(sorted(found)) if found else None
