"""`--statistics` as JSON, version 1. Its schema is `schemas/statistics-v1.json`."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from celery_lint import __version__
from celery_lint.finding import Applicability, Finding
from celery_lint.report.json import SEVERITIES, Number, Ordinal, SeverityWord, Summary, Tool, summary_of
from celery_lint.report.model import Report
from celery_lint.report.summary import by_rule
from celery_lint.report.text import printable_json


class Count(Struct, frozen=True):
    """How often a rule was broken."""

    code: str
    name: str
    severity: SeverityWord
    count: Ordinal
    fixable: Number


class Document(Struct, frozen=True):
    """What `--statistics --output-format json` writes."""

    version: Literal[1]
    tool: Tool
    statistics: tuple[Count, ...]
    summary: Summary


def counts(report: Report) -> bytes:
    """How often each rule was broken in REPORT, the most frequent first, as UTF-8."""
    document = Document(
        version=1,
        tool=Tool("celery-lint", __version__),
        statistics=tuple(_count(findings) for findings in by_rule(report)),
        summary=summary_of(report),
    )
    return printable_json(msgspec.json.format(msgspec.json.encode(document), indent=2)) + b"\n"


def schema() -> dict[str, object]:
    """The JSON schema of what `counts` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Document)}


def _count(findings: tuple[Finding, ...]) -> Count:
    first = findings[0]
    fixable = sum(_is_fixable(finding) for finding in findings)
    return Count(first.code, first.name, SEVERITIES[first.severity], len(findings), fixable)


def _is_fixable(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.applicability is not Applicability.DISPLAY
