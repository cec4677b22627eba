"""A project that does what it can: nothing of it is run, and nothing outside of it is read, written or reached."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repositories import commit, put

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


def make_project(folder: Path) -> Path:
    """The project and what lies beside it, in FOLDER."""
    root, outside = folder / NASTY.replace("/", ""), folder / "outside"
    for place, files in ((root, FILES), (outside, OUTSIDE)):
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text.replace("/OUTSIDE", str(outside)), encoding="utf-8")
    (root / "link.py").symlink_to(outside / "secret.py")
    (root / "link").symlink_to(outside)
    (root / "up").symlink_to("..")
    (root / "proj/linked.py").symlink_to("../../outside/secret.py")
    (root / "docker-compose.prod.yml").symlink_to(outside / "docker-compose.yml")
    (root / ".gitignore").symlink_to(outside / "ignore")
    (root / ".celery_lint_cache").symlink_to(outside)
    (root / "null.py").symlink_to("/dev/zero")
    return root


@dataclass(frozen=True)
class Ended:
    """What a process wrote: STDOUT by command, and STDERR."""

    stdout: Mapping[str, str]
    stderr: str

    @property
    def audited(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line.startswith("AUDIT")]

    @property
    def statuses(self) -> list[str]:
        return [line.removeprefix("STATUS ") for line in self.stderr.splitlines() if line.startswith("STATUS")]

    @property
    def text(self) -> str:
        return "".join(self.stdout.values()) + self.stderr


def run(project: Path, *commands: str | list[str]) -> Ended:
    """Do each of COMMANDS in one process under audit."""
    listed = [command.split() if isinstance(command, str) else command for command in commands]
    arguments = [word for command in listed for word in ("--then", *command)][1:]
    done = subprocess.run(
        # What Python itself writes when it first loads a module (`-B`) is none of our doing.
        [sys.executable, "-B", "-P", "-m", "tests.hostile.audit", str(project), *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PWNED": str(project.parent / "pwned"), "FORCE_COLOR": ""},
        capture_output=True,
        text=True,
        timeout=200,
        errors="surrogateescape",
    )
    assert "Traceback" not in done.stderr, done.stderr[-3_000:]
    parts = done.stdout.split("==== ")[1:]
    return Ended({" ".join(command): part for command, part in zip(listed, parts, strict=True)}, done.stderr)


# With `--durations` this process itself reads, and has then loaded what that takes for those that it forks later.
COMMANDS: tuple[str | list[str], ...] = (
    "check --verbose", "check --durations", "check --color always", "check --output-format concise",
    "check --output-format json", "check --output-format jsonl", "check --output-format sarif",
    "check --output-format github", "check --output-format gitlab", "check --output-format html",
    "check --output-format junit",
    "check --report junit=out/x.xml --report=github=/dev/null --output-format full",
    "check --statistics", "check --diff --unsafe-fixes", "config", "map", "map --format json",
    "map --format mermaid", "map --format dot", "map --format html", ["map", "--task", NASTY], ["check", NASTY],
    ["check", "--select", NASTY], ["check", "--config", NASTY], ["explain", NASTY],
    "init --print", "baseline --baseline base.jsonl", "check --baseline base.jsonl",
    ["check", f"--add-ignore={NASTY}"], "check --add-ignore=why --diff", "check --fix --unsafe-fixes",
    "check --add-ignore=why", "init",
)  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """What became of the project at ROOT, of what lies OUTSIDE, and what was said."""

    root: Path
    outside: Mapping[Path, bytes]
    ended: Ended


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    root = make_project(tmp_path_factory.mktemp("hostile"))
    outside = {path: path.read_bytes() for path in (root.parent / "outside").iterdir()}
    return Attack(root, outside, run(root, *COMMANDS))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_every_command_does_its_work(attack: Attack) -> None:
    assert attack.ended.statuses == [*"1" * 14, *"0" * 6, *"02222", *"00021112"]
    assert (attack.root / "proj/tasks.py").read_text() != FILES["proj/tasks.py"]


def test_nothing_of_the_project_is_run(attack: Attack) -> None:
    assert attack.ended.audited == []
    assert not (attack.root.parent / "pwned").exists()


def test_git_alone_is_started_and_only_to_see_what_has_changed(project: Path) -> None:
    (project / ".git/HEAD").unlink()
    (project / ".git").rmdir()
    put(project, {"git": f"#!/bin/sh\necho git >> {project.parent}/pwned\n"})
    (project / "git").chmod(0o755)
    commit(project, {"proj/later.py": "import celery\n"})
    put(project, {"proj/later.py": "import celery\nx = 1\n"})
    ended = run(
        project,
        "check --changed --jobs 1 --output-format concise",
        "check --changed HEAD --quiet",
        "check --changed=-x",
    )
    assert ended.statuses == ["0", "0", "2"]
    started = [line.removeprefix("AUDIT subprocess.Popen ") for line in ended.audited]
    program = Path(shutil.which("git") or "git")
    assert started
    assert all(line.startswith(f"({str(program)!r}, ") for line in started), started
    assert not (project.parent / "pwned").exists()


def test_nothing_outside_is_read(attack: Attack) -> None:
    assert attack.ended.audited == []
    assert SECRET not in attack.ended.text


def test_nothing_outside_is_written(attack: Attack) -> None:
    assert attack.ended.audited == []
    assert {path: path.read_bytes() for path in (attack.root.parent / "outside").iterdir()} == attack.outside
    assert sorted(path.name for path in attack.root.parent.iterdir()) == sorted(["outside", attack.root.name])


def test_the_network_is_not_used(attack: Attack) -> None:
    assert attack.ended.audited == []


def test_the_audit_sees_what_is_forbidden(project: Path) -> None:
    """Else the tests above show nothing."""
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


def test_no_output_holds_what_commands_a_terminal(attack: Attack) -> None:
    ours = [
        "\x1b[0m",
        *(f"\x1b[{style}m" for style in ("1", "2", "32", "33", "34", "31;1", "33;1", "34;1", "32;1", "36")),
    ]
    for command, text in (*attack.ended.stdout.items(), ("stderr", attack.ended.stderr)):
        if "--diff" in command:
            continue  # bytes for `patch`
        for line in text.split("\n"):
            shown = line.replace("\t", "")
            for each in ours:
                shown = shown.replace(each, "")
            assert shown.replace("\x1b[31m[CEL", "[CEL").isprintable(), (command, ascii(line))
            is_ours = command.endswith("format github") and line != "" and command not in line
            assert line.startswith("::") == is_ours, command
            assert "##[" not in line, command


def test_a_diff_names_files_as_git_does(attack: Attack) -> None:
    names = [
        line for line in attack.ended.stdout["check --diff --unsafe-fixes"].splitlines() if line[:4] in ("--- ", "+++ ")
    ]
    assert names
    assert all(name.isprintable() for name in names)


def test_the_html_page_runs_nothing_of_the_project(attack: Attack) -> None:
    for command in ("map --format html", "check --output-format html"):
        page = attack.ended.stdout[command]
        assert "<script>alert" not in page
        assert "alert(1)" in page  # the name is there, as text
        assert page.count("<script") == page.count("</script")


def test_the_drawings_stay_valid(attack: Attack) -> None:
    mermaid, dot = (attack.ended.stdout[f"map --format {name}"] for name in ("mermaid", "dot"))
    assert "<script" not in mermaid
    assert all(line.count('"') % 2 == 0 for line in mermaid.splitlines()[1:])
    assert all(line.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0 for line in dot.splitlines()[1:])


def test_json_says_the_same_in_visible_characters(attack: Attack) -> None:
    for command in ("check --output-format json", "check --output-format sarif", "map --format json"):
        text = attack.ended.stdout[command].partition("\n")[2]
        assert json.loads(text)
        assert "\\u202e" in text


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


def test_what_is_no_file_does_not_block(project: Path) -> None:
    for name in ("pipe.py", "docker-compose.dev.yml", "celery-lint.toml", "ruff.local.toml", ".git/info", ".flake8",
                 "proj/.gitignore", "proj/pyproject.toml"):  # fmt: skip
        os.mkfifo(project / name)
    for name in ("socket.py", "Procfile.dev", "tox.ini"):
        a_socket(project / name)
    (project / ".celery_lint_cache").unlink()
    (project / ".celery_lint_cache").mkdir()
    for name in ("facts.bin", "output.bin"):
        os.mkfifo(project / ".celery_lint_cache" / name)
    ended = run(project, "check --output-format concise")
    assert ended.statuses == ["1"]
    assert "pipe.py" not in ended.text


@pytest.mark.slow
def test_what_has_no_end_is_not_taken_into_memory(project: Path) -> None:
    (project / ".gitignore").unlink()
    for name in ("proj/huge.py", "docker-compose.huge.yml", "Makefile", ".gitignore", "requirements.txt"):
        with (project / name).open("wb") as file:
            file.truncate(1 << 40)
    ended = run(project, "check --output-format concise")
    assert ended.statuses == ["1"]
    assert "docker-compose.huge.yml:1:1: warning CEL002" in ended.text


def test_a_configuration_that_leads_elsewhere_is_refused(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    (project / "pyproject.toml").symlink_to(project.parent / "outside/ruff.toml")
    ended = run(project, "check")
    assert "is a link to outside of the project" in ended.stderr
    assert SECRET not in ended.text
    assert ended.statuses == ["2"]


def test_python_m_takes_no_library_from_the_project(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery_lint", "rules"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PWNED": str(project.parent / "pwned")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not (project.parent / "pwned").exists()
