"""The pieces of HTML that the page of findings is made of. Everything that comes from a project is escaped here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from urllib.parse import quote

from celery_lint.finding import Applicability, Finding, Fix, Location, Related, Severity
from celery_lint.report.model import Report
from celery_lint.report.summary import by_rule
from celery_lint.report.text import escape as visible
from celery_lint.views.findings.source import difference, excerpt, inert

_FIX_HINTS = {
    Applicability.SAFE: "--fix",
    Applicability.UNSAFE: "--fix --unsafe-fixes",
    Applicability.DISPLAY: "by hand",
}
_FIRST_RELATED = 6


def groups(report: Report, way: str) -> str:
    """All findings, rule by rule, the gravest and most frequent first."""
    numbers = {id(finding): number for number, finding in enumerate(report.findings)}
    rules = sorted(by_rule(report), key=lambda findings: -findings[0].severity)
    return "".join(_group(findings, report, way, numbers) for findings in rules)


def _group(findings: Sequence[Finding], report: Report, way: str, numbers: dict[int, int]) -> str:
    first = findings[0]
    rule = report.rules.get(first.code)
    summary = f"<p>{coded(rule.summary)}</p>" if rule is not None and rule.summary else ""
    items = "".join(_finding(finding, report, way, numbers[id(finding)]) for finding in findings)
    key = f"{first.code} {first.severity.label}"
    title = f'<span class="title">{shown(first.name)}</span> <span class="count">{len(findings)}</span>'
    return (
        f'<section class="group" data-key="{shown(key)}"><header class="head"><h2>{badge(first)} {title}</h2>'
        f"{summary}{_about(first, report)}</header>{items}</section>"
    )


def badge(finding: Finding) -> str:
    """The code of the rule, in the colour of its severity."""
    return f'<span class="code {finding.severity.label}">{shown(finding.code)}</span>'


def _about(finding: Finding, report: Report) -> str:
    if finding.code not in report.rules:
        return ""
    return f'<button type="button" class="about" data-rule="{shown(finding.code)}">About this rule</button>'


def _finding(finding: Finding, report: Report, way: str, number: int) -> str:
    fix = finding.fix.applicability if finding.fix is not None else ""
    path = report.in_repository(finding.location.path)
    text = f"{finding.code} {finding.name} {finding.message} {path} {finding.entity}"
    attributes = {
        "id": f"finding-{number}",
        "data-severity": finding.severity.label,
        "data-rule": finding.code,
        "data-name": finding.name,
        "data-file": path,
        "data-fix": fix,
        "data-text": text.lower(),
    }
    opened = " ".join(f'{name}="{shown(value)}"' for name, value in attributes.items())
    source = report.source(finding.location.path)
    return (
        f'<article class="finding {finding.severity.label}" {opened}><header><h3>'
        f'<a class="self" href="#finding-{number}" aria-label="Link to this finding">{badge(finding)}</a> '
        f"{coded(finding.message)}</h3>"
        f'<p class="meta"><span class="severity">{finding.severity.label}</span>'
        f"{place(finding.location, report, way)}{_entity(finding)}{_doubt(finding)}</p></header>"
        f"{excerpt(source, finding.location.span)}{_related(finding.related, report, way)}"
        f"{_fix(finding.fix, report, way) if finding.fix else _withheld(finding)}</article>"
    )


def _entity(finding: Finding) -> str:
    kind, colon, name = finding.entity.partition(":")
    return f'<span class="entity">{shown(kind)} <code>{shown(name)}</code></span>' if colon and name else ""


def _doubt(finding: Finding) -> str:
    confidence = finding.confidence.label
    return "" if confidence == "high" else f'<span class="doubt">{confidence} confidence</span>'


def place(location: Location, report: Report, way: str) -> str:
    """LOCATION as a link to the file, which WAY leads to."""
    if location.path == ".":
        return '<span class="place">the project</span>'
    line = report.source(location.path).position(location.span.start).line
    address = quote(f"{way}{location.path}", safe="/.~-_", errors="surrogateescape")
    # A file whose first folder holds a colon is no scheme.
    address = address if address.startswith((".", "/")) else f"./{address}"
    text = shown(f"{report.in_repository(location.path)}:{line}").replace("/", "/<wbr>")
    return f'<a class="place" href="{shown(address)}" data-line="{line}">{text}</a>'


def _related(related: Sequence[Related], report: Report, way: str) -> str:
    if not related:
        return ""
    items = [
        f"<li>{place(each.location, report, way)} <span>{coded(each.message)}</span>{_peek(each, report)}</li>"
        for each in related
    ]
    seen, more = items[:_FIRST_RELATED], items[_FIRST_RELATED:]
    folded = f"<details><summary>{len(more)} more</summary><ul>{''.join(more)}</ul></details>" if more else ""
    return f'<div class="related"><h4>Other places</h4><ul>{"".join(seen)}</ul>{folded}</div>'


def _peek(each: Related, report: Report) -> str:
    """The source of another place, folded."""
    source = excerpt(report.source(each.location.path), each.location.span)
    return f'<details class="peek"><summary>source</summary>{source}</details>' if source else ""


def _fix(fix: Fix, report: Report, way: str) -> str:
    files = groupby(sorted(fix.edits, key=lambda edit: (edit.path, edit.span)), key=lambda edit: edit.path)
    many = len({edit.path for edit in fix.edits}) > 1
    parts = "".join(
        f"{f'<h4>{shown(path)}</h4>' if many else ''}{difference(report.source(path), edits)}" for path, edits in files
    )
    hint = _FIX_HINTS[fix.applicability]
    title = f'<strong>Fix</strong> {coded(fix.title)} <span class="how {fix.applicability}">{hint}</span>'
    return f'<details class="fix" open><summary>{title}</summary>{parts}</details>'


def _withheld(finding: Finding) -> str:
    if not finding.withheld:
        return ""
    return f'<p class="withheld"><strong>No automatic fix</strong> {coded(finding.withheld)}</p>'


def severities(report: Report) -> str:
    """A switch for each severity, and one for what can be fixed."""
    return "".join(_switches(report))


def _switches(report: Report) -> Iterator[str]:
    for severity in sorted(Severity, reverse=True):
        if count := report.count(severity):
            plural = severity.label if count == 1 or severity is Severity.INFO else f"{severity.label}s"
            yield _switch("severity", severity.label, f"<b>{count}</b> {plural}", severity.label)
    if fixable := sum(finding.fix is not None for finding in report.findings):
        yield _switch("fix", "fix", f"<b>{fixable}</b> with a fix", "fixable")


def _switch(what: str, value: str, label: str, kind: str) -> str:
    return (
        f'<button type="button" class="switch {kind}" data-what="{what}" data-value="{value}" '
        f'aria-pressed="false">{label}</button>'
    )


def shown(text: str) -> str:
    """TEXT as it is, in HTML; what cannot be seen spelt out."""
    return inert(visible(text))


def coded(message: str) -> str:
    """MESSAGE with what stands between backticks as code."""
    pieces = [shown(piece) for piece in message.split("`")]
    if len(pieces) % 2 == 0:
        return "`".join(pieces)
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
