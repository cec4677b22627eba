"""`github`: workflow commands, which GitHub shows as annotations beside the code, and the summary of a step."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape as html_escape
from urllib.parse import quote

from celery_lint.finding import Finding, Severity
from celery_lint.report.markdown import inert, message_html
from celery_lint.report.model import Report
from celery_lint.report.summary import afterwards, counted, what_was_read
from celery_lint.report.text import escape

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_ICONS = {Severity.ERROR: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
_MOST_RELATED = 5
# A summary of more than a megabyte is refused as a whole, and nobody reads more rows than these.
_MOST_ROWS, _MOST_BYTES = 200, 900_000


def github(report: Report) -> bytes:
    """A workflow command for each finding of REPORT. The gravest come first: GitHub shows ten of each kind a step."""
    findings = sorted(report.findings, key=lambda finding: -finding.severity)
    return "".join(f"{_command(finding, report)}\n" for finding in findings).encode()


def _command(finding: Finding, report: Report) -> str:
    start, end = report.lines(finding.location)
    properties: dict[str, object] = {
        "title": f"{finding.code} {finding.name}",
        "file": escape(report.in_repository(finding.location.path)),
        "line": start.line,
        "endLine": end.line,
    }
    if start.line == end.line:  # else GitHub takes none
        properties |= {"col": start.column, "endColumn": end.column}
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    said = "\n".join(_said(finding, report))
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(said)}"


def _said(finding: Finding, report: Report) -> Iterator[str]:
    """The lines of an annotation. The log shows nothing else, so that the place is among them."""
    yield escape(finding.message)
    yield f"--> {_place(finding.location.path, report.lines(finding.location)[0].line, report)}"
    for related in finding.related[:_MOST_RELATED]:
        line = report.lines(related.location)[0].line
        yield f"= {_place(related.location.path, line, report)}: {escape(related.message)}"
    if finding.fix is not None:
        yield f"= fix ({finding.fix.applicability}): {escape(finding.fix.title)}"


def _place(path: str, line: int, report: Report) -> str:
    return f"{escape(report.in_repository(path))}:{line}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def step_summary(report: Report, links: str = "") -> str:
    """REPORT as Markdown for the page of a workflow run. LINKS is the address that paths of the repository follow."""
    read = " ".join((what_was_read(report), *(f"{each}." for each in afterwards(report))))
    return "\n".join((f"### celery-lint: {_counts(report)}", "", *_table(report, links), inert(read), "", ""))


def _counts(report: Report) -> str:
    counts = {severity: report.count(severity) for severity in sorted(Severity, reverse=True)}
    named = [counted(count, severity.label) for severity, count in counts.items() if count]
    return ", ".join(named) or "no findings ✅"


def _table(report: Report, links: str) -> Iterator[str]:
    if not report.findings:
        return
    yield from ("| | Finding |", "|---|---|")
    findings = sorted(report.findings, key=lambda finding: -finding.severity)
    room, shown = _MOST_BYTES, 0
    for finding in findings[:_MOST_ROWS]:
        row = f"| {' | '.join(_row(finding, report, links))} |"
        room -= len(row.encode("utf-8", "backslashreplace"))
        if room < 0:
            break
        shown += 1
        yield row
    yield ""
    if shown < len(findings):
        yield from (f"… and {len(findings) - shown} more.", "")


def _row(finding: Finding, report: Report, links: str) -> tuple[str, ...]:
    line = report.lines(finding.location)[0].line
    rule, page = f"<strong>{inert(finding.code)}</strong> {inert(finding.name)}", report.urls.get(finding.code)
    rule = f'<a href="{html_escape(page)}">{rule}</a>' if page else rule
    place = _linked(report.in_repository(finding.location.path), line, links)
    said = [f"{rule} in {place}", message_html(finding.message)]
    said += [f"Fix ({finding.fix.applicability}): {message_html(finding.fix.title)}"] if finding.fix is not None else []
    return f'<span title="{finding.severity.label}">{_ICONS[finding.severity]}</span>', "<br>".join(said)


def _linked(path: str, line: int, links: str) -> str:
    shown = f"<code>{inert(path)}:{line}</code>"
    if not links:
        return shown
    address = f"{links}{quote(path, errors='surrogateescape')}#L{line}"
    return f'<a href="{html_escape(address)}">{shown}</a>'
