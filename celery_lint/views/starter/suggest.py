"""Which settings would help, each with what speaks for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import PurePosixPath

from celery_lint.celery_versions import LATEST
from celery_lint.finding import Finding
from celery_lint.project.code.values import Unknown
from celery_lint.project.project import Project
from celery_lint.views.model import Place
from celery_lint.views.starter.model import Material, Suggestion
from celery_lint.views.starter.toml import array, string

_MANIFESTS = re.compile(r"(pyproject\.toml|setup\.(py|cfg)|Pipfile|requirements[\w.-]*\.(txt|in)|manage\.py)$")
_SESSION = re.compile(r"((get|open|create|new|make|start)_?(db|database|sql)?_?session|get_db|session_scope)$")
_OTHERS = ("sqlalchemy", "sqlmodel", "boto", "aiohttp", "requests", "httpx")
_MOST = 12


def suggestions(material: Material) -> tuple[Suggestion, ...]:
    """Everything that the configuration of MATERIAL could say."""
    parts: Sequence[Callable[[Material], Iterator[Suggestion]]] = (
        _projects, _release, _kind, _exclude, _broker, _workers, _external_queues, _external_tasks, _external_beat,
        _async_bridges, _session_factories, _time_limits, _io_timeout, _require_route, _strict,
    )  # fmt: skip
    return tuple(chain.from_iterable(part(material) for part in parts))


# What it is


def _projects(material: Material) -> Iterator[Suggestion]:
    """Folders with applications, each with requirements of its own."""
    if len(material.projects) != 1:
        return
    known = material.projects[0].files.known
    manifests = {str(PurePosixPath(path).parent) for path in known if _MANIFESTS.search(path)} - {"."}
    places: dict[str, Place] = {}
    for app in material.picture.apps:
        folders = [str(folder) for folder in PurePosixPath(app.place.path).parents if str(folder) in manifests]
        if not folders:
            return  # an application of the whole
        places.setdefault(folders[-1], app.place)
    if len(places) < 2:
        return
    parents = {str(PurePosixPath(folder).parent) for folder in places}
    siblings = [f"{parent}/*" for parent in parents if parent != "."]
    globs = siblings if len(parents) == 1 and siblings else sorted(places)
    yield Suggestion(
        f"projects = {array(globs)}",
        [
            f"{len(places)} folders have Celery applications and requirements of their own. As",
            "projects, each is judged",
            "by itself, with its own workers and settings; what one sends to another is then in `external-tasks`.",
        ],
        list(places.values()),
    )


def _release(material: Material) -> Iterator[Suggestion]:
    if any(project.celery.version is None for project in material.projects):
        release = ".".join(map(str, LATEST)) if isinstance(LATEST, tuple) else str(LATEST)
        yield Suggestion(
            f"celery-version = {string(release)}",
            [f"Nothing says which Celery the project runs on: {release} is assumed."],
        )


def _kind(material: Material) -> Iterator[Suggestion]:
    picture = material.picture
    if picture.tasks and not picture.apps and not picture.workers:
        yield Suggestion(
            'kind = "library"',
            [
                "There are tasks, but no application and no worker. If others install this and bring",
                "their own, it is a",
                "library, and nothing is expected of it that only an application can have.",
            ],
        )


def _exclude(material: Material) -> Iterator[Suggestion]:
    unreadable = sorted({file.path for project in material.projects for file in project.unreadable})
    if unreadable:
        yield Suggestion(
            f"exclude = {array(unreadable[:_MOST])}",
            [
                "These could not be read (CEL002), so that what they may hold is left out of all",
                "judgements. If they are",
                "no code of the project, exclude them.",
            ],
        )


def _broker(material: Material) -> Iterator[Suggestion]:
    for project in material.projects:
        for app in project.apps:
            broker = project.transports.broker(app)
            if isinstance(broker, Unknown):
                guess = "redis" if project.requires("redis") else "amqp"
                yield Suggestion(
                    f"broker = {string(guess)}",
                    ["The address of the broker is computed: its kind decides about visibility timeouts and ETAs."],
                    [Place(app.location.path, project.line(app.location))],
                )
                return


# What is elsewhere


def _workers(material: Material) -> Iterator[Suggestion]:
    picture = material.picture
    if picture.workers or not picture.tasks or not picture.apps:
        return
    queues = sorted({queue.name for queue in picture.queues if queue.name is not None}) or ["celery"]
    yield Suggestion(
        f'workers = [{{queues = {array(queues[:_MOST])}, pool = "prefork", concurrency = 8}}]',
        [
            "No file here starts a worker. Say how they are started elsewhere, one `{…}` a worker: which queues are",
            "read, and what a task may do in its pool, is judged only when the workers are known.",
        ],
    )


def _external_queues(material: Material) -> Iterator[Suggestion]:
    unread = sorted({queue.name for queue in material.picture.queues if queue.consumed == "no" and queue.name})
    if unread:
        yield Suggestion(
            f"external-queues = {array(unread)}",
            [
                "Tasks are sent to these queues, and no worker here reads them: nobody runs the",
                "tasks (CEL205, CEL207),",
                "or workers do that are deployed from elsewhere.",
            ],
            _places(material, "queue-not-consumed", "default-queue-not-consumed"),
        )


def _external_tasks(material: Material) -> Iterator[Suggestion]:
    sent = {name for project in material.projects for name in project.sent_names}
    scheduled = {
        entry.task for entry in material.picture.schedule if entry.task is not None and entry.task_id is None
    } - {task.name for task in material.picture.tasks}
    routed = {finding.entity.removeprefix("route:") for finding in material.findings if finding.name == "dead-route"}
    names = sorted(name for name in sent | scheduled | routed if not name.startswith("celery."))
    if names:
        yield Suggestion(
            f"external-tasks = {array(names[:_MOST])}",
            [
                "These names are sent, scheduled or routed, and no task here has them: they are",
                "misspelt or out of date,",
                "or another service defines them.",
            ],
            _places(material, "unknown-task-name", "beat-unknown-task", "dead-route"),
        )


def _external_beat(material: Material) -> Iterator[Suggestion]:
    found = [finding for finding in material.findings if finding.name == "beat-not-deployed"]
    if found:
        yield Suggestion(
            'external-beat = ["*"]',
            ["There is a schedule, and no file here starts beat. If one is started elsewhere, say so."],
            _places(material, "beat-not-deployed"),
        )


# How it is written


def _async_bridges(material: Material) -> Iterator[Suggestion]:
    """Helpers that drive a loop for several tasks."""
    helpers: dict[str, Place] = {}
    for finding in material.findings:
        kind, _, rest = finding.entity.partition(":")
        path, _, label = rest.rpartition(":")
        if finding.name == "run-until-complete-in-task" and kind == "function" and "<" not in label:
            helpers[f"{_module(path, material)}.{label}"] = _place(finding, material)
    if helpers:
        yield Suggestion(
            f"async-bridges = {array(sorted(helpers)[:_MOST])}",
            [
                "Tasks run their coroutines through these, which drive a loop by hand (CEL102). If",
                "one of them keeps its",
                "loop on purpose, and is to stay, name it: it is then not reported.",
            ],
            list(helpers.values()),
        )


def _session_factories(material: Material) -> Iterator[Suggestion]:
    found: dict[str, Place] = {}
    for project in material.projects:
        found.update(_opening_sessions(project))
    if found:
        yield Suggestion(
            f"session-factories = {array(sorted(found)[:_MOST])}",
            [
                "Tasks call these, and what they return is not known. If they open database sessions, name them: that",
                "the sessions are closed, and not held while a task waits, is then looked at (CEL304, CEL305).",
            ],
            list(found.values()),
        )


def _opening_sessions(project: Project) -> Iterator[tuple[str, Place]]:
    sessions = project.sessions
    for reached in project.reached:
        index = project.index(reached.path)
        for call in index.calls(project.symbols.fact(reached)):
            name = project.symbols.external(reached.path, call.callee)
            function = project.symbols.function(reached.path, call.block, call.callee)
            if function is not None:
                label = project.symbols.fact(function).qualname
                name = f"{'.'.join(_names(function.path, project))}.{label}"
            if (
                name is None
                or not _SESSION.search(name)
                or name.startswith(("sqlalchemy", "sqlmodel", "boto", "aiohttp"))
            ):
                continue
            if sessions.kind(reached.path, call) is None and not sessions.enters(reached.path, call):
                place = Place(reached.path, project.source(reached.path).position(call.span.start).line)
                yield name, place


def _time_limits(material: Material) -> Iterator[Suggestion]:
    if any(finding.name == "missing-time-limit" for finding in material.findings):
        yield Suggestion(
            "time-limits = {soft = 270, hard = 300}",
            [
                "No time limit is set (CEL501). With this, in seconds, `celery-lint --fix --unsafe-fixes` writes it to",
                "the settings; what is reported stays the same.",
            ],
            _places(material, "missing-time-limit"),
        )


def _io_timeout(material: Material) -> Iterator[Suggestion]:
    found = [finding for finding in material.findings if finding.name == "io-without-timeout"]
    if found:
        calls = "1 call goes" if len(found) == 1 else f"{len(found)} calls go"
        yield Suggestion(
            "io-timeout = 10",
            [
                f"{calls} to the network without a timeout (CEL512). With this, in seconds,",
                "`celery-lint --fix --unsafe-fixes` writes one; what is reported stays the same.",
            ],
            _places(material, "io-without-timeout"),
        )


# What else could be asked for


def _require_route(material: Material) -> Iterator[Suggestion]:
    tasks = len(material.picture.tasks)
    routed = tasks - material.unrouted
    if tasks < 5 or len(material.picture.queues) < 2 or routed * 5 < tasks * 4:
        return
    rest = f"the other {material.unrouted} would be reported" if material.unrouted else "this keeps it so"
    yield Suggestion(
        "require-route = true",
        [f"{routed} of {tasks} tasks say which queue they go to: {rest} (CEL208)."],
    )


def _strict(material: Material) -> Iterator[Suggestion]:
    if material.strict:
        counts = Counter(material.strict).most_common()
        rules = ", ".join(f"{name} {count}" for name, count in counts[:_MOST])
        more = sum(material.strict.values())
        yield Suggestion(
            'preset = "strict"',
            [f"It reports {more} more: {rules}."],
        )


# Places


def _places(material: Material, *names: str) -> list[Place]:
    return [_place(finding, material) for finding in material.findings if finding.name in names]


def _place(finding: Finding, material: Material) -> Place:
    path, span = finding.location.path, finding.location.span
    for project in material.projects:
        if path in project.files.known:
            return Place(path, project.source(path).position(span.start).line)
    return Place(path, 1)


def _module(path: str, material: Material) -> str:
    """What PATH is called when it is imported: as its tasks have it, if it has any."""
    named = next((task.module for task in material.picture.tasks if task.place.path == path), None)
    if named is not None:
        return named
    owner = next((project for project in material.projects if path in project.files.known), None)
    return ".".join(_names(path, owner)) if owner is not None else path


def _names(path: str, project: Project) -> Sequence[str]:
    """What PATH is called when it is imported."""
    return project.roots.names_of(path)[:1]
