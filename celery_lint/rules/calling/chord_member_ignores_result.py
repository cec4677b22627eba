"""CEL612: chords that wait for results which are never kept."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.calls.canvas import Signed
from celery_lint.project.calls.canvases import Chord
from celery_lint.project.code.placed import Known, Placed, Unknown
from celery_lint.project.model import App
from celery_lint.project.project import Project
from celery_lint.project.tasks.options import Given, option_of
from celery_lint.rule import ERROR, HIGH, INFO, rule

# Redis takes the results from the messages of the workers and not from where they are kept: it works there. Without a
# backend, and with these, no chord works at all: that is another finding.
_NO_CHORDS = frozenset({"rpc", "disabled"})


@rule("CEL612", "chord-member-ignores-result", since="0.1", severity=ERROR, confidence=HIGH)
def check(project: Project) -> Iterator[Finding]:
    """A task in the header of a chord ignores its result, so the callback never runs."""
    seen: set[tuple[Location, Location]] = set()
    for chord in project.canvases.chords:
        for signed in chord.header:
            origin = _ignores(signed, project)
            if origin is None or (signed.call.location, chord.location) in seen:
                continue
            seen.add((signed.call.location, chord.location))
            yield from _finding(chord, signed, origin, project)


def _finding(chord: Chord, signed: Signed, origin: Location, project: Project) -> Iterator[Finding]:
    families: set[str | None] = {_family(app, project) for app in project.apps_of(signed.call.task)}
    if not families or families <= {"redis", None} or families & _NO_CHORDS:
        return
    known = {family for family in families if family not in ("redis", None, "")}
    if known:
        consequence = f"on the result backend of this project ({', '.join(sorted(known))}) the callback never runs"
    else:
        consequence = "the callback never runs, unless results are kept in Redis"
    yield check.finding(
        f"`{signed.call.task.name}` ignores its result, and a chord waits for it: {consequence}; set "
        "`ignore_result=False` for it",
        signed.call.location,
        signed.call.task.entity,
        related=(Related(origin, "ignored because of this"), Related(chord.location, "waits for the results")),
        severity=ERROR if known else INFO,
    )


def _family(app: App, project: Project) -> str | None:
    """The kind of backend; empty when it cannot be told."""
    found = project.transports.result_backend(app)
    return "" if isinstance(found, Unknown) else found.value if found is not None else None


def _ignores(signed: Signed, project: Project) -> Location | None:
    """What says that the result of SIGNED is ignored: its own option, the option of the task, or a setting."""
    own = signed.options.get("ignore_result")
    if own is not None or signed.options_open:
        return _place(own) if own is not None and _is_true(own, project) else None
    option = option_of(signed.call.task, "ignore_result", project)
    if option is not None:
        return option.origin if isinstance(option, Given) and _is_true(option.value, project) else None
    settings = [app.settings.get("task_ignore_result") for app in project.apps_of(signed.call.task)]
    given = [setting for setting in settings if setting is not None and _is_true(setting.value, project)]
    return given[0].origin if given and len(given) == len(settings) else None


def _place(placed: Placed) -> Location:
    return Location(placed.path, placed.span)


def _is_true(placed: Placed, project: Project) -> bool:
    return project.evaluator.scalar(placed) == Known(True)
