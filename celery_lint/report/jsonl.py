"""`jsonl`: one finding a line, each as in `json`. Its schema is `schemas/finding-v1.json`."""

from __future__ import annotations

import msgspec

from celery_lint.report.json import Item, item
from celery_lint.report.model import Report
from celery_lint.report.text import printable_json


def jsonl(report: Report) -> bytes:
    """The findings of REPORT; nothing when there are none."""
    known = report.fingerprints()
    lines = (msgspec.json.encode(item(finding, report, known[finding])) for finding in report.findings)
    return b"".join(printable_json(line) + b"\n" for line in lines)


def schema() -> dict[str, object]:
    """The JSON schema of a line."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Item)}
