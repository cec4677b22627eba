"""Whatever happens while fixes are written, files are whole, and what others did is not lost."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from celery_lint.cache.facts import FactStore
from celery_lint.configfile import Place
from celery_lint.fix.engine import FixReport, carry_out
from celery_lint.repair import plan_fixes
from celery_lint.run import run
from celery_lint.settings import load, override
from celery_lint.testing.checking import write
from tests.figures import record
from tests.fix.killed import PROJECT, planned

ROOT = Path(__file__).parent.parent.parent
TASKS, LOOPS, OTHER = "proj/tasks.py", "proj/loops.py", "proj/other.py"
ENDED = "was not fixed: it has to change together with"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    write(root, PROJECT)
    return root


def fixed(root: Path, *, all_of_it: bool = False) -> FixReport:
    """Plan and write. ALL_OF_IT: everything must have been written."""
    report = carry_out(root, planned(root), lambda overlay: ())
    assert set(report.written) == PROJECT.keys() or not all_of_it, report.refused
    return report


def contents(root: Path) -> dict[str, bytes]:
    return {each.relative_to(root).as_posix(): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def raising(number: int) -> Callable[..., None]:
    def call(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


# Killed


def _killed(folder: Path, every: int) -> int:
    command = [sys.executable, "-m", "tests.fix.killed", str(folder), str(every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    outcome = json.loads(done.stdout)
    assert outcome["problems"] == []
    assert isinstance(outcome["kills"], int)
    return outcome["kills"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_while_writing_leaves_whole_files(tmp_path: Path) -> None:
    assert _killed(tmp_path, every=13) > 5


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_call_leaves_whole_files(tmp_path: Path, update: bool) -> None:
    kills = _killed(tmp_path, every=1)
    assert kills > 100
    if update:
        record({"moments at which a fix was killed": kills, "files that a killed fix lost or broke": 0})


# What a killed run leaves behind


def test_a_leftover_is_deleted_by_the_next_run(project: Path) -> None:
    (project / "proj" / ".celery-lint-abc.tmp").write_text("half a fi")

    fixed(project)

    assert contents(project).keys() == PROJECT.keys()


def test_the_new_file_of_a_run_that_is_still_writing_is_left_alone(project: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    other = project / "proj" / ".celery-lint-abc.tmp"
    with other.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        fixed(project)

        assert other.exists()


def test_what_only_looks_like_a_leftover_is_left_alone(project: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (project / "proj" / ".celery-lint-abc.tmp").symlink_to(mine)

    fixed(project)

    assert mine.read_text() == "mine"


# Changed by somebody else


def test_a_file_that_changes_while_its_fix_is_written_is_left_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def meanwhile(descriptor: int) -> None:
        (project / OTHER).write_text("# somebody else\n")
        sync(descriptor)

    work = planned(project)
    monkeypatch.setattr(os, "fsync", meanwhile)
    report = carry_out(project, work, lambda overlay: ())

    assert (project / OTHER).read_text() == "# somebody else\n"
    assert [each.reason for each in report.refused] == [
        f"{OTHER} was not fixed: it was changed by someone else meanwhile"
    ]


def test_a_file_that_changes_between_finding_and_fixing_is_left_alone(project: Path) -> None:
    """The edits are for the text as it was read: they would hit something else."""
    configuration = override(load(Place(project, None)), {"select": ("CEL408",)})
    store = FactStore()
    done = run(configuration, store=store)
    changed = f"# one line more\n{PROJECT[OTHER]}"
    (project / OTHER).write_text(changed)

    work = plan_fixes(done, configuration, (".",), store, unsafe=True)
    report = carry_out(project, work, lambda overlay: ())

    assert (project / OTHER).read_text() == changed
    assert "changed by someone else" in report.refused[0].reason


# Files that change together


def test_what_others_use_goes_last(project: Path) -> None:
    assert planned(project).parts() == [[OTHER], [TASKS, LOOPS]]


def test_files_that_change_together_change_all_or_none(project: Path) -> None:
    (project / LOOPS).chmod(0o444)

    report = fixed(project)

    assert (project / TASKS).read_text() == PROJECT[TASKS]
    assert (project / LOOPS).read_text() == PROJECT[LOOPS]
    assert (project / OTHER).read_text() != PROJECT[OTHER]
    assert [each.reason for each in report.refused] == [
        f"{LOOPS} was not fixed: it is read-only",
        f"{TASKS} {ENDED} {LOOPS}",
    ]


def test_what_was_written_already_is_taken_back(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def once(source: Path, target: Path) -> None:
        if target.name == "loops.py":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(source, target)

    monkeypatch.setattr(os, "replace", once)
    report = fixed(project)

    assert (project / TASKS).read_text() == PROJECT[TASKS]
    assert (project / LOOPS).read_text() == PROJECT[LOOPS]
    assert report.refused[0].reason == f"{LOOPS} was not fixed: Input/output error"
    assert contents(project).keys() == PROJECT.keys()


# A disk that does not play along


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_refuses_leaves_everything_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    before, work = contents(project), planned(project)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, raising(number))
        report = carry_out(project, work, lambda overlay: ())

    assert contents(project) == before
    assert report.written == ()
    assert {each.path for each in report.refused} == set(PROJECT)


def test_a_disk_that_takes_little_at_a_time_gets_all(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: given(descriptor, bytes(data)[:7]))
    work = planned(project)

    carry_out(project, work, lambda overlay: ())

    assert contents(project) == dict(work.after)


# What a file is beside its content


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664, 0o2755])
def test_permissions_are_kept(project: Path, mode: int) -> None:
    (project / OTHER).chmod(mode)

    fixed(project, all_of_it=True)

    assert stat.S_IMODE((project / OTHER).stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(project: Path) -> None:
    os.chown(project / OTHER, 4321, 1234)
    (project / OTHER).chmod(0o4755)

    fixed(project, all_of_it=True)

    status = (project / OTHER).stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (4321, 1234, 0o4755)


def test_a_file_whose_owner_cannot_be_kept_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    os.chown(project / OTHER, 4321, 1234)
    monkeypatch.setattr(os, "chown", raising(errno.EPERM))

    report = fixed(project)

    assert (project / OTHER).read_text() == PROJECT[OTHER]
    assert [each.reason for each in report.refused] == [
        f"{OTHER} was not fixed: it belongs to someone else, and a new file would not"
    ]


def test_extended_attributes_are_kept(project: Path) -> None:
    try:
        os.setxattr(project / OTHER, "user.origin", b"here")
    except (OSError, AttributeError):
        pytest.skip("no extended attributes here")

    fixed(project, all_of_it=True)

    assert os.getxattr(project / OTHER, "user.origin") == b"here"


def test_a_fixed_file_is_newer(project: Path) -> None:
    os.utime(project / OTHER, (1, 1))

    fixed(project, all_of_it=True)

    assert (project / OTHER).stat().st_mtime > 1_000_000


def test_a_file_with_another_name_is_left_alone(project: Path, tmp_path: Path) -> None:
    os.link(project / OTHER, tmp_path / "backup.py")

    report = fixed(project)

    assert (tmp_path / "backup.py").read_text() == (project / OTHER).read_text() == PROJECT[OTHER]
    assert [each.reason for each in report.refused] == [
        f"{OTHER} was not fixed: it has other names (hard links), which would keep the old text"
    ]


def test_a_pipe_in_the_place_of_a_file_is_left_alone(project: Path) -> None:
    work = planned(project)
    (project / OTHER).unlink()
    os.mkfifo(project / OTHER)

    report = carry_out(project, work, lambda overlay: ())

    assert stat.S_ISFIFO((project / OTHER).stat().st_mode)
    assert [each.reason for each in report.refused] == [f"{OTHER} was not fixed: it is no plain file"]


def test_a_name_as_long_as_names_can_be(project: Path) -> None:
    path = f"proj/{'n' * 252}.py"
    (project / path).write_text(PROJECT[OTHER])

    fixed(project)

    assert "print" not in (project / path).read_text()
