"""The same command line again, with nothing changed: it is answered before anything is loaded, and never wrongly."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from celery_lint.cache.sealed import NAME
from celery_lint.cache.shortcut import VARIABLES, shortcut_for
from celery_lint.cli import main

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\n@app.task\ndef send():\n    print(1)\n"
# What a run that is spared may load beside what Python itself has loaded.
OURS = {"celery_lint", "celery_lint.start", "celery_lint.cache"} | {
    f"celery_lint.cache.{name}" for name in ("saying", "sealed", "shortcut", "stamp", "state")
}
ENTRY = """
import sys
before = set(sys.modules)
import os
end, process = os._exit, os.getpid()
def spy(status):
    if os.getpid() == process:
        print(*sorted(set(sys.modules) - before), file=sys.stderr, flush=True)
    end(status)
os._exit = spy
from celery_lint.start import entry
entry()
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "above/project"
    (root / "proj").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "proj/app.py").write_text(APP)
    (root / "proj/other.py").write_text("x = 1\n")
    (root / NAME).mkdir()
    settle()
    return root


def settle() -> None:
    """What was written just now could change again unseen."""
    time.sleep(0.05)


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process as if it were one of its own."""
    monkeypatch.chdir(project)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["celery-lint", *words])
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert isinstance(stopped.value.code, int)
        return (stopped.value.code, *capfd.readouterr())

    return run


def said(words: Sequence[str]) -> tuple[int, str | bytes, str] | None:
    """What the command line WORDS would say without a look at the project."""
    last = shortcut_for(words)
    return last.said.output if last is not None and last.means_the_same() and last.holds() else None


def as_shown(known: tuple[int, str | bytes, str] | None) -> tuple[int, str, str] | None:
    """What is KNOWN, as a terminal gets it."""
    if known is None:
        return None
    status, stdout, stderr = known
    return status, stdout.decode() if isinstance(stdout, bytes) else stdout, stderr


@pytest.mark.parametrize(
    "words",
    [(), (".",), ("proj/app.py",), ("--output-format", "json"), ("--output-format=concise", "--quiet", "proj")],
    ids=" ".join,
)
def test_it_says_what_was_said(run: Run, words: tuple[str, ...]) -> None:
    assert said(words) is None
    shown = run(*words)

    assert "CEL408" in shown[1]
    assert as_shown(said(words)) == shown
    assert said((*words, "--no-baseline")) is None
    # The way over `replay` leaves one behind as well.
    for path in Path(NAME).glob("again-*"):
        path.unlink()
    assert run(*words) == shown
    assert as_shown(said(words)) == shown


@pytest.mark.parametrize(
    "words",
    [("--fix", "--unsafe-fixes"), ("--verbose",), ("--durations",), ("--no-cache",), ("--report", "json=../out.json")],
    ids=str,
)
def test_what_does_something_is_done(run: Run, words: tuple[str, ...]) -> None:
    run(*words)

    assert said(words) is None


def changed(path: str, text: str) -> Callable[[], None]:
    def change() -> None:
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed("proj/other.py", "y = 1\n"),
        changed("proj/new.py", ""),
        lambda: Path("proj/other.py").unlink(),
        changed("celery-lint.toml", ""),
        changed("pyproject.toml", "[tool.celery-lint]\n"),
        changed("proj/celery-lint.toml", ""),
        changed(".gitignore", "proj/\n"),
        changed(".git/info/exclude", "proj/\n"),
        lambda: Path("proj/.git").mkdir(),
        lambda: Path(".git").rename("git"),
    ],
    ids=lambda change: "",
)
def test_a_change_is_noticed(run: Run, change: Callable[[], object]) -> None:
    run("proj")
    assert said(["proj"]) is not None
    change()

    assert said(["proj"]) is None


def test_what_was_tampered_with_does_not_count(run: Run) -> None:
    run()
    (path,) = Path(NAME).glob("again-*")
    path.write_bytes(path.read_bytes().replace(b"CEL408", b"CEL000"))

    assert said([]) is None


def test_what_git_does_changes_nothing(run: Run) -> None:
    shown = run()
    Path(".git/index").write_bytes(b"x")

    assert as_shown(said([])) == shown


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_counts(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    run()
    monkeypatch.setenv(name, "1")

    assert said([]) is None


def test_all_variables_are_known(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    class Environment(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            asked.add(name)
            return super().__getitem__(name)

        def get(self, name: str, default: object = None) -> str | None:  # type: ignore[override]
            asked.add(name)
            return super().get(name)

    monkeypatch.setattr(os, "environ", Environment({**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"}))
    run("--isolated")
    elsewhere = {"XDG_CACHE_HOME", "LOCALAPPDATA", "HOME", "_CELERY_LINT_COMPLETE"}

    assert {"NO_COLOR", "GITHUB_SHA", "CELERY_LINT_OWN_RULES"} <= asked
    assert {name for name in asked if not name.startswith("PYTHON")} - elsewhere <= set(VARIABLES)


def test_elsewhere_it_is_another_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run(".")
    monkeypatch.chdir("proj")

    assert said(["."]) is None


def test_what_others_run_in_their_process_is_no_command_line(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["their-program"])
    with pytest.raises(SystemExit):
        main()

    assert said([]) is None


def test_a_link_is_not_followed_twice(run: Run, project: Path) -> None:
    Path("link").symlink_to("proj")
    settle()
    run("link")

    assert said(["link"]) is None


def test_few_are_kept(run: Run) -> None:
    for number in range(1, 11):
        run(*["--quiet"] * number)

    assert len(list(Path(NAME).glob("again-*"))) == 8
    assert said(["--quiet"]) is None
    assert said(["--quiet"] * 10) is not None


def test_the_cache_may_be_elsewhere(run: Run, tmp_path: Path) -> None:
    words = ["--cache-dir", str(tmp_path / "cache")]
    shown = run(*words)

    assert as_shown(said(words)) == shown
    assert not list(Path(NAME).iterdir())


def test_a_configuration_that_is_named_counts_from_where_it_was_named(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("proj")
    Path("mine.toml").write_text("")
    settle()
    assert "CEL408" in run("--config", "mine.toml", "..")[1]
    Path("mine.toml").write_text('ignore = ["CEL408"]\n')

    assert said(["--config", "mine.toml", ".."]) is None
    assert "CEL408" not in run("--config", "mine.toml", "..")[1]


def start(project: Path, *words: str) -> tuple[int, str, list[str], set[str]]:
    """Runs the command line in a process of its own: what it shows, and what it loads."""
    command = [sys.executable, "-c", ENTRY, *words]
    # Without `env` it would get variables that only C knows: readline, which pytest loads, sets COLUMNS and LINES.
    environment = dict(os.environ)
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    *lines, loaded = done.stderr.splitlines()
    return done.returncode, done.stdout, lines, set(loaded.split())


def test_nothing_is_loaded_for_it(project: Path) -> None:
    first, second = start(project, "--isolated"), start(project, "--isolated")

    assert "CEL408" in first[1]
    assert second[:3] == first[:3]
    assert "msgspec" in first[3]
    assert second[3] <= {"__future__", "_blake2", *OURS}
    version = start(project, "--version")
    assert version[1].startswith("celery-lint ")
    assert version[3] <= {"__future__", "_blake2", *OURS}


def test_for_a_change_that_says_nothing_no_command_line_is_loaded(project: Path, run: Run) -> None:
    first = run("--isolated")
    (project / "proj/other.py").write_text("y = 1\n")
    settle()
    second, third = start(project, "--isolated"), start(project, "--isolated")

    assert second[:3] == third[:3] == (*first[:2], first[2].splitlines())
    assert "celery_lint.cache.replay" in second[3]
    assert second[3].isdisjoint({"click", "celery_lint.cli", "celery_lint.run", "libcst"})
    assert third[3] <= {"__future__", "_blake2", *OURS}


@pytest.mark.parametrize(
    "change",
    [
        changed("proj/app.py", APP.replace("print(1)", "pass")),
        changed("proj/new.py", APP),
        changed("celery-lint.toml", 'ignore = ["CEL408"]\n'),
        changed(".gitignore", "proj/app.py\n"),
    ],
    ids=["a task", "a file", "the configuration", "what belongs to the project"],
)
def test_a_change_that_counts_is_judged(project: Path, run: Run, change: Callable[[], None]) -> None:
    first = run()
    assert as_shown(said([])) == first
    change()
    settle()
    second = start(project)

    assert second[:2] != first[:2]
    assert second[:2] == run("--no-cache")[:2]
