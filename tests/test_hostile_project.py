"""A project that does what it can: nothing of it is run, and nothing outside of it is read, written or reached."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
SECRET = "OUTSIDE-SECRET"
PWN = "import os\nopen(os.environ['PWNED'], 'a').write(__file__)\n"
# A title for the window, a colour, a command of GitHub's, HTML, a direction mark, a control character of eight bits.
NASTY = "a\x1b]0;x\x07\x1b[31m\n::error::x\r<script>alert(1)</script>\u202e\x9b31m\x7f"

FILES = {
    "proj/__init__.py": "",
    "proj/app.py": (
        f"{PWN}from celery import Celery\n"
        "app = Celery('proj', broker='redis://localhost', include=['proj.tasks', '../outside/secret', 'secret'])\n"
        "app.config_from_object('outside.secret')\napp.config_from_envvar('PWNED')\napp.autodiscover_tasks(['link'])\n"
        "app.conf.task_routes = {'x': {'queue': 'q'}}\n"
    ),
    "proj/tasks.py": (
        f"{PWN}import subprocess, requests\nfrom proj.app import app\nfrom link import secret\n"
        f"@app.task(name={NASTY!r}, queue={NASTY!r})\ndef send(x):\n    print({NASTY!r})\n    requests.get('http://localhost:1/')\n"
        f"@app.task\ndef other():\n    send.delay()\n    app.send_task({NASTY!r} + 'y')\n"
    ),
    **dict.fromkeys(
        ("setup.py", "conftest.py", "sitecustomize.py", "usercustomize.py", "celery.py", "click.py", "libcst.py",
         "yaml.py", "msgspec.py", "pathspec.py", "tokenize.py", "proj/local.py"), PWN,
    ),
    "docker-compose.yml": (
        "include: [../outside/docker-compose.yml, /OUTSIDE/docker-compose.yml]\nservices:\n  w:\n"
        "    extends: {file: ../outside/docker-compose.yml, service: w}\n    env_file: [../outside/env, /OUTSIDE/env]\n"
        "    build: {context: ../outside, dockerfile: /OUTSIDE/Dockerfile}\n"
        "    command: celery -A proj.app worker -Q q\n"
        "  x: !!python/object/apply:os.system [\"touch $PWNED\"]\n"
    ),
    "compose.override.yml": "services:\n  w:\n    command: sh -c '. ../outside/run.sh; celery -A proj.app worker'\n",
    "requirements.txt": "-r ../outside/requirements.txt\n-r /OUTSIDE/requirements.txt\n-c ../outside/env\ncelery\n",
    "pyproject.toml": (
        "[project]\nname = 'x'\nreadme = '../outside/env'\ndynamic = ['dependencies']\n"
        "[tool.setuptools.dynamic]\ndependencies = {file = ['../outside/requirements.txt']}\n"
        "[tool.ruff]\nextend = '../outside/ruff.toml'\n[tool.celery-lint]\npreset = 'strict'\n"
    ),
    "ruff.toml": "extend = '/OUTSIDE/ruff.toml'\n",
    "setup.cfg": "[flake8]\nextend-config = ../outside/env\n",
    "Makefile": (
        "include ../outside/Makefile\n-include /OUTSIDE/Makefile\nX := $(shell touch $$PWNED)\n"
        "w:\n\tcelery -A proj.app worker\n"
    ),
    "Procfile": "w: celery -A proj.app worker --config ../outside/secret\n",
    "supervisord.conf": "[include]\nfiles = ../outside/*.conf\n[program:w]\ncommand=celery -A proj.app worker\n",
    "w.service": "[Service]\nEnvironmentFile=/OUTSIDE/env\nExecStart=celery -A proj.app worker\n",
    "Dockerfile": "FROM x\nCOPY ../outside/run.sh /run.sh\nADD http://localhost:1/x /x\nCMD sh /run.sh\n",
    "run.sh": ". /OUTSIDE/run.sh\nsource ../outside/run.sh\nexec celery -A proj.app worker\n",
    NASTY.replace("/", "") + ".py": "import celery\n(",
    ".git/HEAD": "",
    ".env": "PWNED=/OUTSIDE/env\n",
}  # fmt: skip
OUTSIDE = {
    "secret.py": f"from celery import Celery\n{SECRET} = (\n",
    "docker-compose.yml": f"services:\n  w:\n    command: celery -A {SECRET} worker\n",
    "env": f"X={SECRET}\n",
    "requirements.txt": f"{SECRET}\n",
    "ruff.toml": f"{SECRET}\n",
    "Makefile": f"{SECRET}:\n\tcelery -A {SECRET} worker\n",
    "run.sh": f"celery -A {SECRET} worker\n",
    "Dockerfile": f"CMD celery -A {SECRET} worker\n",
    "x.conf": f"[program:{SECRET}]\ncommand=celery -A {SECRET} worker\n",
    "ignore": f"{SECRET}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root, outside = tmp_path / "project", tmp_path / "outside"
    for folder, files in ((root, FILES), (outside, OUTSIDE)):
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text.replace("/OUTSIDE", str(outside)), encoding="utf-8")
    (root / "link.py").symlink_to(outside / "secret.py")
    (root / "link").symlink_to(outside)
    (root / "up").symlink_to("..")
    (root / "proj/linked.py").symlink_to("../../outside/secret.py")
    (root / "docker-compose.prod.yml").symlink_to(outside / "docker-compose.yml")
    (root / ".gitignore").symlink_to(outside / "ignore")
    (root / ".celery_lint_cache").symlink_to(outside)
    (root / "null.py").symlink_to("/dev/zero")
    return root


def run(project: Path, *commands: list[str]) -> subprocess.CompletedProcess[str]:
    """Do each of COMMANDS in one process under audit."""
    arguments = [word for command in commands for word in ("--then", *command)][1:]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.hostile.audit", str(project), *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PWNED": str(project.parent / "pwned"), "FORCE_COLOR": ""},
        capture_output=True,
        text=True,
        timeout=120,
        errors="surrogateescape",
    )
    assert "Traceback" not in done.stderr, done.stderr[-3_000:]
    return done


def statuses(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {line for line in done.stderr.splitlines() if line.startswith("STATUS")}


def test_nothing_is_run_and_nothing_elsewhere_is_touched(project: Path) -> None:
    outside = project.parent / "outside"
    before = {path: path.read_bytes() for path in outside.iterdir()}
    done = run(
        project,
        ["check"],
        ["check", "--output-format", "json", "--verbose"],
        ["check", "--diff", "--unsafe-fixes"],
        ["config"],
        ["map"],
        ["map", "--format", "html"],
        ["check", "--fix", "--unsafe-fixes", "--output-format", "concise"],
    )
    assert [line for line in done.stderr.splitlines() if line.startswith("AUDIT")] == []
    assert statuses(done) <= {"STATUS 0", "STATUS 1"}
    assert SECRET not in done.stdout + done.stderr
    assert not (project.parent / "pwned").exists()
    assert {path: path.read_bytes() for path in outside.iterdir()} == before
    assert (project / "proj/tasks.py").read_text() != FILES["proj/tasks.py"]


def test_the_audit_sees_what_is_forbidden(project: Path) -> None:
    """Else the test above shows nothing."""
    script = (
        "import sys; from tests.hostile.audit import Audit; sys.addaudithook(Audit(sys.argv[1], []).hook)\n"
        "import os, socket, subprocess; root = sys.argv[1]; sys.path.insert(0, root)\n"
        "open(root + '/link.py'); open(root + '/../outside/x', 'w'); os.listdir(root + '/..')\n"
        "subprocess.run(['true']); import proj.local; os.rename(root + '/.env', root + '/../env'); socket.socket()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(project)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PWNED": os.devnull},
        capture_output=True,
        text=True,
    )
    seen = {line.split()[1] for line in done.stderr.splitlines() if line.startswith("AUDIT")}
    assert {"open", "os.listdir", "subprocess.Popen", "exec", "os.rename", "socket.__new__"} <= seen, done.stderr


COMMANDS = {
    "full": ["check", "--output-format", "full"],
    "full in colour": ["check", "--color", "always"],
    "concise": ["check", "--output-format", "concise"],
    "json": ["check", "--output-format", "json"],
    "statistics": ["check", "--statistics"],
    "verbose": ["check", "--verbose"],
    "durations": ["check", "--durations"],
    "config": ["config"],
    "map": ["map"],
    "map of one task": ["map", "--task", NASTY],
    "map as json": ["map", "--format", "json"],
    "map as mermaid": ["map", "--format", "mermaid"],
    "map as dot": ["map", "--format", "dot"],
    "map as html": ["map", "--format", "html"],
    "no such path": ["check", NASTY],
    "no such rule": ["check", "--select", NASTY],
    "no such configuration": ["check", "--config", NASTY],
}


def test_no_output_holds_what_commands_a_terminal(project: Path) -> None:
    nasty = project.rename(project.parent / NASTY.replace("/", ""))
    (nasty / "pyproject.toml").write_text(f"[tool.celery-lint]\nexternal-queues = [{json.dumps(NASTY)}]\n")
    done = run(nasty, *COMMANDS.values())
    for line in (done.stdout + done.stderr).splitlines():
        shown = line.replace("\x1b[0m", "")
        for code in ("1", "2", "31", "33", "34", "31;1", "33;1", "34;1", "32", "32;1", "36"):
            shown = shown.replace(f"\x1b[{code}m", "") if "31m" not in code else shown
        assert shown.replace("\t", "").isprintable(), ascii(line)
        assert not line.startswith("::"), line


def test_the_html_page_runs_nothing_of_the_project(project: Path) -> None:
    page = run(project, ["map", "--format", "html"]).stdout
    assert "<script>alert" not in page
    assert "alert(1)" in page  # the name is there, as text
    assert page.count("<script") == page.count("</script")


def test_the_drawings_stay_valid(project: Path) -> None:
    done = run(project, ["map", "--format", "mermaid"], ["map", "--format", "dot"])
    mermaid, _, dot = done.stdout.partition("digraph")
    assert "<script" not in mermaid
    assert all(line.count('"') % 2 == 0 for line in mermaid.splitlines())
    assert all(line.replace('\\"', "").count('"') % 2 == 0 for line in dot.splitlines())


def fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("make", [fifo, a_socket])
def test_files_that_are_none_do_not_block(project: Path, make: Callable[[Path], None]) -> None:
    names = ["pipe.py", "proj/pipe.py", "docker-compose.dev.yml", "Procfile.dev", "proj/.gitignore", "celery-lint.toml",
             "ruff.local.toml", ".git/info", "proj/pyproject.toml", ".flake8", "tox.ini"]  # fmt: skip
    for name in names:
        make(project / name)
    (project / ".celery_lint_cache").unlink()
    (project / ".celery_lint_cache").mkdir()
    make(project / ".celery_lint_cache/facts.bin")
    make(project / ".celery_lint_cache/output.bin")
    done = run(project, ["check", "--output-format", "concise"], ["check", "proj", "--output-format", "concise"])
    assert statuses(done) == {"STATUS 1"}
    assert "pipe.py" not in done.stdout


def test_a_configuration_that_leads_elsewhere_is_refused(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    (project / "pyproject.toml").symlink_to(project.parent / "outside/ruff.toml")
    done = run(project, ["check"])
    assert "is a link to outside of the project" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert statuses(done) == {"STATUS 2"}


def test_a_huge_file_is_not_taken_into_memory(project: Path) -> None:
    for name in ("proj/huge.py", "docker-compose.huge.yml", "Makefile", "proj/.gitignore", "requirements.txt"):
        with (project / name).open("wb") as file:
            file.truncate(1 << 40)
    done = run(project, ["check", "--output-format", "concise"])
    assert statuses(done) == {"STATUS 1"}
    assert "docker-compose.huge.yml:1:1: warning CEL002" in done.stdout


def test_python_m_takes_no_library_from_the_project(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery_lint", "--no-cache"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PWNED": str(project.parent / "pwned")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert not (project.parent / "pwned").exists()
