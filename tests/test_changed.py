"""`--changed`: the findings that touch what has changed, wherever they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from celery_lint.changes import LineSet, carried
from tests.command_line import Lint
from tests.repositories import commit, git, put

APP = """from celery import Celery

app = Celery('proj', broker='redis://localhost', include=['proj.tasks'])
app.conf.task_time_limit = 60
app.conf.task_routes = {'proj.tasks.mail': {'queue': 'mail'}}
"""
TASKS = """from proj.app import app


@app.task
def mail(x):
    print(x)


@app.task
def add(x):
    print(x)
    return x
"""
COMPOSE = "services:\n  worker:\n    command: celery -A proj.app worker -Q celery,mail\n"
CONFIG = "select = ['CEL408', 'CEL205']\nfail-level = 'info'\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {"proj/__init__.py": "", "proj/app.py": APP, "proj/tasks.py": TASKS, "docker-compose.yml": COMPOSE,
             "celery-lint.toml": CONFIG, ".gitignore": ".celery_lint_cache/\n"}  # fmt: skip
    commit(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(lint: Lint, *arguments: str) -> list[str]:
    """Where what is found is."""
    lines = lint("--output-format", "concise", *arguments).stdout.splitlines()
    return [f"{':'.join(line.split(':')[:2])} {line.split()[2]}" for line in lines]


def test_nothing_has_changed(project: Path, lint: Lint) -> None:
    assert len(found(lint)) == 2
    done = lint("--changed")
    assert (done.status, done.stdout) == (0, "")
    at = git(project, "rev-parse", "HEAD")[:9]
    assert f"Compared with HEAD ({at}): 0 of 1 files that findings are about have changed." in done.stderr
    assert "No findings; 2 more elsewhere, as before." in done.stderr


def test_only_lines_that_changed_count(project: Path, lint: Lint) -> None:
    put(
        project,
        {"proj/tasks.py": "# first\n" + TASKS.replace("    print(x)\n    return", "    print(x, 1)\n    return")},
    )
    assert found(lint, "--changed") == ["proj/tasks.py:12 CEL408"]
    git(project, "add", "--all")
    assert found(lint, "--changed") == ["proj/tasks.py:12 CEL408"]
    git(project, "commit", "--quiet", "--message", "x")
    assert found(lint, "--changed") == []
    assert found(lint, "--changed", "HEAD~1") == found(lint, "--changed=HEAD~1") == ["proj/tasks.py:12 CEL408"]


def test_any_place_of_a_finding_counts(project: Path, lint: Lint) -> None:
    put(project, {"docker-compose.yml": COMPOSE.replace(",mail", "")})
    done = lint("--output-format", "json", "--changed")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["code"], finding["path"]) == ("CEL205", "proj/app.py")
    assert "docker-compose.yml" in {each["path"] for each in finding["related"]}


def test_what_is_found_because_of_lines_that_are_gone_counts(project: Path, lint: Lint) -> None:
    put(project, {"proj/app.py": APP.replace("app.conf.task_time_limit = 60\n", "")})
    chosen = ("--changed", "--select", "CEL501,CEL408,CEL204")
    assert found(lint, *chosen) == ["proj/app.py:3 CEL501"]
    put(project, {"proj/app.py": APP})
    assert found(lint, *chosen) == []
    # A task and its file have another name. What was found in it of another task is not new.
    put(project, {"proj/tasks.py": TASKS.replace("def mail", "def post")})
    (project / "proj/tasks.py").rename(project / "proj/jobs.py")
    put(project, {"proj/app.py": APP.replace("include=['proj.tasks']", "include=['proj.jobs']")})
    places = [line.split()[0] for line in found(lint, *chosen)]
    assert places == ["proj/app.py:5", "proj/jobs.py:6"]  # the route of the task that was, and the other task


def test_a_new_file_counts_whole_and_a_moved_one_does_not(project: Path, lint: Lint) -> None:
    put(project, {"proj/other.py": TASKS.replace("mail", "a").replace("add", "b")})
    (project / "proj/tasks.py").rename(project / "proj/jobs.py")
    assert found(lint, "--changed", "--select", "CEL408") == ["proj/other.py:6 CEL408", "proj/other.py:11 CEL408"]


def test_a_project_below_the_repository(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, {"services/one/proj/tasks.py": TASKS, "services/one/proj/app.py": APP,
                      "services/one/celery-lint.toml": CONFIG})  # fmt: skip
    put(tmp_path, {"services/one/proj/tasks.py": TASKS.replace("    print(x)\n", "    print(x, 2)\n", 1)})
    monkeypatch.chdir(tmp_path)
    assert found(lint, "--changed", "HEAD", "services/one") == ["services/one/proj/tasks.py:6 CEL408"]
    assert found(lint, "services/one", "--changed") == ["services/one/proj/tasks.py:6 CEL408"]


def test_a_remembered_run_depends_on_the_commit(project: Path, lint: Lint) -> None:
    put(project, {"proj/tasks.py": TASKS.replace("    print(x)\n", "    print(x, 2)\n", 1)})
    for _ in range(2):
        assert found(lint, "--changed") == ["proj/tasks.py:6 CEL408"]
    commit(project)
    for _ in range(2):
        assert found(lint, "--changed") == []
    put(project, {"proj/tasks.py": TASKS})
    for _ in range(2):
        assert found(lint, "--changed") == ["proj/tasks.py:6 CEL408"]


def test_with_paths_and_a_baseline(project: Path, lint: Lint) -> None:
    lint("baseline")
    put(project, {"proj/other.py": TASKS.replace("mail", "a").replace("add", "b"), "proj/tasks.py": TASKS + "x = 1\n"})
    assert found(lint, "--changed") == ["proj/other.py:6 CEL408", "proj/other.py:11 CEL408"]
    assert found(lint, "proj/tasks.py", "--changed") == []
    assert "2 in the baseline" in lint("--changed").stderr
    assert lint("--changed", "--statistics").stdout == "2  CEL408  print-in-task\n"


def test_only_what_changed_is_fixed(project: Path, lint: Lint) -> None:
    put(project, {"proj/tasks.py": TASKS.replace("    print(x)\n    return", "    print(x, 1)\n    return")})
    done = lint("--changed", "--fix", "--unsafe-fixes")
    text = (project / "proj/tasks.py").read_text()
    assert "    print(x)\n" in text
    assert "print(x, 1)" not in text
    assert done.status == 0, done.stdout
    assert "No findings; 1 more elsewhere, as before." in done.stderr


@pytest.mark.parametrize("ref", ["nowhere", "-x", "--help-me"])
def test_what_cannot_be_compared_is_one_line(project: Path, lint: Lint, ref: str) -> None:
    done = lint(f"--changed={ref}")
    assert (done.status, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: ")


def test_a_path_is_no_commit(project: Path, lint: Lint) -> None:
    assert "to name a path, put it before --changed, or behind --" in lint("--changed", "proj").stderr
    assert lint("--changed", "--", "proj").status == 0


@pytest.mark.parametrize(
    ("lines", "old", "new", "ranges"),
    [
        (((2, 2),), "a b c", "x a b c", ((3, 3),)),
        (((2, 2),), "a b c", "a x y c", ((2, 3),)),
        (((2, 2),), "a b c", "a b x c", ((2, 3),)),
        (((2, 2),), "a b c d", "a b c x d", ((2, 2),)),
        (((2, 3),), "a b c d", "a b x c d", ((2, 4),)),
        (((1, 4),), "a b c d", "a c d", ((1, 3),)),
        (((3, 3),), "a b c d", "x c d", ((2, 2),)),
        (((5, 6),), "a b c d e", "a b c d e", ((5, 6),)),
        ((), "a b c", "x b c", ()),
    ],
)
def test_lines_are_carried_through_a_fix(
    lines: tuple[tuple[int, int], ...], old: str, new: str, ranges: tuple[tuple[int, int], ...]
) -> None:
    texts = ["".join(f"{word}\n" for word in text.split()).encode() for text in (old, new)]
    assert carried(LineSet(lines), *texts).ranges == ranges
