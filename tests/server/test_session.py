"""A real client talks to a real server over stdio about a project on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from tests.server.client import Client

APP = """\
from celery import Celery

app = Celery("shop", broker="redis://", include=["shop.tasks"])
app.conf.task_time_limit = 300
app.conf.task_routes = {"shop.tasks.send_mail": {"queue": "mail"}}
"""
TASKS = '''\
import asyncio

from shop.app import app


async def fetch():
    """😀"""


@app.task
def send_mail(to):
    "😀"; asyncio.get_event_loop().run_until_complete(fetch())
'''
WEB = """\
from shop.app import app
from shop.tasks import send_mail


def order():
    send_mail.delay("a")
    app.send_task("shop.tasks.send_mail", args=["b"])
"""
PROCFILE = "worker: celery -A shop.app worker -Q celery,mail --pool threads --concurrency 8\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose folder has a name that a URI has to escape."""
    root = tmp_path / "my shöp"
    for name, text in {
        "shop/__init__.py": "",
        "shop/app.py": APP,
        "shop/tasks.py": TASKS,
        "shop/web.py": WEB,
        "Procfile": PROCFILE,
        "celery-lint.toml": 'ignore = ["CEL5", "CEL108"]\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def client() -> Iterator[Client]:
    """An editor that has started a server."""
    with Client("--no-cache") as started:
        yield started


def test_a_session(client: Client, project: Path) -> None:
    client.start(project)
    uri = (project / "shop/tasks.py").as_uri()
    client.until(lambda: uri in client.diagnostics)  # before anything is open
    (found,) = client.diagnostics[uri]
    line = TASKS.splitlines()[11]
    start = len(line[: line.index("asyncio")].encode("utf-16-le")) // 2
    assert (found.code, found.severity, found.source) == ("CEL102", types.DiagnosticSeverity.Error, "celery-lint")
    assert found.range.start == types.Position(11, start)

    assert client.open(project / "shop/tasks.py") == uri
    client.change(uri, TASKS.replace("asyncio.get_event_loop().run_until_complete(fetch())", "asyncio.run(fetch())"))
    client.until(lambda: client.codes(uri) == [])
    client.change(uri, TASKS)
    client.until(lambda: client.codes(uri) == ["CEL102"])
    assert client.messages == []
    assert client.end() == 0
