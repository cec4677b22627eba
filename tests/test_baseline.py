"""The baseline: what it hides, what it does not, and what becomes of its file."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from celery_lint.baseline import FILE
from tests.command_line import Lint
from tests.mangle import mangle

HEAD = '{"baseline":"celery-lint","version":1}\n'
APP = "from celery import Celery\n\napp = Celery('proj', broker='redis://localhost')\napp.conf.task_time_limit = 60\n"
TASKS = """from proj.app import app


@app.task
def add(x, y):
    print(x)
    return x + y
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj/__init__.py").touch()
    (tmp_path / "proj/app.py").write_text(APP)
    (tmp_path / "proj/tasks.py").write_text(TASKS)
    (tmp_path / "celery-lint.toml").write_text("select = ['CEL408', 'CEL501', 'CEL403']\nfail-level = 'info'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def entries(project: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (project / FILE).read_text().splitlines()[1:]]


def test_only_what_is_new_is_reported(project: Path, lint: Lint) -> None:
    assert lint().status == 1
    done = lint("baseline")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == f"Wrote {FILE}: 1 entry. Commit it: from now on only others are reported.\n"
    assert [(each["path"], each["code"], each["entity"]) for each in entries(project)] == [
        ("proj/tasks.py", "CEL408", "task:proj.tasks.add")
    ]
    done = lint()
    assert (done.status, done.stdout) == (0, "")
    assert "No findings; 1 in the baseline." in done.stderr
    (project / "proj/tasks.py").write_text(f"# moved\n{TASKS.replace('x', 'amount')}\n    print(y)\n".replace(
        "    return amount + y\n\n    print(y)\n", "    print(y)\n    return amount + y\n"))  # fmt: skip
    done = lint("--output-format", "concise")
    assert done.status == 1
    assert done.stdout.startswith("proj/tasks.py:8:5: info CEL408 ")
    assert "Found 1 info; 1 fixable with --fix --unsafe-fixes." in done.stderr


def test_it_is_in_the_json(project: Path, lint: Lint) -> None:
    (project / "proj/tasks.py").write_text(TASKS.replace("    print(x)\n", "    print(x)\n" * 3))
    before = [each["fingerprint"] for each in json.loads(lint("--output-format", "json").stdout)["findings"]]
    lint("baseline")
    assert len(entries(project)) == 3  # one finding, made three times
    assert before[0] in {each["fingerprint"] for each in entries(project)}
    (project / "proj/tasks.py").write_text(TASKS.replace("    print(x)\n", "    print(x)\n" * 5))
    document = json.loads(lint("--output-format", "json").stdout)
    assert document["summary"]["baselined"] == 0
    (finding,) = document["findings"]
    assert (finding["line"], [each["line"] for each in finding["related"]]) == (9, [10])
    assert finding["fingerprint"] not in {each["fingerprint"] for each in entries(project)}


def test_what_is_gone_is_said_and_pruned(project: Path, lint: Lint) -> None:
    lint("baseline")
    (project / "proj/tasks.py").write_text(
        TASKS.replace("print(x)", "pass").replace("return", "print(x, y)\n    return")
    )
    done = lint()
    assert done.status == 1
    assert "1 entry of the baseline matches nothing any more: celery-lint baseline --prune." in done.stderr
    assert lint("baseline", "--prune").stderr == f"Wrote {FILE}: 0 entries (0 new, 1 gone).\n"
    assert (project / FILE).read_text() == HEAD
    assert lint("baseline", "--prune").stderr == f"{FILE} is up to date: 0 entries.\n"
    assert lint().status == 1  # pruning added nothing
    assert lint("baseline").stderr == f"Wrote {FILE}: 1 entry (1 new, 0 gone).\n"


def test_rules_that_did_not_run_are_not_stale(project: Path, lint: Lint) -> None:
    lint("baseline")
    assert "matches nothing" not in lint("--select", "CEL501").stderr
    before = (project / FILE).read_text()
    assert lint("baseline", "--select", "CEL501").stderr == f"{FILE} is up to date: 1 entry.\n"
    assert lint("baseline", "--prune", "--select", "CEL501").status == 0
    assert (project / FILE).read_text() == before
    # A rule that there is no more is stale, though.
    (project / FILE).write_text(before.replace("CEL408", "CEL399"))
    assert "1 entry of the baseline matches nothing" in lint("--select", "CEL501").stderr


def test_a_part_of_the_project(project: Path, lint: Lint) -> None:
    (project / "proj/other.py").write_text(TASKS.replace("add", "sub"))
    lint("baseline", "proj/other.py")
    assert {each["path"] for each in entries(project)} == {"proj/other.py"}
    (project / "proj/other.py").write_text(TASKS.replace("add", "sub").replace("print(x)", "pass"))
    lint("baseline", "proj/tasks.py")
    assert {each["path"] for each in entries(project)} == {"proj/other.py", "proj/tasks.py"}
    lint("baseline")
    assert {each["path"] for each in entries(project)} == {"proj/tasks.py"}


def test_a_file_that_moved_is_followed(project: Path, lint: Lint) -> None:
    (project / "proj/tasks.py").write_text(
        TASKS + "\n\ndef helper():\n    print(1)\n\n\n@app.task\ndef b():\n    helper()\n"
    )
    lint("baseline")
    assert len(entries(project)) == 2
    (project / "proj/jobs").mkdir()
    (project / "proj/tasks.py").rename(project / "proj/jobs/every_day.py")
    done = lint()
    assert done.status == 0, done.stdout
    assert "No findings; 2 in the baseline." in done.stderr
    assert lint("baseline", "--prune").stderr == f"Wrote {FILE}: 2 entries (2 new, 2 gone).\n"
    assert {each["path"] for each in entries(project)} == {"proj/jobs/every_day.py"}
    assert {each["entity"] for each in entries(project)} == {
        "task:proj.jobs.every_day.add", "function:proj/jobs/every_day.py:helper",
    }  # fmt: skip


def test_a_copy_is_new(project: Path, lint: Lint) -> None:
    lint("baseline")
    (project / "proj/other.py").write_text(TASKS)
    assert lint().status == 1


def test_a_clean_project_needs_none(project: Path, lint: Lint) -> None:
    (project / "proj/tasks.py").write_text(TASKS.replace("print(x)", "pass"))
    done = lint("baseline")
    assert (done.status, done.stderr) == (0, "No findings: there is nothing to put into a baseline.\n")
    assert not (project / FILE).exists()


def test_where_it_is(project: Path, lint: Lint) -> None:
    config = project / "celery-lint.toml"
    config.write_text(config.read_text() + "baseline = 'ci/known.jsonl'\n")
    assert "celery-lint.toml:3: there is no file" in lint().stderr
    (project / "ci").mkdir()
    assert lint("baseline").status == 0
    assert (project / "ci/known.jsonl").exists()
    assert lint().status == 0
    assert lint("--no-baseline").status == 1
    assert lint("--isolated", "--select", "CEL408", "--fail-level", "info").status == 1
    assert lint("--isolated", "--select", "CEL408", "--fail-level", "info", "--baseline", "ci/known.jsonl").status == 0
    assert "--baseline: there is no file" in lint("--baseline", "nowhere").stderr
    assert lint("--baseline", "x", "--no-baseline").status == 2
    config.write_text(config.read_text().replace("ci/", "../"))
    assert lint().stderr.endswith("is outside of the project: name it with --baseline to use it\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("{}\n", ":1: it is damaged"),
        ('{"baseline":"other","version":1}\n', "this is no baseline of celery-lint"),
        (HEAD.replace("1", "2"), "it has version 2, and this celery-lint knows version 1"),
        (HEAD + '{"path":1}\n', ":2: it is damaged"),
        (HEAD + '{"path":"a"', ":2: it is damaged"),
        (HEAD + "<<<<<<< HEAD\n", ":2: it holds marks of a merge"),
        ("[" * 100_000, ":1: it is damaged"),
        ("\x00", ":1: it is damaged"),
    ],
)
def test_what_is_no_baseline(project: Path, lint: Lint, text: str, says: str) -> None:
    (project / FILE).write_text(text)
    for command in ((), ("baseline",), ("baseline", "--prune")):
        done = lint(*command)
        assert done.status == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert says in done.stderr


def test_what_two_branches_added_is_merged(project: Path, lint: Lint) -> None:
    lint("baseline")
    text = (project / FILE).read_text()
    (project / FILE).write_bytes((text + text.splitlines()[1] + "\n\n").replace("\n", "\r\n").encode())
    assert "No findings; 1 in the baseline." in lint().stderr
    assert lint("baseline").stderr == f"Wrote {FILE}: 1 entry (0 new, 0 gone).\n"
    assert (project / FILE).read_text() == text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system")
def test_a_pipe_blocks_nobody(project: Path, lint: Lint) -> None:
    os.mkfifo(project / FILE)
    assert "it is no regular file" in lint().stderr
    assert lint("baseline").status == 2


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_does_not_lead_it_out_of_the_project(
    project: Path, lint: Lint, tmp_path_factory: pytest.TempPathFactory, exists: bool
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x"
    if exists:
        outside.write_text(HEAD)
    (project / FILE).symlink_to(outside)
    for command in ((), ("baseline",)):
        assert "is outside of the project: name it with --baseline to use it" in lint(*command).stderr
    assert outside.exists() is exists


def test_one_that_cannot_be_written(project: Path, lint: Lint) -> None:
    lint("baseline")
    (project / FILE).chmod(0o444)
    (project / "proj/tasks.py").write_text(TASKS.replace("print(x)", "print(x, y)"))
    done = lint("baseline")
    assert (done.status, "cannot be written: it is read-only" in done.stderr) == (2, True)
    assert "nowhere/x cannot be written: No such file" in lint("baseline", "--baseline", "nowhere/x").stderr


def test_a_remembered_run_depends_on_it(project: Path, lint: Lint) -> None:
    for _ in range(2):
        assert lint().status == 1
    lint("baseline")
    for _ in range(2):
        assert lint().status == 0
    (project / FILE).write_text(HEAD)
    for _ in range(2):
        assert lint().status == 1
    (project / FILE).unlink()
    assert lint().status == 1


def test_fixes_leave_alone_what_is_hidden(project: Path, lint: Lint) -> None:
    lint("baseline")
    (project / "proj/tasks.py").write_text(TASKS + "\n\n@app.task\ndef b(x):\n    print(x)\n")
    assert lint("--statistics").stdout == "1  CEL408  print-in-task\n"
    done = lint("--fix", "--unsafe-fixes")
    assert (project / "proj/tasks.py").read_text().count("print(x)") == 1
    assert "No findings; 1 in the baseline." in done.stderr


PROJECTS = Path(__file__).parent / "fixtures/projects"
MISTAKE = "\n\nfrom celery import shared_task\n\n\n@shared_task(bind=True)\ndef brand_new():\n    pass\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in PROJECTS.iterdir() if path.is_dir()))
def test_whole_projects_moved_renamed_and_reformatted(
    name: str, tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing new is reported; then one mistake is made, and that is."""
    root = tmp_path / name
    shutil.copytree(PROJECTS / name, root)
    monkeypatch.chdir(root)
    strict = ("--preset", "strict", "--fail-level", "info", "--output-format", "concise")
    lint("baseline", "--preset", "strict")
    before = {path: path.read_bytes() for path in root.rglob("*.py")}
    mangle(root)
    assert all(path.read_bytes() != data for path, data in before.items() if data.strip())
    done = lint(*strict)
    assert done.stdout == ""
    assert "of the baseline match" not in done.stderr
    tasks = next((path for path, data in sorted(before.items()) if re.search(rb"^@.*task", data, re.MULTILINE)), None)
    if tasks is None or not (root / FILE).exists():
        return
    tasks.write_text(tasks.read_text() + MISTAKE)
    found = lint(*strict).stdout.splitlines()
    assert any(" CEL403 " in line for line in found)
    assert all("brand_new" in line for line in found), found
