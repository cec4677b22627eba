"""`celery-lint init`: a first configuration that is understood, and changes nothing until somebody says so."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from celery_lint.configfile import locate
from celery_lint.settings import load
from celery_lint.views.starter.toml import array, string
from tests.command_line import Lint
from tests.repositories import put

APP = """import os
from celery import Celery

app = Celery('proj', broker=os.environ['BROKER'], include=['proj.tasks'])
app.conf.task_routes = {'proj.tasks.mail': {'queue': 'mail'}, 'gone.*': {'queue': 'mail'}}
app.conf.beat_schedule = {'x': {'task': 'other.nightly', 'schedule': 60.0}}
"""
TASKS = """import asyncio

import requests

from proj.app import app
from proj.db import get_session


def run_async(coroutine):
    return asyncio.get_event_loop().run_until_complete(coroutine)


async def work():
    return 1


@app.task
def mail(x):
    session = get_session()
    session.commit()
    return run_async(work())


@app.task
def add(x):
    app.send_task('billing.charge')
    return requests.get('http://example.org')
"""
FILES = {
    "proj/__init__.py": "",
    "proj/app.py": APP,
    "proj/tasks.py": TASKS,
    "proj/db.py": "import other\n\n\ndef get_session():\n    return other.make()\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def uncommented(text: str) -> str:
    """TEXT, where every setting counts."""
    return re.sub(r"^# (?=[a-z-]+ = )", "", text, flags=re.MULTILINE)


def findings(lint: Lint) -> list[str]:
    found = json.loads(lint("--output-format", "json").stdout)["findings"]
    return [f"{each['code']} {each['path']}:{each['line']}" for each in found]


def test_a_file_of_its_own(project: Path, lint: Lint) -> None:
    before = findings(lint)
    done = lint("init")
    assert (done.status, done.stdout) == (0, "")
    text = (project / "celery-lint.toml").read_text()
    for line in (
        "#   app       proj.app.app (proj/app.py:4)",
        "#   tasks     2 in 1 module",
        "#   schedule  1 entry",
        '# celery-version = "5.7"',
        '# broker = "amqp"',
        '# workers = [{queues = ["celery", "mail"], pool = "prefork", concurrency = 8}]',
        '# external-tasks = ["billing.charge", "gone.*", "other.nightly"]',
        '# async-bridges = ["proj.tasks.run_async"]',
        '# session-factories = ["proj.db.get_session"]',
        "# time-limits = {soft = 270, hard = 300}",
        "# io-timeout = 10",
        "# Seen in proj/tasks.py:19.",
    ):
        assert f"{line}\n" in text, line
    assert done.stderr.startswith("Wrote celery-lint.toml: read it, and uncomment what is right.\n")
    assert "celery-lint baseline" in done.stderr
    assert findings(lint) == before


def test_all_that_is_suggested_is_understood(project: Path, lint: Lint) -> None:
    lint("init")
    file = project / "celery-lint.toml"
    file.write_text(uncommented(file.read_text()))
    settings = load(locate(project)).settings
    assert settings.async_bridges == ("proj.tasks.run_async",)
    assert [worker.queues for worker in settings.workers] == [("celery", "mail")]
    assert lint().status in (0, 1)
    reported = lint("--output-format", "concise").stdout
    assert "CEL102" not in reported  # the bridge
    assert "billing.charge" not in reported
    assert "CEL304" in reported  # the session


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_the_end_of_pyproject(project: Path, lint: Lint, newline: str, end: str) -> None:
    before = f"\ufeff[project]\nname = 'x'\ndependencies = ['celery==5.4.0']  # ä{end}".replace("\n", newline).encode()
    (project / "pyproject.toml").write_bytes(before)
    done = lint("init")
    assert "Wrote pyproject.toml ([tool.celery-lint]): read it" in done.stderr
    after = (project / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\r\n") == (after.count(b"\n") if newline == "\r\n" else 0)
    text = after.decode("utf-8-sig")
    assert "#   Celery    5.4.0 (pyproject.toml:3)" in text
    assert "celery-version" not in text
    assert tomllib.loads(text)["tool"] == {"celery-lint": {}}
    assert lint().status == 1


def test_a_pyproject_that_cannot_take_it(project: Path, lint: Lint) -> None:
    text = "tool = {x = 1}\n"
    (project / "pyproject.toml").write_text(text)
    assert "Wrote celery-lint.toml:" in lint("init").stderr
    assert (project / "pyproject.toml").read_text() == text


@pytest.mark.parametrize("name", ["celery-lint.toml", "pyproject.toml"])
def test_what_is_there_is_never_overwritten(project: Path, lint: Lint, name: str) -> None:
    text = "[tool.celery-lint]\n" if name == "pyproject.toml" else "preset = 'strict'\n"
    (project / name).write_text(text)
    done = lint("init")
    assert (done.status, done.stdout) == (2, "")
    assert f"{name} configures celery-lint already" in done.stderr
    assert lint("init", "--print").status == 0
    assert (project / name).read_text() == text


def test_print_writes_nothing(project: Path, lint: Lint) -> None:
    before = sorted(project.rglob("*.toml"))
    done = lint("init", "--print")
    assert done.stdout.startswith("# Written by `celery-lint init`.")
    assert sorted(project.rglob("*.toml")) == before


def test_without_celery_there_is_nothing_to_configure(tmp_path: Path, lint: Lint) -> None:
    put(tmp_path, {"a.py": "x = 1\n"})
    done = lint("init", str(tmp_path))
    assert (done.status, "there is no Celery code" in done.stderr) == (2, True)
    assert not (tmp_path / "celery-lint.toml").exists()


def test_folders_that_are_projects_of_their_own(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        put(tmp_path, {f"services/{name}/{path}": text for path, text in FILES.items()})
        put(tmp_path, {f"services/{name}/requirements.txt": "celery==5.4.0\n"})
    assert '# projects = ["services/*"]\n' in lint("init", "--print").stdout
    put(tmp_path, {"app.py": APP})
    assert "projects = " not in lint("init", "--print").stdout


def test_queues_that_nobody_reads(project: Path, lint: Lint) -> None:
    put(project, {"Procfile": "worker: celery -A proj.app worker -Q celery\n"})
    text = lint("init", "--print").stdout
    assert '# external-queues = ["mail"]\n' in text
    assert "#   worker    worker (Procfile:1): prefork, reads celery\n" in text
    assert "workers = [" not in text


def test_names_are_the_attackers(project: Path, lint: Lint) -> None:
    name = "a\"\\\n]\x1b[31m\u202e'''"
    put(project, {"proj/tasks.py": TASKS.replace("'billing.charge'", repr(name))})
    lint("init")
    file = project / "celery-lint.toml"
    assert file.read_text().isprintable() or all(line.isprintable() for line in file.read_text().splitlines())
    file.write_text(uncommented(file.read_text()))
    assert name in load(locate(project)).settings.external_tasks


@pytest.mark.parametrize("text", ["", "a", '"', "\\", "ä", "\n\t\0", "\u202e", "\U0001f680\U000e0001"])
def test_strings_of_toml(text: str) -> None:
    assert tomllib.loads(f"x = {string(text)}\ny = {array([text, 'z'])}") == {"x": text, "y": [text, "z"]}
