"""Findings as an editor shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsprotocol import types
from msgspec import Struct, field

from celery_lint.finding import Finding, Location, Severity, Span
from celery_lint.report.text import escape
from celery_lint.server.documents import Document
from celery_lint.server.drift import drift
from celery_lint.server.places import Folders
from celery_lint.server.positions import Point, Ruler, Units
from celery_lint.server.snapshot import Snapshot
from celery_lint.source import Source

SOURCE = "celery-lint"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
# What can go, and what is on its way out: editors fade the one and strike the other through.
_UNNECESSARY = frozenset({"unused-suppression"})
_DEPRECATED = frozenset({"deprecated-api"})


class Desk(Struct, frozen=True):
    """The editor's side: what is open in it, and how it counts and names. DOCUMENTS are those of one project, by path
    relative to its ROOT. TAKES_VERSIONS: its edits can say for which version of a document they are."""

    root: Path
    documents: Mapping[str, Document] = field(default_factory=dict)
    folders: Folders = field(default_factory=Folders)
    units: Units = "utf-16"
    takes_versions: bool = True

    def uri(self, path: str) -> str:
        """What the editor calls the file PATH."""
        document = self.documents.get(path)
        return document.uri if document is not None else self.folders.uri(self.root / path)

    def range(self, source: Source, span: Span) -> types.Range | None:
        """Where SPAN of the file, as it was in SOURCE, is now; None when it is no more."""
        document = self.documents.get(source.path)
        if document is None:
            return _range(Ruler(source, self.units), span)
        change = drift(source.data, document.data)
        moved = change.now(span) if change is not None else span
        return _range(self._ruler(document), moved) if moved is not None else None

    def offset(self, source: Source, position: types.Position) -> int | None:
        """The byte of SOURCE that is at POSITION now; None when it was not there."""
        document = self.documents.get(source.path)
        ruler = self._ruler(document) if document is not None else Ruler(source, self.units)
        offset = ruler.offset(Point(position.line, position.character))
        change = drift(source.data, ruler.source.data)
        moved = change.then(Span(offset, offset)) if change is not None else Span(offset, offset)
        return moved.start if moved is not None else None

    def _ruler(self, document: Document) -> Ruler:
        return Ruler(document.source, self.units, document.shows_bom)


def diagnostics(snapshot: Snapshot, desk: Desk) -> dict[str, list[types.Diagnostic]]:
    """The diagnostics of every file that has some, by its path."""
    found: dict[str, list[types.Diagnostic]] = {}
    for finding in snapshot.findings:
        source = snapshot.sources.get(finding.location.path)
        where = desk.range(source, finding.location.span) if source is not None else None
        if where is not None:
            found.setdefault(finding.location.path, []).append(_diagnostic(finding, where, snapshot, desk))
    for finding, source in snapshot.unreadable:
        where = desk.range(source, finding.location.span)
        if where is not None:
            found.setdefault(source.path, []).append(_diagnostic(finding, where, snapshot, desk))
    return found


def key_of(finding: Finding) -> str:
    """What tells FINDING from all others of a snapshot."""
    place = finding.location
    return f"{finding.code}:{place.path}:{place.span.start}:{place.span.end}"


def _diagnostic(finding: Finding, where: types.Range, snapshot: Snapshot, desk: Desk) -> types.Diagnostic:
    url = snapshot.urls.get(finding.code)
    return types.Diagnostic(
        range=where,
        message=escape(finding.message),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(url) if url is not None else None,
        source=SOURCE,
        tags=list(_tags(finding)) or None,
        related_information=list(_related(finding, snapshot, desk)) or None,
        data={"finding": key_of(finding)},
    )


def _tags(finding: Finding) -> Iterator[types.DiagnosticTag]:
    if finding.name in _UNNECESSARY:
        yield types.DiagnosticTag.Unnecessary
    if finding.name in _DEPRECATED:
        yield types.DiagnosticTag.Deprecated


def _related(finding: Finding, snapshot: Snapshot, desk: Desk) -> Iterator[types.DiagnosticRelatedInformation]:
    for related in finding.related:
        place = location_of(related.location, snapshot, desk)
        if place is not None:
            yield types.DiagnosticRelatedInformation(place, escape(related.message))


def location_of(location: Location, snapshot: Snapshot, desk: Desk) -> types.Location | None:
    """LOCATION as the editor has it; None when it is no more."""
    source = snapshot.sources.get(location.path)
    where = desk.range(source, location.span) if source is not None else None
    return types.Location(desk.uri(location.path), where) if where is not None else None


def locations_of(locations: Sequence[Location], snapshot: Snapshot, desk: Desk) -> list[types.Location]:
    """LOCATIONS as the editor has them."""
    found = (location_of(location, snapshot, desk) for location in locations)
    return [location for location in found if location is not None]


def _range(ruler: Ruler, span: Span) -> types.Range:
    start, end = ruler.points(span)
    return types.Range(types.Position(*start), types.Position(*end))
