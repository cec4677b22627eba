"""Is the task found, is it declared as Celery takes it, which worker runs it, and what does the schedule say?"""

from __future__ import annotations

from celery_lint.project.project import Project
from celery_lint.views import model as picture
from celery_lint.views.phrases import pool
from celery_lint.views.review.subject import Draft, Subject
from celery_lint.views.words import joined

_MANY = 3
# Options that lines of their own tell of.
TOLD = frozenset({
    "queue", "max_retries", "autoretry_for", "retry_backoff", "retry_backoff_max", "retry_jitter", "retry_kwargs",
    "default_retry_delay", "acks_late", "reject_on_worker_lost", "retry_on_worker_lost", "time_limit",
    "soft_time_limit", "name", "bind", "base", "shared", "run",
})  # fmt: skip
# How the picture says that a task goes nowhere by itself.
IDLE = "; all that send it name another"


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
        return Draft("registration", "passed", f"workers of {named} import `{path}`")
    why = next((why for app in apps if (why := project.registration.imported(app).open) is not None), None)
    if why is None and not any(project.registration.commands_of(app) for app in apps):
        why = "no command that starts a worker is in this repository, and `-A` may name any module"
    return Draft("registration", "passed" if why is None else "unknown", f"no worker is seen to import `{path}`", why)


def declaration(subject: Subject) -> Draft:
    """How the task is declared: its name, `bind`, its options."""
    task = subject.task
    if task.options_open:
        return Draft("declaration", "unknown", "some of its options", "the decorator is given more than can be seen")
    names = [f"`{option.name}={option.value}`" for option in subject.drawn.options if option.name not in TOLD]
    return Draft("declaration", "passed", f"options {', '.join(names)}" if names else "no options of its own")


def runs_on(subject: Subject) -> Draft:
    """The queue of the task, and the workers and pools that it runs in."""
    ways = ways_of(subject)
    if not ways:
        return Draft("runs on", "not applicable", "no application of this project sends it anywhere")
    doubts = [doubt for edge in ways for doubt in _doubts(subject, edge)]
    why = "; ".join(dict.fromkeys(doubts)) or None
    return Draft("runs on", "unknown" if why else "passed", where(subject), why)


def ways_of(subject: Subject) -> tuple[picture.Edge, ...]:
    """The edges to the queues that the task goes to; not the one to the default when all that send it name another."""
    used = tuple(edge for edge in subject.edges if not edge.why.endswith(IDLE))
    return used or subject.edges


def where(subject: Subject) -> str:
    """``queue `mail` (route `x.*`), worker `mail` (prefork ×4)``"""
    return "; ".join(dict.fromkeys(_way(subject, edge) for edge in ways_of(subject)))


def _way(subject: Subject, edge: picture.Edge) -> str:
    queue = subject.queue(edge.target)
    consumers = [(subject.workers[each.target], each.certain) for each in subject.picture.out_of(queue.id)]
    named = [f"{'' if certain else 'perhaps '}`{worker.label}` ({_pool(worker)})" for worker, certain in consumers]
    named = list(dict.fromkeys(named))
    shown = joined([*named[:_MANY], *([f"{len(named) - _MANY} others"] if len(named) > _MANY else [])])
    if queue.name is None:
        target = "a queue that cannot be told"
    else:
        target = f"{'' if edge.certain else 'perhaps '}queue `{queue.name}`{_because(edge)}"
    return (
        f"{target}, worker{'s' if len(named) > 1 else ''} {shown}" if named else f"{target}, {without(queue.consumed)}"
    )


def _pool(worker: picture.Worker) -> str:
    return pool(worker) if worker.pool is not None else "pool not known"


def without(consumed: picture.Consumed) -> str:
    """What to say of a queue that no worker of the project is seen to consume."""
    return {
        "no": "which no worker consumes",
        "elsewhere": "whose workers are elsewhere",
        "unknown": "no worker is seen",
    }.get(consumed, "which no worker surely consumes")


def _because(edge: picture.Edge) -> str:
    if edge.why.startswith("default queue"):
        return " (the default)"
    for kind in ("route ", "schedule entry ", "call in ", "option "):
        if edge.why.startswith(kind):
            return f" ({kind}`{edge.why.removeprefix(kind)}`)"
    return ""


def _doubts(subject: Subject, edge: picture.Edge) -> list[str]:
    """What is not known of the way along EDGE, and which configuration would tell."""
    queue = subject.queue(edge.target)
    workers = [subject.workers[each.target] for each in subject.picture.out_of(queue.id)]
    name = queue.name
    if name is None:
        return [_why_no_queue(subject)]
    if queue.consumed == "unknown":
        declared = f'workers = [{{queues = ["{name}"], pool = "prefork"}}]'
        return [f"no command that starts a worker is in this repository: `{declared}` in the configuration tells"]
    if queue.consumed == "maybe":
        open_ones = [
            f"the queues of `{worker.label}` are {worker.queues_open}" for worker in workers if worker.queues_open
        ]
        return open_ones or _of_others(subject, workers) or ["which queues the workers consume cannot all be seen"]
    return [f"the pool of `{worker.label}`: {worker.pool_open}" for worker in workers if worker.pool_open]


def _why_no_queue(subject: Subject) -> str:
    """Why the queue of the task cannot be told."""
    task, project = subject.task, subject.project
    if task.options_open:
        return "the decorator is given more options than can be seen, one may be `queue`"
    if not task.names:
        return "its name is computed, and so is the route that it takes"
    for app in project.apps_of(task):
        if project.route_tables[app].open is not None:
            return f"routes of `{app.name}`: {project.route_tables[app].open}"
        if project.default_queue(app) is None:
            return f"the default queue of `{app.name}`: {app.settings.open or '`task_default_queue` is computed'}"
    return "which queue is computed"


def _of_others(subject: Subject, workers: list[picture.Worker]) -> list[str]:
    """That the only WORKERS are those of another application."""
    apps = {app.id: app.name for app in subject.picture.apps}
    others = {worker.app for worker in workers if worker.app is not None and worker.app not in subject.drawn.apps}
    if not others or any(worker.app not in others for worker in workers):
        return []
    named = joined([f"`{apps[app]}`" for app in sorted(others)])
    return [f"the workers run another application ({named}): it takes this task only with the same broker and module"]


def schedule(subject: Subject) -> Draft:
    """When beat sends the task."""
    if not subject.schedule:
        return Draft("schedule", "not applicable", "no schedule entry sends it")
    parts = [f"{meaning(entry)} (`{entry.key or 'without a name'}`)" for entry in subject.schedule]
    places = tuple(
        entry.location
        for entry in subject.project.schedule
        if entry.task in subject.task.names and entry.task is not None
    )
    return Draft("schedule", "passed", "; ".join(parts), places=places)


def meaning(entry: picture.Entry) -> str:
    """When ENTRY comes: in words, else as it is written."""
    is_written = "(" in entry.meaning or entry.meaning.replace(".", "_").isidentifier()
    return f"`{entry.meaning}`" if is_written else entry.meaning


def pools_in_words(project: Project, subject: Subject) -> str | None:
    """The pools that the task runs in, for people; None when they are not known."""
    found = project.pools_of(subject.task)
    return joined(sorted(found)) if found else None
