"""`full`: each finding with its source, the other places that explain it, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from celery_lint.finding import Applicability, Finding, Related, Severity
from celery_lint.judge import INTERNAL_ERROR
from celery_lint.report.excerpt import excerpt
from celery_lint.report.model import Report
from celery_lint.report.terminal import Terminal, file_url
from celery_lint.report.text import escape, fill, width, words

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_MOST_RELATED = 5
_MOST_LINES = 4
# Longer lines of prose are hard to read, whatever the terminal has room for.
_WIDEST_PROSE = 100
_FIX_HINTS = {
    Applicability.SAFE: "--fix",
    Applicability.UNSAFE: "--fix --unsafe-fixes",
    Applicability.DISPLAY: "by hand",
}


def full(report: Report, terminal: Terminal) -> Iterator[str]:
    """The lines of REPORT for TERMINAL. Where a rule is explained is said once, at its first finding."""
    known = {INTERNAL_ERROR}
    for finding in report.findings:
        yield from _headline(finding, report, terminal)
        yield from _body(finding, report, terminal, explain=finding.code not in known)
        yield ""
        known.add(finding.code)


def explained(finding: Finding, report: Report, terminal: Terminal) -> Iterator[str]:
    """The lines about FINDING that follow its message: its source, other places, what to do."""
    return _body(finding, report, terminal, explain=finding.code != INTERNAL_ERROR)


def _headline(finding: Finding, report: Report, terminal: Terminal) -> Iterator[str]:
    """The message, bold as far as it names the thing; what follows from it is for the second look."""
    color = COLORS[finding.severity]
    page = report.urls.get(finding.code) if terminal.links else None
    code = terminal.link(terminal.paint(f"[{finding.code}]", color), page)
    label = terminal.paint(finding.severity.label, color, "bold") + code
    indent = len(f"{finding.severity.label}[{finding.code}] ")
    message = words(escape(finding.message))
    bold = next((count for count, word in enumerate(message, start=1) if word.endswith(":")), len(message))
    for number, line in enumerate(fill(message, _prose(terminal) - indent)):
        text = (terminal.paint(" ".join(line[:bold]), "bold"), " ".join(line[bold:]))
        yield (" " * indent if number else f"{label} ") + " ".join(filter(None, text))
        bold = max(0, bold - len(line))


def _body(finding: Finding, report: Report, terminal: Terminal, *, explain: bool) -> Iterator[str]:
    source = report.source(finding.location.path)
    start = source.position(finding.location.span.start)
    rows = excerpt(source, finding.location.span, terminal.width - len(str(start.line)) - 6)
    gutter = max((len(number) for number, _, _ in rows), default=1)
    notes = list(_notes(finding, report, terminal, _prose(terminal) - gutter - 3, explain=explain))
    bar, margin = terminal.paint("|", "blue"), " " * gutter
    place = _place(report, terminal, finding.location.path, start.line, start.column)
    yield f"{margin}{terminal.paint('-->', 'blue')} {place}"
    if rows:
        yield f"{margin} {bar}"
    for number, marks, text in rows:
        shown = terminal.paint(number.rjust(gutter), "blue")
        yield f"{shown} {bar} {terminal.paint(marks, COLORS[finding.severity], 'bold')}{text}".rstrip()
    if notes:
        yield f"{margin} {bar}"
    for first, *rest in notes:
        yield f"{margin} {terminal.paint('=', 'blue')} {first}"
        yield from (f"{margin}   {line}" for line in rest)


def _notes(
    finding: Finding, report: Report, terminal: Terminal, room: int, *, explain: bool
) -> Iterator[Sequence[str]]:
    """Each note as its lines, at most ROOM columns wide."""
    yield from _related_notes(finding.related, report, terminal, room)
    if finding.fix is not None:
        hint = terminal.paint(f"({_FIX_HINTS[finding.fix.applicability]})", "dim")
        yield (f"{terminal.paint('fix:', 'green')} {escape(finding.fix.title)} {hint}",)
    if finding.withheld:
        label = "no automatic fix:"
        yield _labelled(terminal.paint(label, "yellow"), len(label), finding.withheld, room)
    if explain:
        yield (terminal.paint(f"{finding.name}: celery-lint explain {finding.code}", "dim"),)


def _related_notes(
    related: Sequence[Related], report: Report, terminal: Terminal, room: int
) -> Iterator[Sequence[str]]:
    groups = list(_alike(related))
    shown = groups if len(groups) <= _MOST_RELATED + 1 else groups[:_MOST_RELATED]
    for group in shown:
        yield _related(group, report, terminal, room)
    left = sum(map(len, groups[len(shown) :]))
    if left:
        yield (terminal.paint(f"… and {left} more", "dim"),)


def _alike(related: Sequence[Related]) -> Iterator[Sequence[Related]]:
    """RELATED, where three or more in a row say the same of one file together, else one by one."""
    for _, group in groupby(related, key=lambda each: (each.location.path, each.message)):
        same = tuple(group)
        yield from [same] if len(same) > 2 else [(each,) for each in same]


def _related(group: Sequence[Related], report: Report, terminal: Terminal, room: int) -> Sequence[str]:
    first, *others = group
    source = report.source(first.location.path)
    position = source.position(first.location.span.start)
    place = _place(report, terminal, first.location.path, position.line, position.column)
    lines = [str(source.position(each.location.span.start).line) for each in others]
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    also = f" (also lines {', '.join(lines[:_MOST_LINES])}{more})" if lines else ""
    plain = _place(report, Terminal(), first.location.path, position.line, position.column)
    return _labelled(f"{place}:", width(plain) + 1, first.message + also, room)


def _labelled(label: str, columns: int, text: str, room: int) -> Sequence[str]:
    """LABEL, which takes COLUMNS on the screen, and TEXT behind it, as lines."""
    first, *rest = (" ".join(line) for line in fill(words(escape(text)), room, used=columns))
    return f"{label} {first}".rstrip(), *rest


def _place(report: Report, terminal: Terminal, path: str, line: int, column: int) -> str:
    if path == ".":
        return escape(str(report.root))
    text = f"{escape(report.shown + path)}:{line}:{column}"
    return terminal.link(text, file_url(report.root / path) if terminal.links else None)


def _prose(terminal: Terminal) -> int:
    return min(terminal.width, _WIDEST_PROSE)
