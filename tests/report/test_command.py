"""`--output-format` and `--report FORMAT=FILE`."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import get_args

import pytest

from celery_lint.commands.reports import Wanted, wanted
from celery_lint.errors import UserError
from celery_lint.formats import WRITERS
from celery_lint.output import FORMATS, OutputFormat
from tests.command_line import Lint


def test_every_format_has_a_writer() -> None:
    assert tuple(WRITERS) == FORMATS == get_args(OutputFormat)


@pytest.mark.parametrize("name", FORMATS)
def test_the_status_does_not_depend_on_the_format(project: Path, lint: Lint, name: str) -> None:
    assert lint("--output-format", name).status == 1
    assert lint("--output-format", name, "--fail-level", "error").status == 0


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_holds_what_stdout_would(project: Path, lint: Lint, name: str) -> None:
    done = lint("--report", f"{name}=out/report.txt", "--output-format", "concise")
    assert done.stdout.startswith("proj/app.py:8:5: info CEL408 ")
    shown = lint("--output-format", name).stdout
    written = (project / "out/report.txt").read_text(encoding="utf-8")
    if name == "html":  # links lead to files from where the page is
        assert 'href="../proj/app.py"' in written
        assert 'href="./proj/app.py"' in shown
    else:
        assert written == shown
    assert [path.name for path in (project / "out").iterdir()] == ["report.txt"]


def test_any_number_of_reports(project: Path, lint: Lint) -> None:
    done = lint(*(word for name in FORMATS for word in ("--report", f"{name}=out.{name}")), "--quiet")
    assert done.status == 1
    assert {path.suffix[1:] for path in project.glob("out.*")} == set(FORMATS)


def test_a_dash_is_stdout(project: Path, lint: Lint) -> None:
    assert lint("--report", "json=-") == lint("--output-format", "json") == lint("--report=json=-", "--report=json=-")
    done = lint("--report", "json=-", "--output-format", "concise")
    assert (done.status, done.stdout) == (2, "")
    assert done.stderr == "error: only one format can go to stdout, not concise and json\n"


def test_the_configuration_may_choose_the_format(project: Path, lint: Lint) -> None:
    (project / "celery-lint.toml").write_text("select = ['CEL408']\noutput-format = 'gitlab'\n")
    assert json.loads(lint().stdout)[0]["location"]["path"] == "backend/proj/app.py"


@pytest.mark.parametrize(
    ("reports", "problem"),
    [
        (["sarif"], '--report "sarif": write FORMAT=FILE, as in sarif=celery-lint.sarif'),
        (["json="], '--report "json=": write FORMAT=FILE, as in sarif=celery-lint.sarif'),
        (["junitt=x.xml"], '--report "junitt=x.xml": there is no format "junitt"; did you mean "junit"?'),
        (["=x"], '--report "=x": there is no format ""'),
        (["json=."], "--report: "),
        (["json=x", "junit=./x"], "--report: two reports cannot be one file, "),
    ],
)
def test_what_makes_no_sense(reports: list[str], problem: str) -> None:
    with pytest.raises(UserError) as refused:
        wanted(reports)
    assert str(refused.value).startswith(problem)


def test_a_file_may_hold_an_equals_sign() -> None:
    assert wanted(["json=a=b.json"]) == (Wanted("json", "a=b.json"),)


@pytest.mark.parametrize("other", ["--diff", "--fix-only"])
def test_what_reports_nothing(project: Path, lint: Lint, other: str) -> None:
    done = lint("--report", "json=x.json", other)
    assert done.status == 2
    assert done.stderr == f"error: {other} reports nothing that --report could write\n"


def test_a_report_is_of_what_remains(project: Path, lint: Lint) -> None:
    lint("--fix", "--unsafe-fixes", "--report", "json=x.json")
    assert json.loads((project / "x.json").read_text())["findings"] == []


def test_a_file_that_cannot_be_written(project: Path, lint: Lint) -> None:
    done = lint("--report", "json=proj/app.py/x.json", "--output-format", "concise", "--quiet")
    assert done.status == 2
    assert done.stdout.startswith("proj/app.py:8:5: info CEL408 ")
    assert done.stderr.startswith("error: proj/app.py/x.json cannot be written: ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in project.iterdir()) == [".celery_lint_cache", "celery-lint.toml", "proj"]


def test_a_link_does_not_lead_a_report_out_of_the_project(project: Path, lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (project / "x.json").symlink_to(tmp_path / "precious")
    (project / "out").symlink_to(tmp_path)
    for file in ("x.json", "out/x.json"):
        done = lint("--report", f"json={file}", "--quiet")
        assert done.status == 2
        assert f"error: {file} is a link to outside of the project: name what it leads to\n" in done.stderr
    assert (tmp_path / "precious").read_text() == "kept"
    assert lint("--report", f"json={tmp_path / 'precious'}").status == 1
    assert json.loads((tmp_path / "precious").read_text())


def test_a_link_inside_of_the_project_is_followed(project: Path, lint: Lint) -> None:
    (project / "real.json").write_text("")
    (project / "real.json").chmod(0o640)
    (project / "x.json").symlink_to("real.json")
    lint("--report", "json=x.json")
    assert (project / "x.json").is_symlink()
    assert json.loads((project / "real.json").read_text())
    assert (project / "real.json").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_written_to(project: Path, lint: Lint) -> None:
    os.mkfifo(project / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((project / "pipe").read_bytes()))
    reader.start()
    lint("--report", "jsonl=pipe")
    reader.join(10)
    assert json.loads(read[0])["code"] == "CEL408"


def test_a_run_that_is_replayed_writes_its_reports(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    cache, report = tmp_path / "cache", tmp_path / "report.json"
    options = ("--report", f"json={report}", "--output-format", "github", "--cache-dir", str(cache))
    time.sleep(0.05)
    first = lint(*options)
    whole, said = report.read_bytes(), summary.read_text()
    assert said.startswith("### celery-lint: 1 info\n")

    def forbidden(*_: object) -> None:
        raise AssertionError("it was done anew")

    report.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("celery_lint.commands.check._linted", forbidden)
        assert lint(*options) == first
    assert report.read_bytes() == whole
    assert summary.read_text() == said * 2

    # What was kept is gone or spoilt: it is done anew.
    for kept in cache.glob("reports-*"):
        kept.write_bytes(b"x")
    report.unlink()
    assert lint(*options) == first
    assert report.read_bytes() == whole

    # A run without reports keeps none.
    (project / "proj/app.py").write_text("x = 1\n")
    time.sleep(0.05)
    lint("--cache-dir", str(cache))
    assert list(cache.glob("reports-*")) == []


def test_a_report_is_no_part_of_the_project(project: Path, lint: Lint) -> None:
    file = "odd [x] !*/# r"  # without a suffix it would be read as a script
    first = lint("--report", f"json={file}")
    assert lint("--report", f"json={file}") == first
    assert lint("--no-cache", "--report", f"json={file}") == first


def test_a_report_in_the_project_does_not_keep_a_run_from_being_replayed(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--report", "junit=out/x.xml", "--report", "sarif=out/x.sarif")
    time.sleep(0.05)
    first = lint(*options)
    time.sleep(0.05)
    assert lint(*options) == first  # the folder is new
    time.sleep(0.05)
    monkeypatch.setattr("celery_lint.commands.check._linted", lambda *_: pytest.fail("it was done anew"))
    before = (project / "out/x.xml").stat().st_mtime_ns
    assert lint(*options) == first
    assert (project / "out/x.xml").stat().st_mtime_ns > before  # Jenkins wants reports of this build


def test_a_summary_that_cannot_be_written_fails_nothing(
    project: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    done = lint("--output-format", "github")
    assert done.status == 1
    assert "warning: the summary of this step could not be written: " in done.stderr


def test_statistics_as_json(project: Path, lint: Lint) -> None:
    done = lint("--statistics", "--output-format", "json")
    document = json.loads(done.stdout)
    assert document["statistics"] == [
        {"code": "CEL408", "name": "print-in-task", "severity": "info", "count": 1, "fixable": 1}
    ]
    assert document["summary"]["infos"] == 1
    assert done.status == 1


def test_statistics_beside_a_report(project: Path, lint: Lint) -> None:
    done = lint("--statistics", "--report", "jsonl=x.jsonl")
    assert done.stdout == "1  CEL408  print-in-task\n"
    assert json.loads((project / "x.jsonl").read_text())["code"] == "CEL408"


def test_statistics_need_a_format_that_counts(project: Path, lint: Lint) -> None:
    done = lint("--statistics", "--output-format", "junit")
    assert done.status == 2
    assert done.stderr == "error: --statistics goes with full, concise and json, not with junit\n"
