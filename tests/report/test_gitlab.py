"""`gitlab`: a code quality report, held to what GitLab documents."""

from __future__ import annotations

import json

import jsonschema
import pytest

from celery_lint.report.gitlab import gitlab
from celery_lint.report.model import Report
from tests.report.samples import SCHEMAS, hostile, plain, report


@pytest.mark.parametrize("each", [report(), report(plain()), hostile()], ids=["clean", "plain", "hostile"])
def test_it_is_as_documented(each: Report) -> None:
    schema = json.loads((SCHEMAS / "gitlab-code-quality.json").read_text(encoding="utf-8"))
    issues = json.loads(gitlab(each))
    jsonschema.Draft202012Validator(schema).validate(issues)
    assert len(issues) == len(each.findings)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_an_issue() -> None:
    (issue,) = json.loads(gitlab(report(plain(), repository="backend/")))
    assert issue["location"] == {"path": "backend/proj/tasks.py", "lines": {"begin": 1, "end": 1}}
    assert issue["severity"] == "critical"
    assert issue["check_name"] == "CEL102"
    assert issue["description"].startswith("CEL102 run-until-complete-in-task: task `send` drives")


def test_what_is_about_the_project_is_in_a_file() -> None:
    assert json.loads(gitlab(hostile()))[-1]["location"]["path"] == "backend/pyproject.toml"


def test_fingerprints_stay_when_findings_go() -> None:
    twice = [issue["fingerprint"] for issue in json.loads(gitlab(report(plain(), plain())))]
    once = [issue["fingerprint"] for issue in json.loads(gitlab(report(plain())))]
    assert twice[:1] == once
