"""FILTER: which findings of a whole run count: those that are not in the baseline, and touch what has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from celery_lint.baseline import Baseline
from celery_lint.changes import LineSet, carried
from celery_lint.finding import Finding, Location
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.report.model import Report
from celery_lint.source import Source


class Scope(Struct, frozen=True):
    """What counts. BASELINE: what does not. LINES: by path, the lines that a finding has to touch with one of its
    locations, unless it was not there BEFORE; None when all count. KNOWN are the codes of all rules, and those
    that they had before."""

    baseline: Baseline | None = None
    lines: Mapping[str, LineSet] | None = None
    before: Baseline | None = None
    known: frozenset[str] = frozenset()

    def of(self, report: Report) -> Report:
        """What of REPORT, all that a run found, counts."""
        report = replace(report, whole=report.findings)
        if self.baseline is not None:
            report = self.baseline.match(report, self.known).hide(report)
        if self.lines is None:
            return report
        new = self._new(report)
        kept = tuple(each for each in report.findings if each in new or self._touches(each, report.source))
        return replace(report, findings=kept, elsewhere=len(report.findings) - len(kept))

    def _new(self, report: Report) -> frozenset[Finding]:
        """The findings of REPORT that were not there before, wherever they are."""
        if self.before is None:
            return frozenset()
        whole = replace(report, findings=report.whole)
        match = self.before.match(whole, self.known)
        new = {place.finding for place in match.fingerprints if place not in match.entries}
        return frozenset(shown for shown in report.findings if shown in new)

    def after(self, before: Callable[[str], Source], overlay: Mapping[str, bytes]) -> Scope:
        """What counts once the files of OVERLAY have these bytes and not those BEFORE: a line counts as the one that it
        takes the place of."""
        if not self.lines:
            return self
        moved = {path: carried(lines, before(path).data, overlay[path])
                 for path, lines in self.lines.items() if path in overlay}  # fmt: skip
        return replace(self, lines={**self.lines, **moved})

    def _touches(self, finding: Finding, source_of: Callable[[str], Source]) -> bool:
        if finding.code == INTERNAL_ERROR:
            return True
        locations = (finding.location, *(related.location for related in finding.related))
        return any(self._has(location, source_of) for location in locations)

    def _has(self, location: Location, source_of: Callable[[str], Source]) -> bool:
        lines = self.lines.get(location.path) if self.lines is not None else None
        if lines is None:
            return False
        source, span = source_of(location.path), location.span
        first = source.position(span.start).line
        return lines.touches(first, source.position(max(span.start, span.end - 1)).line)
