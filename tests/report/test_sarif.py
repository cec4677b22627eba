"""`sarif`: held to the schema of the standard, and to what GitHub code scanning takes."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from msgspec.structs import replace

from celery_lint.catalogue import load_catalogue
from celery_lint.finding import Applicability, Edit, Fix, Location, Severity, Span
from celery_lint.fix.patch import patched
from celery_lint.report.help import description, help_markdown, help_text
from celery_lint.report.model import Report
from celery_lint.report.sarif import sarif
from tests.report.samples import ODD_PATH, SCHEMAS, hostile, plain, report

RULES = {rule.code: rule for rule in load_catalogue().rules}


@cache
def validator() -> Any:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def run_of(each: Report) -> dict[str, Any]:
    log = json.loads(sarif(replace(each, rules=RULES)))
    validator().validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("each", [report(), report(plain()), hostile()], ids=["clean", "plain", "hostile"])
def test_it_is_as_the_standard_wants_it(each: Report) -> None:
    run = run_of(each)
    assert len(run["results"]) == len([one for one in each.findings if one.code != "internal-error"])
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result() -> None:
    run = run_of(report(plain(), repository="backend/"))
    (result,) = run["results"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "backend/proj/tasks.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 7},
            },
            "logicalLocations": [{"fullyQualifiedName": "proj.tasks.send", "kind": "task"}],
        }
    ]
    assert (result["ruleId"], result["level"]) == (rule["id"], "error") == ("CEL102", "error")
    assert list(result["partialFingerprints"]) == ["celeryLint/v1", "primaryLocationLineHash"]
    assert rule["properties"] == {
        "tags": ["celery", "event-loop"], "precision": "high", "problem.severity": "error",
    }  # fmt: skip
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_what_github_requires() -> None:
    """https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning"""
    run = run_of(hostile())
    rules = run["tool"]["driver"]["rules"]
    for rule in rules:
        for name in ("shortDescription", "fullDescription", "help"):
            assert rule[name]["text"]
        assert len(rule["name"]) <= 255
        assert len(rule["fullDescription"]["text"]) <= 1024
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert re.fullmatch(r"[\w./%~-]+", place["artifactLocation"]["uri"])
        assert not place["artifactLocation"]["uri"].startswith(("/", "."))
        assert set(place["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}


def test_names_of_files_are_kept() -> None:
    first = run_of(hostile())["results"][0]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == f"backend/{ODD_PATH}"
    assert "%3A" in uri


def test_severities() -> None:
    results = run_of(report(*(plain(severity=severity) for severity in Severity)))["results"]
    assert [result["level"] for result in results] == ["note", "warning", "error"]


def test_other_places_are_linked_and_nothing_else_is() -> None:
    first = run_of(hostile())["results"][0]
    links = re.findall(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]\(([^)]*)\)", first["message"]["text"])
    assert [target for _, target in links] == ["1", "2"]
    assert [place["id"] for place in first["relatedLocations"]] == [1, 2]
    assert "evil.example" in first["message"]["text"]


def test_a_crash_is_no_result() -> None:
    run = run_of(hostile())
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert len(invocation["toolExecutionNotifications"]) == 1
    assert {result["ruleId"] for result in run["results"]} == {"CEL102"}


def applied(text: str, replacements: list[dict[str, Any]]) -> str:
    """TEXT after REPLACEMENTS, as an editor makes them: by line and column, in characters."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    offsets = []
    for each in replacements:
        region = each["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        offsets.append((start, end, each["insertedContent"]["text"]))
    for start, end, new in sorted(offsets, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def test_fixes_can_be_applied() -> None:
    each = hostile()
    fix = each.findings[0].fix
    assert fix is not None
    (shown,) = run_of(each)["results"][0]["fixes"]
    assert shown["properties"] == {"applicability": "unsafe"}
    for change in shown["artifactChanges"]:
        path = unquote(change["artifactLocation"]["uri"]).removeprefix("backend/")
        source = each.source(path)
        ours = patched(source, [edit for edit in fix.edits if edit.path == path])
        assert applied(source.data.decode(), change["replacements"]) == ours.decode()
    assert len(shown["artifactChanges"]) == 2


def test_a_fix_without_edits_is_none() -> None:
    display = Fix("By hand", Applicability.DISPLAY, ())
    assert "fixes" not in run_of(report(plain(fix=display)))["results"][0]


def test_the_end_of_a_line_is_not_the_next_line() -> None:
    whole = plain(location=Location("proj/tasks.py", Span(0, 15)), fix=Fix("x", Applicability.SAFE, (
        Edit("proj/tasks.py", Span(0, 15), ""),
    )))  # fmt: skip
    (result,) = run_of(report(whole))["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["endLine"] == 1
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["deletedRegion"]["endLine"] == 2


def test_rules_about_security_say_so() -> None:
    (rule,) = run_of(report(plain(code="CEL805")))["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "8.1"
    assert "security" in rule["properties"]["tags"]


def test_nothing_in_it_commands_a_build() -> None:
    assert b"##[" not in sarif(hostile())
    assert b"##vso[" not in sarif(hostile())


def test_the_help_of_every_rule() -> None:
    for rule in RULES.values():
        markdown, text = help_markdown(rule), help_text(rule)
        assert markdown.startswith("## What it finds\n")
        for each in (markdown, text):
            assert "<!--" not in each
            assert "# error:" not in each
            assert not re.search(r"\]\((?!https?://)", each)
        assert "```" not in text
        assert markdown.count("```") % 2 == 0
        assert 20 < len(description(rule)) <= 1024, rule.code
