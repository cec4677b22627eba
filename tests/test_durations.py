"""Where the time goes, and what is said while it goes."""

from __future__ import annotations

import io
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from celery_lint.commands import progress as module
from celery_lint.commands.options import Options
from celery_lint.commands.progress import Progress, following, may_draw
from celery_lint.report.durations import durations
from celery_lint.watch import UNWATCHED, Part, Stopwatch, Watch
from tests.command_line import Lint

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\n\n\n@app.task\ndef send(x):\n    print(x)\n"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spend(watch: Stopwatch, clock: Clock, part: Part, name: str, seconds: float) -> None:
    with watch.at(part, name):
        clock.now += seconds


def test_what_is_done_within_something_counts_for_itself(clock: Clock) -> None:
    watch = Stopwatch(clock=clock)
    with watch.at(Part.JUDGE, "CEL408"):
        clock.now += 1
        spend(watch, clock, Part.READ, "a.py", 5)
        clock.now += 2
    spend(watch, clock, Part.READ, "a.py", 1)
    clock.now += 7

    assert watch.by_name(Part.JUDGE) == {"CEL408": 3}
    assert watch.by_name(Part.READ) == {"a.py": 6}
    assert watch.total() == 16


def test_time_is_measured_where_something_fails(clock: Clock) -> None:
    watch = Stopwatch(clock=clock)
    with pytest.raises(KeyError), watch.at(Part.LINK):
        fail(watch, clock)

    assert watch.of(Part.READ) == 1
    spend(watch, clock, Part.JUDGE, "CEL408", 2)
    assert watch.of(Part.LINK) == 0


def fail(watch: Stopwatch, clock: Clock) -> None:
    spend(watch, clock, Part.READ, "a.py", 1)
    raise KeyError


def test_the_slowest_are_first_and_not_all_are_shown(clock: Clock) -> None:
    watch = Stopwatch(clock=clock)
    for number in range(30):
        spend(watch, clock, Part.READ, f"{number}.py", number)
    spend(watch, clock, Part.JUDGE, "CEL408 print-in-task", 0.5)
    lines = list(durations(watch))

    files = lines[lines.index("The slowest of 30 files read:") + 1 : lines.index("The slowest of 1 rules:")]
    assert [line.split()[-1] for line in files] == [f"{number}.py" for number in range(29, 9, -1)]
    assert lines[-1] == "   500.0 ms  CEL408 print-in-task"


def test_a_name_cannot_write_to_the_terminal(clock: Clock) -> None:
    watch, screen = Stopwatch(clock=clock), Screen()
    progress = Progress(screen, 80, clock)
    spend(watch, clock, Part.READ, "\033[2J.py", 2)
    progress.show(Part.READ, "\033[2J.py")

    assert not any("\033" in line for line in durations(watch))
    assert "\033[2J" not in screen.getvalue()


def test_the_command_line_names_files_and_rules_each_time(
    tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "app.py").write_text(APP)
    (project / "Procfile").write_text("worker: celery -A app worker\n")
    os.utime(project, (0, 0))
    for name in ("app.py", "Procfile"):
        os.utime(project / name, (0, 0))
    monkeypatch.chdir(project)
    lint = partial(lint, "--isolated", "--cache-dir", str(tmp_path / "cache"))

    without = lint()
    first, second, quiet = lint("--durations"), lint("--durations"), lint("--durations", "--quiet")

    for done in (first, second):
        assert (done.status, done.stdout) == (without.status, without.stdout)
        said, _, timed = done.stderr.partition("Durations: ")
        assert said == without.stderr
        words = timed.split()
        assert {"discover", "read", "link", "judge", "app.py", "Procfile", "CEL408", "print-in-task"} <= {*words}
    assert quiet.stderr.startswith("Durations: ")
    assert lint().stderr == without.stderr


def test_progress_waits_a_second_and_leaves_nothing(clock: Clock) -> None:
    screen = Screen()
    progress = Progress(screen, 80, clock)
    progress.show(Part.READ, "a.py")
    clock.now += 0.9
    progress.show(Part.READ, "b.py")
    progress.erase()
    assert screen.getvalue() == ""

    clock.now += 0.2
    progress.show(Part.READ, "c.py")
    progress.show(Part.READ, "d.py")
    clock.now += 0.2
    progress.show(Part.JUDGE, "CEL408 print-in-task")
    progress.erase()
    assert screen.getvalue() == "\r\033[KReading c.py\r\033[KJudging CEL408 print-in-task\r\033[K"


@pytest.mark.parametrize("name", ["a" * 100, "文" * 100])
def test_progress_does_not_wrap(clock: Clock, name: str) -> None:
    screen = Screen()
    progress = Progress(screen, 40, clock)
    clock.now += 2
    progress.show(Part.READ, name)
    shown = screen.getvalue().rpartition("\033[K")[2]

    assert shown.startswith("Reading ")
    assert sum(1 if character.isascii() else 2 for character in shown) < 40


def test_progress_is_for_terminals() -> None:
    assert may_draw(Screen(), {"TERM": "xterm"})
    assert not may_draw(Screen(), {"TERM": "dumb"})
    assert not may_draw(io.StringIO(), {"TERM": "xterm"})


@pytest.mark.parametrize(
    ("quiet", "verbose", "shown"),
    [(False, False, "\r\033[KReading a.py\r\033[K"), (True, False, ""), (False, True, "")],
)
def test_who_wants_quiet_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, verbose: bool, shown: str
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(module, "_PATIENCE", 0)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyboardInterrupt), following(options(quiet=quiet, verbose=verbose), 80) as watch:
        interrupt(watch or UNWATCHED)

    assert screen.getvalue() == shown


def interrupt(watch: Watch) -> None:
    with watch.at(Part.READ, "a.py"):
        raise KeyboardInterrupt


def options(*, quiet: bool, verbose: bool) -> Options:
    return Options(
        paths=(),
        fix=False,
        unsafe_fixes=False,
        fix_only=False,
        diff=False,
        select=(),
        extend_select=(),
        ignore=(),
        preset=None,
        fail_level=None,
        output_format=None,
        statistics=False,
        config=None,
        isolated=True,
        color="auto",
        quiet=quiet,
        verbose=verbose,
    )
