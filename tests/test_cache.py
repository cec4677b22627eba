"""A run remembers what it read and wrote. Whatever has become of that, the findings are those of a run without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from celery_lint.cache.facts import FactStore
from celery_lint.cache.folder import Folder, folder_at, folder_in
from celery_lint.cache.sealed import NAME
from celery_lint.cache.seen import Learned, Seen
from celery_lint.cli import main
from celery_lint.facts.model import PythonFacts
from celery_lint.facts.python.reader import read

APP = "from celery import Celery\napp = Celery('proj', broker='redis://')\napp.conf.task_time_limit = 60\n"
TASK = "\n\n@app.task\ndef send(x):\n    print(x)\n"
# Runs the command line, then says what was imported and which files of the project were opened.
SPY = """
import os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from celery_lint.cli import main
try:
    main()
finally:
    here = os.getcwd() + os.sep
    source = [name for name in opened if name.startswith(here) and ".celery_lint_cache" not in name]
    heavy = [name for name in ("libcst", "celery", "click", "yaml", "pathspec") if name in sys.modules]
    print("SPY", len(source), *heavy, file=sys.stderr)
"""


class Result(NamedTuple):
    """What a run showed (status, stdout, lines of stderr), how many files of the project it OPENED, and which heavy
    modules it IMPORTED, where that can be told."""

    shown: tuple[int, str, list[str]]
    opened: int
    imported: frozenset[str] = frozenset()


Lint = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "proj").mkdir(parents=True)
    (root / "proj/app.py").write_text(APP + TASK)
    (root / "proj/other.py").write_text("x = 1\n")
    (root / "Procfile").write_text("worker: celery -A proj.app worker\n")
    (root / "celery-lint.toml").write_text("")
    return root


def settle() -> None:
    """What was written just now could change again unseen."""
    time.sleep(0.05)


class Opened:
    """Counts the files of a project that this process opens. There is no way to take an audit hook back."""

    def __init__(self) -> None:
        self.root = "/nowhere/"
        self.paths: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(self.root) and NAME not in str(arguments[0]):
            self.paths.append(str(arguments[0]))


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


@pytest.fixture
def lint(
    project: Path,
    tmp_path: Path,
    opened: Opened,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lint]:
    """Lints the project in this process, with a home that is empty at first."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.chdir(project)

    def run(*arguments: str, home: Path | None = tmp_path / "home") -> Result:
        monkeypatch.setenv("HOME", str(home) if home is not None else "/")
        monkeypatch.setattr(sys, "argv", ["celery-lint", *arguments])
        opened.root, opened.paths = f"{project}{os.sep}", []
        with pytest.raises(SystemExit) as stopped:
            main()
        stdout, stderr = capfd.readouterr()
        assert isinstance(stopped.value.code, int)
        return Result((stopped.value.code, stdout, stderr.splitlines()), len(opened.paths))

    settle()
    yield run
    opened.root = "/nowhere/"


@pytest.fixture
def lint_apart(project: Path, tmp_path: Path) -> Lint:
    """The same in a process of its own, with the same home: it knows what it imported, and it alone reads."""

    def run(*arguments: str) -> Result:
        environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
        environment["HOME"] = str(tmp_path / "home")
        command = [sys.executable, "-c", SPY, *arguments, "--jobs", "1"]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        lines = done.stderr.splitlines()
        spied = next(line for line in lines if line.startswith("SPY")).split()
        said = [line for line in lines if not line.startswith("SPY")]
        return Result((done.returncode, done.stdout, said), int(spied[1]), frozenset(spied[2:]))

    settle()
    return run


def remembered(lint: Lint, *arguments: str, **how: Path) -> Result:
    """A run that is remembered: the first makes the folder of the cache, so that the root has only just changed. (In a
    process of its own the first may do: so much is loaded in between.)"""
    lint(*arguments, **how)
    settle()
    return lint(*arguments, **how)


def test_a_second_run_reads_nothing_and_says_the_same(lint_apart: Lint) -> None:
    first, second = lint_apart(), lint_apart()

    assert second.shown == first.shown
    assert first.shown[0] == 0
    assert "CEL408" in first.shown[1]
    assert {"libcst", "pathspec"} <= first.imported
    assert second.imported == {"click"}
    assert second.opened == 0


def test_each_format_is_remembered(lint: Lint) -> None:
    full, json = remembered(lint), lint("--output-format", "json")

    assert lint().shown == full.shown
    assert lint("--output-format", "json").shown == json.shown != full.shown
    assert lint("--output-format", "json").opened == 0


def change_content(root: Path) -> None:
    (root / "proj/app.py").write_text(APP + TASK + TASK.replace("send", "call"))


def add_a_file(root: Path) -> None:
    (root / "proj/more.py").write_text("from proj.app import app\n" + TASK.replace("send", "call"))


def remove_a_file(root: Path) -> None:
    (root / "Procfile").unlink()


def ignore_a_folder(root: Path) -> None:
    (root / ".gitignore").write_text("proj/\n")


def configure(root: Path) -> None:
    (root / "celery-lint.toml").write_text("ignore = ['CEL408']\n")


@pytest.mark.parametrize("change", [change_content, add_a_file, remove_a_file, ignore_a_folder, configure])
def test_what_changed_is_seen(lint: Lint, project: Path, change: Callable[[Path], None]) -> None:
    before = remembered(lint)
    change(project)
    after = lint()

    assert after.shown == lint("--no-cache").shown
    assert after.shown != before.shown


def write(path: Path, text: str) -> None:
    path.write_text(text)


def write_as_editors_do(path: Path, text: str) -> None:
    (path.parent / "draft").write_text(text)
    (path.parent / "draft").rename(path)


@pytest.mark.parametrize("save", [write, write_as_editors_do])
def test_a_change_that_says_nothing_about_celery_needs_no_new_run(
    lint: Lint, project: Path, save: Callable[[Path, str], None]
) -> None:
    before, json = remembered(lint), lint("--output-format", "json")
    save(project / "proj/other.py", "def double(x):\n    return 2 * x\n")
    settle()
    after = lint()

    assert (after.shown, after.opened) == (before.shown, 1)
    assert lint().opened == 0
    assert lint("--output-format", "json").shown == json.shown == lint("--output-format", "json", "--no-cache").shown


def test_what_nobody_asks_of_a_file_does_not_count(lint: Lint, project: Path) -> None:
    # Much is asked of files about Celery only, and `.get(…)` or a worker would be an answer to it.
    (project / "proj/other.py").write_text("values = {}\nworker = values.get('one')\n")
    settle()
    before = remembered(lint)
    (project / "proj/other.py").write_text("values = {}\nworker = values.get('two')\n")
    after = lint()

    assert (after.shown, after.opened) == (before.shown, 1)


def test_of_a_changed_file_no_library_is_asked(lint: Lint, lint_apart: Lint, project: Path) -> None:
    before = remembered(lint)
    (project / "proj/other.py").write_text("def double(x):\n    return 2 * x\n")
    after = lint_apart()

    assert (after.shown, after.opened, set(after.imported)) == (before.shown, 1, {"click"})


ANSWERS_OTHERWISE = {
    "a task": "from proj.app import app\n" + TASK,
    "a word": "x = 'celery'\n",
    "a comment of ours": "x = 1  # celery-lint: ignore[CEL408]\n",
    "a route": "from proj import app\napp.app.conf.task_routes = {'proj.missing': 'slow'}\n",
}


@pytest.mark.parametrize("text", ANSWERS_OTHERWISE.values(), ids=ANSWERS_OTHERWISE.keys())
def test_a_change_that_answers_otherwise_is_seen(lint: Lint, project: Path, text: str) -> None:
    remembered(lint)
    (project / "proj/other.py").write_text(text)
    after = lint()

    assert after.opened > 1
    assert after.shown == lint("--no-cache").shown


def test_an_import_that_loads_tasks_is_seen(lint: Lint, project: Path) -> None:
    (project / "proj/app.py").write_text(APP + TASK + "import proj.other\n")
    (project / "proj/jobs.py").write_text("from proj.app import app\n" + TASK.replace("send", "call"))
    settle()
    before = remembered(lint)
    assert "CEL201" in before.shown[1]
    (project / "proj/other.py").write_text("from . import jobs\n")

    after = lint()
    assert "CEL201" not in after.shown[1]
    assert after.shown == lint("--no-cache").shown


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_file_that_became_a_pipe_blocks_nothing(lint: Lint, project: Path) -> None:
    remembered(lint)
    (project / "proj/other.py").unlink()
    os.mkfifo(project / "proj/other.py")

    assert lint().shown == lint("--no-cache").shown


def test_answers_of_another_run_count_for_nothing(lint: Lint, project: Path) -> None:
    before = remembered(lint)
    (project / NAME / "answers.bin").write_bytes(b"")
    (project / "proj/other.py").write_text("x = 2\n")
    after = lint()

    assert after.shown == before.shown
    assert after.opened > 1


def test_a_changed_configuration_reads_no_file_with_libcst(lint: Lint, lint_apart: Lint, project: Path) -> None:
    remembered(lint)
    configure(project)

    assert "libcst" not in lint_apart().imported


def test_after_a_change_only_what_changed_is_opened(lint: Lint, lint_apart: Lint, project: Path) -> None:
    for number in range(20):
        (project / f"proj/more{number}.py").write_text(
            "from celery import group\n\ndef many(x):\n    return group(x)\n"
        )
    settle()
    first = lint()
    settle()
    (project / "Procfile").write_text("worker: celery -A proj.app worker --loglevel=INFO\n")
    after = lint_apart()

    assert first.opened > 20
    # The Procfile, what configures and ignores, and the file with a finding, to show its lines.
    assert after.opened <= 6
    assert "libcst" not in after.imported
    assert after.shown == lint("--no-cache").shown


def test_a_fix_that_is_known_is_not_made_again(lint: Lint, lint_apart: Lint, project: Path) -> None:
    before = lint("--output-format", "json")
    assert '"applicability": "unsafe"' in before.shown[1]
    settle()
    (project / "celery-lint.toml").write_text("fail-level = 'info'\n")
    after = lint_apart("--output-format", "json")

    assert "libcst" not in after.imported
    assert after.shown[1] == before.shown[1]
    (project / "proj/app.py").write_text(APP + "import logging\nlogger = logging.getLogger()\n" + TASK)
    changed = lint_apart("--output-format", "json")
    assert "libcst" in changed.imported
    assert changed.shown == lint("--output-format", "json", "--no-cache").shown


def test_a_file_that_had_just_changed_is_not_taken_for_known(tmp_path: Path) -> None:
    folder, root = Folder(str(tmp_path / "cache"), b"secret"), tmp_path
    file = root / "app.py"
    file.write_text("x = 1\n")

    def seen() -> Seen:
        return Seen(folder, b"stamp", str(root))

    for settled in (False, True):
        if settled:
            settle()
        now = seen()
        when = now.look(["app.py"]).when
        now.save(lambda when=when: [Learned(when, {"app.py": b"content"}, {}, (), ())])  # type: ignore[misc]
        assert (seen().look(["app.py"]).content("app.py") == b"content") == settled
    file.write_text("x = 2\n")
    assert seen().look(["app.py"]).content("app.py") is None
    assert Seen(folder, b"another version", str(root)).look(["app.py"]).content("app.py") is None


def test_what_is_known_of_a_pattern_is_known_of_unchanged_files(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "cache"), b"secret")
    paths = [f"{letter}.py" for letter in "abcdefghijklm"]
    for path in paths:
        (tmp_path / path).write_text(path)
    settle()
    key, other = (b"pattern", 0), (b"other", 0)
    first = Seen(folder, b"", str(tmp_path))
    when = first.look(paths).when
    answers = {key: ({"a.py", "m.py"}, {"b.py"}), other: ({"c.py"}, set[str]())}
    first.save(lambda: [Learned(when, {}, answers, paths, {other})])
    (tmp_path / "m.py").write_text("changed")
    (tmp_path / "new.py").write_text("new")

    look = Seen(folder, b"", str(tmp_path)).look([*paths, "new.py"])

    assert [look.holds(key, path) for path in ("a.py", "b.py", "c.py", "m.py", "new.py")] == [
        True, False, None, None, None,
    ]  # fmt: skip
    assert look.among([*paths, "new.py"]).split(other) == ({"c.py"}, {"m.py", "new.py"})
    assert look.among(["a.py", "b.py", "d.py"]).split(key) == ({"a.py"}, {"d.py"})


def test_one_changed_file_is_the_only_one_read(project: Path, tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "cache"), b"secret")
    path, data = "proj/app.py", (APP + TASK).encode()
    store = FactStore(folder, b"stamp")
    store.add(path, data, read(path, data))
    store.save()
    again = FactStore(folder, b"stamp")

    assert again.find(PythonFacts, path, data) == read(path, data)
    assert again.find(PythonFacts, path, data + b"\n") is None
    assert again.find(PythonFacts, "proj/elsewhere.py", data) is None
    assert FactStore(folder, b"another version").find(PythonFacts, path, data) is None


def facts_of(number: int) -> tuple[str, bytes, PythonFacts]:
    """A file of many, and what it says."""
    path, data = f"f{number}.py", f"x = {number}\n".encode()
    return path, data, read(path, data)


def remember(folder: Folder, numbers: Iterable[int]) -> None:
    store = FactStore(folder, b"")
    for number in numbers:
        store.add(*facts_of(number))
    store.save()


def knows(folder: Folder, numbers: Iterable[int]) -> bool:
    store = FactStore(folder, b"")
    return all(store.find(PythonFacts, path, data) == facts for path, data, facts in map(facts_of, numbers))


def test_what_a_run_adds_is_written_without_all_the_rest(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path), b"secret")
    remember(folder, range(100))
    whole = (tmp_path / "facts.bin").read_bytes()
    remember(folder, [100])
    remember(folder, [101])

    assert (tmp_path / "facts.bin").read_bytes() == whole
    assert knows(folder, range(102))


def test_much_that_is_new_is_put_to_the_rest(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path), b"secret")
    remember(folder, range(10))
    for number in range(10, 100):
        remember(folder, [number])

    assert knows(folder, range(100))
    assert (tmp_path / "facts-news.bin").stat().st_size < (tmp_path / "facts.bin").stat().st_size / 5


def test_spoilt_news_count_for_nothing(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path), b"secret")
    remember(folder, range(100))
    remember(folder, [100])
    for spoilt in spoil((tmp_path / "facts-news.bin").read_bytes()):
        (tmp_path / "facts-news.bin").write_bytes(spoilt)

        assert knows(folder, range(100))
        assert not knows(folder, [100])


def test_what_nobody_uses_for_a_week_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(str(tmp_path), b"secret")
    remember(folder, range(100))
    remember(folder, [100])
    now = time.time()
    for days in (4, 8):
        monkeypatch.setattr(time, "time", partial(float, now + days * 86_400))
        store = FactStore(folder, b"")
        path, data, _ = facts_of(0)
        assert store.find(PythonFacts, path, data) is not None
        store.add(*facts_of(1000 + days))
        store.save()

    assert knows(folder, [0, 1004, 1008])
    assert not any(knows(folder, [number]) for number in (1, 50, 100))


@pytest.mark.parametrize("code", ["x = 123456789012345678901234567890", "x = '\\ud800'", "x = 1e999", "x = 1j"])
def test_facts_that_cannot_be_kept_are_read_again(tmp_path: Path, code: str) -> None:
    folder = Folder(str(tmp_path / "cache"), b"secret")
    store = FactStore(folder, b"")
    facts = read("a.py", code.encode())
    store.add("a.py", code.encode(), facts)
    store.save()

    assert FactStore(folder, b"").find(PythonFacts, "a.py", code.encode()) in (facts, None)


def spoil(data: bytes) -> Iterator[bytes]:
    yield b""
    yield data[: len(data) // 2]
    yield bytes(len(data))
    yield data[:-1] + bytes([data[-1] ^ 1])
    yield b"\x80" * 1000


@pytest.mark.parametrize("name", ["facts.bin", "seen.bin", "fixes.bin", "output.bin", "answers.bin"])
def test_a_spoilt_cache_counts_for_nothing(lint: Lint, project: Path, name: str) -> None:
    first = remembered(lint)
    file = project / NAME / name
    for spoilt in spoil(file.read_bytes()):
        if name not in ("output.bin", "answers.bin"):
            (project / NAME / "output.bin").unlink()  # else the others are not looked at
        file.write_bytes(spoilt)
        assert lint().shown == first.shown


def test_the_cache_that_a_project_comes_with_counts_for_nothing(lint: Lint, project: Path, tmp_path: Path) -> None:
    first = remembered(lint, home=tmp_path / "attacker")
    file = project / NAME / "output.bin"
    assert file.is_file()

    mine = lint(home=tmp_path / "mine")

    assert mine.shown == first.shown
    assert mine.opened > 0


def test_a_cache_that_leads_elsewhere_is_left_alone(lint: Lint, project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / NAME).symlink_to(elsewhere)

    assert "CEL408" in lint().shown[1]
    assert list(elsewhere.iterdir()) == []


def test_without_a_home_nothing_is_remembered(lint: Lint, project: Path) -> None:
    assert "CEL408" in lint(home=None).shown[1]
    assert not (project / NAME).exists()


def test_no_cache_writes_nothing(lint: Lint, project: Path) -> None:
    assert "CEL408" in lint("--no-cache").shown[1]
    assert not (project / NAME).exists()


def test_a_cache_elsewhere_keeps_its_own_secret(lint: Lint, project: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    first = lint("--cache-dir", str(chosen), home=tmp_path / "one")
    second = lint("--cache-dir", str(chosen), home=tmp_path / "other machine")

    assert second.shown == first.shown
    assert second.opened == 0
    assert not (project / NAME).exists()


def test_the_cache_is_no_part_of_the_project(lint: Lint, project: Path) -> None:
    lint()

    assert (project / NAME / ".gitignore").read_text() == "*\n"
    assert (project / NAME / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_what_fixes_is_done_each_time(lint: Lint, project: Path) -> None:
    lint()
    done = lint("--fix", "--unsafe-fixes")

    assert "print" not in (project / "proj/app.py").read_text()
    assert lint().shown == lint("--no-cache").shown
    assert "CEL408" not in done.shown[1]


@pytest.mark.parametrize("option", ["--fix", "--fix-only", "--diff"])
def test_where_nothing_was_to_be_changed_nothing_is_done_again(lint: Lint, project: Path, option: str) -> None:
    lint()  # makes the cache, and what is in a folder that has just changed is not taken for known
    time.sleep(0.05)
    first = lint(option)
    again = lint(option)

    assert again == first._replace(opened=0)
    assert first.opened > 0
    change_content(project)
    assert lint(option).shown == lint(option, "--no-cache").shown


def test_what_was_shown_is_done_when_it_is_asked_for(lint: Lint, project: Path) -> None:
    shown = [lint("--diff", "--unsafe-fixes").shown for _ in range(2)]
    lint("--fix-only", "--unsafe-fixes")

    assert shown[0] == shown[1]
    assert "-    print(x)" in shown[0][1]
    assert "print" not in (project / "proj/app.py").read_text()


def test_the_secret_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder_in(str(tmp_path))

    assert (tmp_path / "celery-lint/secret").stat().st_mode & 0o077 == 0


def test_what_a_killed_run_left_behind_goes_with_time(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path), b"secret")
    old, new, other = (tmp_path / name for name in ("facts.bin.12.0a1b2c3d", "facts.bin.13.0a1b2c3d", "facts.bin.old"))
    for draft in (old, new, other):
        draft.write_bytes(b"half")
    for draft in (old, other):
        os.utime(draft, (1, 1))

    folder.write("facts.bin", b"whole")

    assert folder.read("facts.bin") == b"whole"
    assert [draft.exists() for draft in (old, new, other)] == [False, True, True]


def test_a_secret_that_comes_with_a_project_is_none(tmp_path: Path) -> None:
    """git knows no file that is for its owner alone."""
    theirs = folder_at(str(tmp_path))
    (tmp_path / "secret").chmod(0o644)
    mine = folder_at(str(tmp_path))

    assert theirs is not None
    assert mine is not None
    theirs.write("facts.bin", b"planted")
    assert mine.read("facts.bin") is None
    assert folder_at(str(tmp_path)) == mine


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_secret_of_somebody_else_is_none(tmp_path: Path) -> None:
    theirs = folder_at(str(tmp_path))
    os.chown(tmp_path / "secret", 65_534, 65_534)

    assert folder_at(str(tmp_path)) != theirs


@pytest.mark.parametrize("name", ["facts.bin", "output.bin", "secret"])
def test_a_pipe_in_the_cache_blocks_nobody(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    folder = folder_at(str(tmp_path))

    assert folder is not None
    assert folder.read(name) is None


@pytest.mark.slow
def test_two_runs_at_once(lint: Lint, project: Path, tmp_path: Path) -> None:
    alone = lint("--no-cache")
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", SPY]
    running = [
        subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]

    said = [process.communicate(timeout=120)[0].decode() for process in running]

    assert said == [alone.shown[1]] * 4
    assert lint().shown == alone.shown
