"""`junit`: read by a parser, and held to the schema of Jenkins."""

from __future__ import annotations

import io

import pytest
import xmlschema
from junitparser import Error, Failure, JUnitXml, Skipped

from celery_lint.finding import Severity
from celery_lint.report.junit import junit
from celery_lint.report.model import Report
from tests.report.samples import NASTY, SCHEMAS, hostile, plain, report


def read(data: bytes) -> JUnitXml:
    return JUnitXml.fromroot(JUnitXml.fromstring(data)._elem)


@pytest.mark.parametrize("each", [report(), report(plain()), hostile()], ids=["clean", "plain", "hostile"])
def test_it_is_as_jenkins_wants_it(each: Report) -> None:
    xmlschema.XMLSchema10(str(SCHEMAS / "junit-10.xsd")).validate(io.BytesIO(junit(each)))


def test_nothing_found_is_a_test_that_passed() -> None:
    (suite,) = read(junit(report()))
    (case,) = suite
    assert case.is_passed
    assert (suite.tests, suite.failures) == (1, 0)


def test_what_fails_the_run_is_a_test_that_failed() -> None:
    findings = [plain(severity=severity) for severity in Severity]
    (suite,) = read(junit(report(*findings, fails_from=Severity.WARNING)))
    assert [type(case.result[0]) for case in suite] == [Skipped, Failure, Failure]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (3, 2, 0, 1)
    assert [case.name for case in suite] == [
        "CEL102 run-until-complete-in-task (task:proj.tasks.send)",
        "CEL102 run-until-complete-in-task (task:proj.tasks.send) #2",
        "CEL102 run-until-complete-in-task (task:proj.tasks.send) #3",
    ]
    assert {case.classname for case in suite} == {"proj.tasks"}
    assert suite.name == "proj/tasks.py"


def test_a_parser_reads_back_what_was_found() -> None:
    suites = list(read(junit(hostile())))
    (nasty, *_), (crash,) = suites
    assert isinstance(crash.result[0], Error)
    assert "проект.задачи.отправить" in nasty.name
    assert nasty.result[0].message.startswith("`проект.задачи.отправить` 🚀 \\u202eevil\\u2066 ::error::x ##vso[")
    assert "\\x1b[31m\\x00\\x07\\xff\\x0a::stop-commands::x" in nasty.result[0].message
    assert "отправить.delay('</script>')" in nasty.result[0].text


def test_nothing_in_it_commands_a_build() -> None:
    data = junit(hostile()).decode()
    assert "##[" not in data
    assert "##vso[" not in data
    assert NASTY not in data
