"""Does the code of the task work where it runs: event loops, sessions, engines, the network, output?"""

from __future__ import annotations

from celery_lint.finding import Location
from celery_lint.project.deployment.workers import GREEN
from celery_lint.views.review.rows.running import pools_in_words
from celery_lint.views.review.subject import Draft, Subject
from celery_lint.views.words import joined

_MANY = 3


def event_loop(subject: Subject) -> Draft:
    """Whether the task drives an event loop, and whether its pool bears that."""
    project = subject.project
    if subject.task.is_async:
        how = (
            f"`async def`, with what `{project.native_async}` brings to run it"
            if project.native_async
            else "`async def`"
        )
        return Draft("event loop", "passed", how)
    driven = [
        Location(function.path, call.span) for function in subject.code for call in project.loops.use(function).drives
    ]
    if not driven:
        return Draft("event loop", "not applicable", "drives no event loop")
    text = f"drives asyncio at {_listed(subject, driven)}"
    pools = project.pools_of(subject.task)
    if pools is None:
        why = "the pool is not known: fine on prefork, threads and solo; on gevent or eventlet two at a time fail"
        return Draft("event loop", "unknown", text, why, tuple(driven))
    if pools & GREEN:
        return Draft("event loop", "passed", f"{text}, on {joined(sorted(pools))}", places=tuple(driven))
    return Draft(
        "event loop", "passed", text, places=tuple(driven), fine=f", which {pools_in_words(project, subject)} bears"
    )


def session(subject: Subject) -> Draft:
    """Whether the sessions that the task opens are closed again."""
    project = subject.project
    sessions = project.sessions
    opened = [
        Location(function.path, call.span)
        for function in subject.code
        for call in project.index(function.path).calls(project.symbols.fact(function))
        if sessions.kind(function.path, call) is not None
    ]
    if not opened:
        return Draft("session", "not applicable", "opens no session of SQLAlchemy")
    return Draft("session", "passed", f"opens its sessions at {_listed(subject, opened)}",
                 places=tuple(opened),
                 fine="; none is seen to stay open")  # fmt: skip


def engine(subject: Subject) -> Draft:
    """Whether engines and clients that outlive a run of the task bear that."""
    project = subject.project
    engines = [each.location for each, tasks in project.engine_uses if subject.task in tasks]
    clients = [Location(each.path, each.call.span) for each, tasks in project.client_uses if subject.task in tasks]
    shared = (*engines, *clients)
    if not shared:
        return Draft("engine", "not applicable", "shares no asynchronous engine or client with other runs")
    return Draft("engine", "passed", f"shares what is made at {_listed(subject, shared)}", places=shared)


def waiting(subject: Subject) -> Draft:
    """Whether the task may wait for ever for the network or a process."""
    project = subject.project
    calls = [call for function in subject.code for call in project.network.of(function)]
    if not calls:
        return Draft("waiting", "not applicable", "calls no network and starts no process that is seen")
    open_ones = [call for call in calls if call.timeout not in ("given", "default", "none")]
    places = tuple(call.location for call in calls)
    names = joined(list(dict.fromkeys(f"`{call.name}`" for call in calls))[:_MANY])
    text = f"{names} at {_listed(subject, places)}"
    if open_ones:
        named = joined(list(dict.fromkeys(f"`{call.name}`" for call in open_ones))[:_MANY])
        return Draft("waiting", "unknown", text, f"the timeout of {named} cannot be seen", places)
    return Draft("waiting", "passed", text, places=places)


def output(subject: Subject) -> Draft:
    """Whether what the task says goes to its log."""
    return Draft("print", "passed", "", fine="no `print()`")


def _listed(subject: Subject, places: list[Location] | tuple[Location, ...]) -> str:
    """Where PLACES are: three at most, and how many others."""
    shown = list(dict.fromkeys(subject.at(place) for place in places))
    rest = len(shown) - _MANY
    return joined([*shown[:_MANY], *([f"{rest} other place{'s' if rest > 1 else ''}"] if rest > 0 else [])])
