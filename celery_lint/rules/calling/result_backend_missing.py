"""CEL613: results that are kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.values import Known
from celery_lint.project.model import App, Task
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, MEDIUM, rule


@rule("CEL613", "result-backend-missing", since="0.1", severity=ERROR, confidence=MEDIUM)
def check(app: App, project: Project) -> Iterator[Finding]:
    """Results or chords are used, and there is no result backend that keeps them."""
    backend = project.transports.result_backend(app)
    kind = backend.value if isinstance(backend, Known) else backend
    if kind is None or kind == "disabled":
        uses = [*_reads(app, project), *_chords(app, project)]
        if uses:
            yield _finding(app, uses)
    elif kind == "rpc":
        for at, _ in _chords(app, project):
            yield check.finding(
                "the `rpc://` result backend has no chords: starting this one raises NotImplementedError; use Redis, a "
                "database or Memcached as the result backend",
                at,
                app.entity,
                related=(Related(app.location, "this application"),),
            )


def _finding(app: App, uses: list[tuple[Location, str]]) -> Finding:
    at, what = uses[0]
    return check.finding(
        f"{what}, but `{app.name}` has no result backend: results are kept nowhere, and asking for one raises "
        "an error; set `result_backend`",
        at,
        app.entity,
        related=(
            Related(app.location, "the application without a result backend"),
            *(Related(place, f"here {other}") for place, other in uses[1:]),
        ),
    )


def _belongs(task: Task | None, app: App, project: Project) -> bool:
    """Whether a result of TASK is surely one of APP: all its applications are APP, or there is no other."""
    apps = project.apps_of(task) if task is not None else project.apps
    return bool(apps) and all(each is app for each in apps)


def _reads(app: App, project: Project) -> Iterator[tuple[Location, str]]:
    """The places that ask for results of APP's tasks."""
    results = project.results
    for path in project.files.mentioning(results.mentions):
        found = [(wait.location, wait.result) for wait in results.waits(path)]
        found += list(results.reads(path))
        for at, result in sorted(found, key=lambda each: each[0].span):
            if result.made != "eager" and _belongs(result.task, app, project):
                yield at, "a result is read"


def _chords(app: App, project: Project) -> Iterator[tuple[Location, str]]:
    for chord in project.canvases.chords:
        task = chord.header[0].call.task if chord.header else None
        if _belongs(task, app, project) and not is_aside(chord.location.path):
            yield chord.location, "a chord waits for results"
