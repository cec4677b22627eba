"""Whatever is given to it, celery-lint answers with a clear line and the right status, never with a traceback."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import Done, Lint

APP = b"from celery import Celery\napp = Celery('proj')\n"
COMMAND = (sys.executable, "-m", "celery_lint")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "FORCE_COLOR": ""}


def apart(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Lints in a process of its own, to which what may not be read is refused."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        preexec_fn=_be_nobody_special,
    )
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture
def here(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Lints the project in this process, which is quicker, and as good where it is neither killed nor refused."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        done = lint(*arguments)
        assert "Traceback" not in done.stderr + done.stdout
        return done

    return run


def _be_nobody_special() -> None:
    """Root reads what nobody may read: in a container the tests run as root, so give up these two privileges."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "proj").mkdir()
    (tmp_path / "proj/app.py").write_bytes(APP)
    return tmp_path


def test_a_missing_path(project: Path, here: Lint) -> None:
    done = here("nowhere")
    assert (done.status, done.stdout) == (2, "")
    assert only_line(done.stderr) == "error: there is no file or folder nowhere"


def test_paths_of_two_projects(project: Path, here: Lint) -> None:
    for name in ("one", "two"):
        (project / name).mkdir()
        (project / name / "celery-lint.toml").write_text("")
    done = here("one", "two")
    assert done.status == 2
    assert "lint them one at a time" in only_line(done.stderr)


def test_a_path_outside_the_configured_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory, here: Lint
) -> None:
    (project / "celery-lint.toml").write_text("")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.py").write_bytes(APP)
    done = here("--config", "celery-lint.toml", ".", str(elsewhere))
    assert done.status == 2
    only_line(done.stderr)


def test_an_empty_folder(tmp_path: Path, here: Lint) -> None:
    done = here()
    assert (done.status, done.stdout) == (2, "")
    assert "nothing to read" in only_line(done.stderr)


def test_an_excluded_path(project: Path, here: Lint) -> None:
    (project / "celery-lint.toml").write_text('exclude = ["old/"]')
    (project / "old").mkdir()
    (project / "old/app.py").write_bytes(APP)
    done = here("old")
    assert done.status == 2
    assert "old is excluded" in only_line(done.stderr)


def test_a_folder_without_celery(tmp_path: Path, here: Lint) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    done = here()
    assert (done.status, done.stdout) == (0, "")
    assert "no Celery code" in only_line(done.stderr)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(APP + b"app.conf.update(\n", id="syntax error"),
        pytest.param(b"# tells Celery nothing\nx = (\n", id="syntax error where nobody asks for anything"),
        pytest.param(APP + b"x = '\0'\n", id="NUL byte"),
        pytest.param(APP + b"name = '\xe9'\n", id="latin-1 without a coding line"),
        pytest.param(b"# coding: klingon\n" + APP, id="unknown coding"),
    ],
)
def test_a_file_that_is_no_python_is_one_finding(project: Path, here: Lint, data: bytes) -> None:
    (project / "proj/broken.py").write_bytes(data)
    done = here("--select", "CEL002", "--output-format", "concise")
    assert done.status == 1
    assert only_line(done.stdout).startswith("proj/broken.py:")
    assert "CEL002" in done.stdout


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"# -*- coding: latin-1 -*-\n" + APP + b"name = '\xe9'\n", id="latin-1 with a coding line"),
        pytest.param(b"\xef\xbb\xbf" + APP, id="byte order mark"),
        pytest.param(APP.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(APP + b'DATA = """\n' + (b"x" * 999 + b"\n") * 5_000 + b'"""\n', id="more than 1 MB"),
        pytest.param(b"", id="empty"),
        pytest.param(APP + b"\x0c\ndef f(): ...", id="form feed, no newline at the end"),
    ],
)
def test_an_odd_file_is_read_like_any_other(project: Path, here: Lint, data: bytes) -> None:
    (project / "proj/odd.py").write_bytes(data)
    done = here("--select", "CEL002")
    assert (done.status, done.stdout) == (0, "")


def test_what_may_not_be_read(project: Path) -> None:
    (project / "proj/secret.py").write_bytes(APP)
    (project / "proj/secret.py").chmod(0)
    (project / "secret").mkdir(mode=0)
    done = apart("--select", "CEL002", "--output-format", "concise", cwd=project)
    (project / "secret").chmod(0o700)
    assert done.returncode == 1
    assert "proj/secret.py:1:1: warning CEL002" in only_line(done.stdout)
    assert "ermission denied" in done.stdout
    assert "warning: secret could not be read: Permission denied" in done.stderr.splitlines()


def test_a_symlink_loop(project: Path, here: Lint) -> None:
    (project / "proj/loop").symlink_to("..")
    (project / "proj/self").symlink_to("self")
    assert here("--select", "CEL002").status == 0
    assert only_line(here("proj/self").stderr) == "error: there is no file or folder proj/self"


def test_a_folder_named_like_a_module(project: Path, here: Lint) -> None:
    (project / "x.py").mkdir()
    assert here("--select", "CEL002").status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.celery-lint\n", "pyproject.toml: Expected ']'"),
        ("[tool.celery-lint]\nselct = []\n", 'pyproject.toml:2: unknown key "selct"; did you mean "select"?'),
        ("[tool.celery-lint]\nselect = 1\n", "pyproject.toml:2: select: expected a list, got an integer"),
        ("[tool.celery-lint]\nselect = ['CEL02']\n", 'pyproject.toml:2: select: unknown rule "CEL02"; did you mean'),
        ("[tool.celery-lint]\nprojects = ['apps/*']\n", 'projects: "apps/*" matches no folder'),
    ],
)
def test_a_wrong_configuration(project: Path, here: Lint, text: str, said: str) -> None:
    (project / "pyproject.toml").write_text(text)
    done = here()
    assert (done.status, done.stdout) == (2, "")
    assert said in only_line(done.stderr)


def test_a_missing_configuration(project: Path, here: Lint) -> None:
    done = here("--config", "nowhere.toml")
    assert (done.status, only_line(done.stderr)) == (2, "error: there is no file nowhere.toml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "unreadable-fil"], 'unknown rule "unreadable-fil"; did you mean "unreadable-file"?'),
        (["--slect", "CEL002"], "No such option"),
        (["--diff", "--fix"], "choose one"),
        (["--unsafe-fixes"], "needs --fix"),
        (["--statistics", "--output-format", "junit"], "--statistics"),
        (["--report", "sarif"], "write FORMAT=FILE"),
        (["explain", "CEL0O2"], 'did you mean "CEL002"?'),
        (["explain"], "name one rule"),
    ],
)
def test_wrong_usage(project: Path, here: Lint, arguments: list[str], said: str) -> None:
    done = here(*arguments)
    assert (done.status, done.stdout) == (2, "")
    assert said in only_line(done.stderr)


def test_a_name_that_commands_the_terminal_is_shown_harmlessly(project: Path, here: Lint) -> None:
    (project / "proj/\033[31mred\u202e.py").write_bytes(APP + b"(")
    done = here("--select", "CEL002")
    assert "proj/\\x1b[31mred\\u202e.py" in done.stdout
    assert "\033" not in done.stdout


def test_a_name_that_is_no_text(project: Path, here: Lint) -> None:
    (project / "proj" / os.fsdecode(b"\xff.py")).write_bytes(APP + b"(")
    assert "proj/\\xff.py:" in here("--select", "CEL002", "--output-format", "concise").stdout
    assert "\\\\xff.py" in here("--select", "CEL002", "--output-format", "json").stdout


@pytest.fixture
def talkative(project: Path) -> subprocess.Popen[bytes]:
    """celery-lint in the middle of writing more than a pipe holds."""
    (project / "proj/noisy.py").write_bytes(APP + b"# celery-lint: ignore[nothing]\n" * 600)
    process = subprocess.Popen(
        COMMAND,
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has them, and their children, ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    process.stdout.read(1)
    return process


def test_ctrl_c(talkative: subprocess.Popen[bytes]) -> None:
    talkative.send_signal(signal.SIGINT)
    _, stderr = talkative.communicate(timeout=20)
    assert (talkative.returncode, only_line(stderr.decode())) == (130, "error: interrupted")


def test_a_closed_pipe_is_no_failure(talkative: subprocess.Popen[bytes]) -> None:
    assert talkative.stdout is not None
    assert talkative.stderr is not None
    talkative.stdout.close()
    stderr = talkative.stderr.read().decode()
    talkative.stderr.close()
    assert talkative.wait(timeout=20) == 1
    assert "Found" in stderr.splitlines()[-1]


def test_a_full_disk_for_the_report(project: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (project / "proj/broken.py").write_bytes(APP + b"(")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "--quiet"], cwd=project, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert only_line(done.stderr) == "error: what was found could not be written: No space left on device"


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_a_closed_stdout_or_stderr_is_no_failure(tmp_path: Path, closed: str) -> None:
    (tmp_path / "a.py").write_text("print(1)\n")
    command = f"{sys.executable} -m celery_lint {closed}"
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "error" not in done.stderr


def test_what_python_thinks_of_the_code_is_not_shown(project: Path) -> None:
    (project / "proj/escapes.py").write_bytes(APP + b"@app.task\ndef f():\n    print('\\d')\n    print('\\d', 1)\n")
    command = [sys.executable, "-W", "always", "-m", "celery_lint", "--fix-only", "--unsafe-fixes", "--quiet"]
    done = subprocess.run(command, cwd=project, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.stderr == ""
    assert b"print" not in (project / "proj/escapes.py").read_bytes()
