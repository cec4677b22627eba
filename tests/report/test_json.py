"""`json`, `jsonl` and the statistics: held to the schemas that we publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from celery_lint.report.counts import counts
from celery_lint.report.json import json as whole
from celery_lint.report.jsonl import jsonl
from celery_lint.report.model import Report
from celery_lint.report.text import escape
from tests.report.samples import NASTY, ODD_PATH, hostile, plain, report

SCHEMAS = Path(__file__).parent.parent.parent / "celery_lint/schemas"
REPORTS = pytest.mark.parametrize("each", [report(), report(plain()), hostile()], ids=["clean", "plain", "hostile"])


def valid(data: bytes, name: str) -> Any:
    document = json.loads(data)
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


@REPORTS
def test_the_document_is_as_published(each: Report) -> None:
    assert len(valid(whole(each), "findings-v1")["findings"]) == len(each.findings)


@REPORTS
def test_a_line_is_what_the_document_holds(each: Report) -> None:
    lines = [valid(line, "finding-v1") for line in jsonl(each).splitlines()]
    assert lines == json.loads(whole(each))["findings"]


@REPORTS
def test_statistics_are_as_published(each: Report) -> None:
    document = valid(counts(each), "statistics-v1")
    assert sum(count["count"] for count in document["statistics"]) == len(each.findings)
    assert document["summary"] == json.loads(whole(each))["summary"]


def test_what_was_found_is_read_back() -> None:
    first = json.loads(jsonl(hostile()).splitlines()[0])
    assert first["path"] == ODD_PATH
    assert first["message"] == escape(NASTY)
    assert first["fix"]["edits"][0]["text"] == "名前 = '</script>]]>##[x]'\n"


def test_a_log_shows_visible_characters_and_no_command() -> None:
    for data in (whole(hostile()), jsonl(hostile()), counts(hostile())):
        assert all(line.isprintable() for line in data.decode().split("\n"))
        assert b"##[" not in data
        assert b"##vso[" not in data
