"""`celery-lint --fix` as a process, where the machine is not as one would wish."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from celery_lint.testing.checking import write
from tests.test_bad_input import _be_nobody_special

ROOT = Path(__file__).parent.parent.parent
FIX = ("--fix", "--isolated", "--unsafe-fixes", "--select", "CEL408")
PRINTS = (
    "from celery import Celery\n\napp = Celery('proj')\n\n\n@app.task\ndef say(to):\n"
    "    print(to)\n\n\n@app.task\ndef shout(to):\n    print(to)\n"
)
LOGS = (
    "import logging\n\nfrom celery import Celery\n\nlogger = logging.getLogger(__name__)\n\napp = Celery('proj')\n\n\n"
    '@app.task\ndef say(to):\n    logger.info("%s", to)\n\n\n@app.task\ndef shout(to):\n    logger.info("%s", to)\n'
)
SPARSE = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write(root, {"proj/tasks.py": PRINTS, ".git/HEAD": "ref: refs/heads/main\n"})
    return root


def lint(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = _be_nobody_special,
    ahead: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*ahead, sys.executable, "-m", "celery_lint", *arguments],
        cwd=cwd,
        env=env or {**os.environ, **SPARSE},
        capture_output=True,
        preexec_fn=before,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=120,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


def text(root: Path, path: str | Path = "proj/tasks.py") -> str:
    return (root / path).read_text()


def strangers(root: Path) -> set[str]:
    return {each.name for each in root.rglob("*.tmp")}


# What is missing


def test_without_home_terminal_and_locale(project: Path) -> None:
    done = lint(*FIX, cwd=project, env={**SPARSE, "LANG": "C", "LC_ALL": "C"})

    assert (done.returncode, text(project)) == (0, LOGS)


@pytest.mark.slow
def test_with_a_home_that_does_not_exist(project: Path) -> None:
    done = lint(*FIX, cwd=project, env={**SPARSE, "HOME": "/nonexistent", "TERM": "dumb"})

    assert (done.returncode, text(project)) == (0, LOGS)


@pytest.mark.slow
def test_with_a_home_that_nobody_may_write_to(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)

    done = lint(*FIX, cwd=project, env={**SPARSE, "HOME": str(home)})

    assert (done.returncode, text(project)) == (0, LOGS)


# What may not be written


@pytest.mark.slow
@pytest.mark.parametrize("fixing", [(), FIX], ids=["check", "fix"])
def test_a_tree_that_may_only_be_read(project: Path, fixing: tuple[str, ...]) -> None:
    for each in (project / "proj/tasks.py", project / "proj", project):
        each.chmod(0o555 if each.is_dir() else 0o444)

    done = lint("--select", "CEL408", *fixing, cwd=project)

    assert text(project) == PRINTS
    assert "CEL408" in done.stdout
    if fixing:
        assert "warning: proj/tasks.py was not fixed: it is read-only" in done.stderr


@pytest.mark.slow
def test_a_folder_that_takes_no_new_file(project: Path) -> None:
    (project / "proj").chmod(0o555)

    done = lint(*FIX, cwd=project)

    assert text(project) == PRINTS
    assert "warning: proj/tasks.py was not fixed: Permission denied" in done.stderr


@pytest.mark.slow
def test_a_disk_that_may_only_be_read(project: Path, tmp_path: Path) -> None:
    done = _mounted("--bind", str(project), options="ro,bind", on=project)

    assert text(project) == PRINTS
    assert "warning: proj/tasks.py was not fixed: it is read-only" in done.stderr


@pytest.mark.slow
def test_a_disk_that_is_full(project: Path, tmp_path: Path) -> None:
    """A file system of 64 kB in memory, filled to the last byte; the cache is on it too."""
    saved = tmp_path / "saved"
    script = f"cp -r {project}/. {saved}; mount -t tmpfs -o size=64k tmpfs {project}; cp -r {saved}/. {project}"
    fill = f"head -c 1000000 /dev/zero > {project}/filler 2>/dev/null; cd {project}"
    command = f"{sys.executable} -m celery_lint {' '.join(FIX)}; cat {project}/proj/tasks.py; ls -A {project}/proj"
    done = _unshared(f"mkdir {saved}; {script}; {fill}; {command}")

    assert "warning: proj/tasks.py was not fixed: No space left on device" in done.stderr
    assert done.stdout.endswith(f"{PRINTS}tasks.py\n")


@pytest.mark.slow
def test_a_limit_on_the_size_of_files(project: Path) -> None:
    done = lint(*FIX, cwd=project, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))

    assert text(project) == PRINTS
    assert "warning: proj/tasks.py was not fixed: File too large" in done.stderr
    assert not strangers(project)


def _mounted(*what: str, options: str, on: Path) -> subprocess.CompletedProcess[str]:
    command = f"{sys.executable} -m celery_lint {' '.join(FIX)}"
    return _unshared(f"mount -o {options} {what[-1]} {on} && mount -o remount,{options} {on} && cd {on} && {command}")


def _unshared(script: str) -> subprocess.CompletedProcess[str]:
    """Run SCRIPT where mounting is allowed."""
    ahead = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*ahead, "mount -t tmpfs tmpfs /mnt"], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    return subprocess.run(
        [*ahead, script], env={**os.environ, **SPARSE}, capture_output=True, text=True, timeout=120, check=False
    )


# Names


@pytest.mark.slow
@pytest.mark.parametrize("name", [b"-with 'sp\"ace", b"new\nline", b"\xff\xfe bytes", "Größe 💡".encode()], ids=repr)
def test_odd_names(tmp_path: Path, name: bytes) -> None:
    root = tmp_path / os.fsdecode(name)
    path = f"{os.fsdecode(name)}/{os.fsdecode(name)}.py"
    try:
        write(root, {path: PRINTS, ".git/HEAD": "ref: refs/heads/main\n"})
    except OSError:
        pytest.skip("no such names here")

    shown = lint("--diff", *FIX[1:], cwd=root)
    done = lint(*FIX, cwd=root, env={**SPARSE, "LC_ALL": "C"})

    assert (done.returncode, text(root, path)) == (0, LOGS)
    assert shown.returncode == 1
    assert "+import logging" in shown.stdout


# Who reads


@pytest.mark.slow
@pytest.mark.parametrize("where", ["closed pipe", "closed", "full"])
def test_output_that_goes_nowhere(project: Path, where: str) -> None:
    """The files are fixed all the same."""
    (project / "proj/other.py").write_text("from proj.tasks import app\n" + "# celery-lint: ignore[nothing]\n" * 5_000)
    tail = {"closed pipe": "| true", "closed": ">&-", "full": "> /dev/full"}[where]
    if where == "full" and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")

    done = subprocess.run(
        f"{sys.executable} -m celery_lint {' '.join(FIX)},CEL001 {tail}",
        shell=True,
        cwd=project,
        env={**os.environ, **SPARSE},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )

    assert text(project) == LOGS
    assert "Traceback" not in done.stderr
    assert not strangers(project)


# Two at once


@pytest.mark.slow
@pytest.mark.parametrize("cache", [("--no-cache",), ()], ids=["no cache", "one cache"])
def test_several_runs_at_once(tmp_path: Path, cache: tuple[str, ...]) -> None:
    root = tmp_path / "project"
    files = {f"proj/tasks_{number}.py": PRINTS for number in range(20)}
    for attempt in range(2):
        shutil.rmtree(root, ignore_errors=True)
        write(root, {**files, ".git/HEAD": "ref: refs/heads/main\n"})
        command = [sys.executable, "-m", "celery_lint", *FIX, *cache]
        runs = [
            subprocess.Popen(command, cwd=root, env={**os.environ, **SPARSE}, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for each in runs:
            _, stderr = each.communicate(timeout=200)
            assert "Traceback" not in stderr, attempt
            assert each.returncode in (0, 1), stderr
        assert {text(root, path) for path in files} == {LOGS}
        assert not strangers(root)
        assert lint("--diff", *FIX[1:], *cache, cwd=root).returncode == 0


@pytest.mark.slow
def test_several_runs_that_only_look(project: Path) -> None:
    command = [sys.executable, "-m", "celery_lint", "--select", "CEL408", "--isolated", "--output-format", "concise"]
    environment = {**os.environ, **SPARSE}
    runs = [
        subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = [each.communicate(timeout=200) for each in runs]

    assert {stdout for stdout, _ in outputs} == {outputs[0][0]}
    assert outputs[0][0].count(b"CEL408") == 2
