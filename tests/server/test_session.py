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
PRINTS = """\
    print(to)  # celery-lint: ignore[CEL101]
    print("é")  # celery-lint: ignore[CEL101]
"""
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

    # typing, without saving
    assert client.open(project / "shop/tasks.py") == uri
    client.change(uri, TASKS.replace("asyncio.get_event_loop().run_until_complete(fetch())", "asyncio.run(fetch())"))
    client.until(lambda: client.codes(uri) == [])
    client.change(uri, TASKS + PRINTS)
    client.until(lambda: client.codes(uri) == ["CEL102", "CEL408", "CEL001", "CEL001"])

    # fixing
    offered = client.actions(uri, found.range.start)
    assert list(offered) == [
        "Run the coroutine with `asyncio.run` (unsafe)",
        "Explain run-until-complete-in-task (CEL102)",
        "Fix all that is safe to fix (celery-lint)",
    ]
    fix, explain, _ = offered.values()
    assert fix.edit is not None
    assert not fix.is_preferred
    client.apply(fix.edit)
    client.until(lambda: client.codes(uri) == ["CEL408", "CEL001", "CEL001"])
    client.run(explain)
    assert client.shown[-1].uri.endswith("run-until-complete-in-task.md")

    rule = "unused-suppression (CEL001)"
    offered = client.actions(uri, client.position(uri, "CEL101"))
    assert list(offered)[:3] == ["Remove what silences nothing", f"Fix all 2 {rule} in this file", f"Explain {rule}"]
    assert offered["Remove what silences nothing"].is_preferred
    edit = client.resolve(offered[f"Fix all 2 {rule} in this file"])
    assert edit == client.resolve(*client.actions(uri, types.Position(0, 0), "source.fixAll").values())
    assert edit is not None
    client.apply(edit)
    client.until(lambda: client.codes(uri) == ["CEL408"])
    edit = next(iter(client.actions(uri, client.position(uri, "print")).values())).edit
    assert edit is not None
    client.apply(edit)
    client.until(lambda: client.codes(uri) == [])
    assert client.texts[uri][1].endswith('    logger.info("%s", to)\n    logger.info("é")\n')
    assert (project / "shop/tasks.py").read_text() == TASKS

    # asking
    lens = "queue mail → worker (threads ×8)"
    assert [title for _, title in client.lenses(uri)] == [lens, "2 callers"]
    web = client.open(project / "shop/web.py")
    card = client.hover(web, client.position(web, "send_mail.delay", 3))
    assert card.splitlines()[0] == "**task** `shop.tasks.send_mail`"
    assert "- queue `mail`, by route `shop.tasks.send_mail`" in card
    assert "  - worker `worker`, threads ×8, `Procfile:1`" in card
    assert "- time limit **5 min** (setting `task_time_limit`) (ignored by threads), soft none" in card
    app = client.open(project / "shop/app.py")
    task = client.position(uri, "send_mail")
    for each, name in ((web, '"shop.tasks'), (app, '"shop.tasks.send_mail')):
        (place,) = client.definition(each, client.position(each, name, 4))
        assert (place.uri, place.range.start) == (uri, task)
    users = client.references(uri, task)
    assert sorted({place.uri for place in users}) == sorted([app, web])

    assert client.progress in (["begin", "end"], [])
    assert [each.method for each in client.registered] == ["workspace/didChangeWatchedFiles"]
    assert client.messages == []
    assert client.end() == 0
