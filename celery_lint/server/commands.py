"""What a click in the editor does: it shows something."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from celery_lint.catalogue import catalogue_of, load_catalogue, page_file
from celery_lint.finding import Location
from celery_lint.rule import Rule
from celery_lint.server.actions import EXPLAIN
from celery_lint.server.editor import Server
from celery_lint.server.lens import CALLERS, RUNS_ON
from celery_lint.server.snapshot import Snapshot
from celery_lint.server.uris import uri_of

# As many choices as anybody reads.
_MOST = 12


def do_commands(server: Server) -> None:
    """From now on SERVER does what its lenses and actions promise."""

    @server.command(EXPLAIN)
    async def explain(code: str) -> None:
        rule = next((rule for rule in _rules(server) if rule.code == code), None)
        if rule is None:
            return
        url = _url(server, code)
        file = page_file(rule)
        if not _shows(server) or (url is None and not file.is_file()):
            server.inform(f"{rule.code} {rule.name}: {rule.summary}" + (f" {url}" if url else ""))
        elif url is not None:
            await server.window_show_document_async(types.ShowDocumentParams(url, external=True))
        else:
            await server.window_show_document_async(types.ShowDocumentParams(uri_of(str(file)), take_focus=True))

    @server.command(RUNS_ON)
    async def show_worker(root: str, task: str) -> None:
        snapshot = _snapshot(server, root)
        if snapshot is not None:
            await _choose(server, snapshot, "worker", _workers(snapshot, task))

    @server.command(CALLERS)
    async def show_callers(root: str, task: str) -> None:
        snapshot = _snapshot(server, root)
        if snapshot is not None:
            await _choose(server, snapshot, "caller", _callers(snapshot, task))


def _workers(snapshot: Snapshot, task: str) -> list[types.Location]:
    """Where the workers are started that run TASK."""
    picture = snapshot.picture
    queues = {edge.target for edge in picture.out_of(task)}
    found = {edge.target for edge in picture.edges if edge.source in queues}
    places = [worker.place for worker in picture.workers if worker.id in found]
    return [_at_line(place.path, place.line) for place in places]


def _callers(snapshot: Snapshot, task: str) -> list[types.Location]:
    """Where TASK is sent from, the schedule last."""
    entries = [entry.place for entry in snapshot.picture.schedule if entry.task_id == task and entry.place is not None]
    called = [_of(snapshot, location) for location in snapshot.spots.callers.get(task, ())]
    return [*called, *(_at_line(place.path, place.line) for place in entries)]


def _at_line(path: str, line: int) -> types.Location:
    start = types.Position(line - 1, 0)
    return types.Location(path, types.Range(start, start))


def _of(snapshot: Snapshot, location: Location) -> types.Location:
    source = snapshot.sources.get(location.path)
    line = source.position(location.span.start).line if source is not None else 1
    return _at_line(location.path, line)


async def _choose(server: Server, snapshot: Snapshot, what: str, places: list[types.Location]) -> None:
    """Show one of PLACES (whose URIs are paths still): the only one, or the one that is chosen."""
    if not places:
        server.inform(f"no {what} can be seen in this project")
        return
    titles = {f"{place.uri}:{place.range.start.line + 1}": place for place in places[:_MOST]}
    chosen: str | None = next(iter(titles))
    if len(titles) > 1:
        question = types.ShowMessageRequestParams(
            types.MessageType.Info, f"{len(places)} {what}s", [types.MessageActionItem(title) for title in titles]
        )
        answer = await server.window_show_message_request_async(question)
        chosen = answer.title if answer is not None else None
    place = titles.get(chosen) if chosen is not None else None
    if place is None:
        return
    if not _shows(server):
        server.inform(str(chosen))
        return
    uri = server.space.desk(snapshot.root).uri(place.uri)
    await server.window_show_document_async(types.ShowDocumentParams(uri, take_focus=True, selection=place.range))


def _snapshot(server: Server, root: str) -> Snapshot | None:
    project = server.space.projects.known.get(Path(root))
    return project.snapshot if project is not None else None


def _rules(server: Server) -> tuple[Rule, ...]:
    """The rules of all projects."""
    known = [project.snapshot for project in server.space.projects.known.values() if project.snapshot is not None]
    found = [rule for snapshot in known for rule in catalogue_of(snapshot.configuration).rules]
    return tuple(found) or load_catalogue().rules


def _url(server: Server, code: str) -> str | None:
    snapshots = [project.snapshot for project in server.space.projects.known.values() if project.snapshot is not None]
    return next((snapshot.urls[code] for snapshot in snapshots if code in snapshot.urls), None)


def _shows(server: Server) -> bool:
    """Whether the editor opens documents when it is asked to."""
    window = server.client_capabilities.window
    return bool(window and window.show_document and window.show_document.support)
