"""A real client talks to a real server over stdio about a project on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

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
        "Silence CEL102 with a comment",
        "Explain run-until-complete-in-task (CEL102)",
        "Fix all that is safe to fix (celery-lint)",
    ]
    fix, _, explain, _ = offered.values()
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


@pytest.mark.slow
def test_requests_before_the_first_look(client: Client, project: Path) -> None:
    client.start(project)
    uri = client.open(project / "shop/web.py")
    assert client.hover(uri, types.Position(4, 6)) == ""  # it does not wait
    assert client.definition(uri, client.position(uri, '"shop.tasks', 3)) == []
    assert [title for _, title in client.lenses(client.open(project / "shop/tasks.py"))] != []  # this one does
    assert client.hover(uri, client.position(uri, "send_mail.delay", 3)) != ""


@pytest.mark.slow
def test_clicks(client: Client, project: Path) -> None:
    client.start(project)
    uri = client.open(project / "shop/tasks.py")
    params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
    worker, callers = (lens.command for lens in client.ask(client.protocol.text_document_code_lens_async(params)) or ())
    assert worker is not None
    assert callers is not None
    client.command(worker)
    assert client.shown[-1].uri == (project / "Procfile").as_uri()
    client.choice = 1
    client.command(callers)
    assert client.offered == ["shop/web.py:6", "shop/web.py:7"]
    assert client.shown[-1].uri == (project / "shop/web.py").as_uri()
    assert client.shown[-1].selection == types.Range(types.Position(6, 0), types.Position(6, 0))


@pytest.mark.slow
@pytest.mark.parametrize("units", ["utf-8", "utf-32", "utf-16"])
def test_units_of_the_editor(client: Client, project: Path, units: str) -> None:
    kind = types.PositionEncodingKind(units)
    general = types.GeneralClientCapabilities(position_encodings=[kind, types.PositionEncodingKind.Utf16])
    result = client.start(project, capabilities=types.ClientCapabilities(general=general))
    assert result.capabilities.position_encoding == kind
    uri = (project / "shop/tasks.py").as_uri()
    client.until(lambda: uri in client.diagnostics)
    start = {"utf-8": 12, "utf-16": 10, "utf-32": 9}[units]
    assert client.diagnostics[uri][0].range.start == types.Position(11, start)
    assert client.registered == []  # it cannot
    client.open(project / "shop/tasks.py")
    (fix, *_) = client.actions(uri, types.Position(11, start)).values()
    assert fix.edit is not None
    assert fix.edit.document_changes is None
    assert any(edit.range.start == types.Position(11, start) for edit in (fix.edit.changes or {})[uri])


@pytest.mark.slow
def test_nonsense(client: Client, project: Path) -> None:
    """Whatever is sent, the server lives."""
    client.start(project)
    unknown, wrong = b'{"jsonrpc": "2.0", "method": "no/such"}', b'{"jsonrpc": "2.0", "id": 7, "method": 3}'
    for body in (b"{", b"[]", unknown, wrong, b"\xff"):
        client.send(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    for uri in ("untitled:x", "file:///c%3A/x.py", "file://", "nonsense", "file:///a%00b.py"):
        client.open_as(uri, TASKS)
        assert client.hover(uri, types.Position(900, 900)) == ""
        assert client.lenses(uri) == []
        assert client.actions(uri, types.Position(11, 10)) == {}
        client.close(uri)
    other = types.VersionedTextDocumentIdentifier(version=1, uri="file:///never/opened.py")
    change = types.DidChangeTextDocumentParams(other, [types.TextDocumentContentChangeWholeDocument(text="")])
    client.tell(lambda: client.protocol.text_document_did_change(change))
    with pytest.raises(JsonRpcException):
        client.ask(client.protocol.workspace_execute_command_async(types.ExecuteCommandParams("no.such", [])))
    uri = client.open(project / "shop/tasks.py")
    client.until(lambda: client.codes(uri) == ["CEL102"])
    assert client.messages == []
    assert client.end() == 0


@pytest.mark.slow
def test_an_editor_that_changes_its_mind(client: Client, project: Path) -> None:
    """A request that was cancelled has no answer, and costs nothing."""
    client.start(project)
    uri = client.open(project / "shop/tasks.py")
    client.until(lambda: client.codes(uri) == ["CEL102"])
    params = types.CodeLensParams(types.TextDocumentIdentifier(uri))

    async def cancel() -> None:
        client.protocol.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
        client.protocol.protocol.send_request(types.TEXT_DOCUMENT_CODE_LENS, params, msg_id="7")
        client.protocol.cancel_request(types.CancelParams("7"))

    client.ask(cancel())
    assert len(client.lenses(uri)) == 2


@pytest.mark.slow
def test_an_editor_that_is_gone(client: Client, project: Path) -> None:
    client.start(project)
    client.open(project / "shop/tasks.py")
    assert client.hang_up() == 1
    assert client.errors() == ""


@pytest.mark.slow
def test_the_cache_is_that_of_check(project: Path) -> None:
    with Client() as client:
        client.start(project)
        uri = (project / "shop/tasks.py").as_uri()
        client.until(lambda: uri in client.diagnostics)
        client.open(project / "shop/tasks.py")
        client.change(uri, TASKS + "    print(to)\n")
        client.until(lambda: client.codes(uri) == ["CEL102", "CEL408"])
        assert client.end() == 0
    written = {path.relative_to(project).parts[0] for path in project.rglob("*")}
    assert written == {"shop", "Procfile", "celery-lint.toml", ".celery_lint_cache"}
    assert sorted(path.name for path in (project / ".celery_lint_cache").iterdir()) == [
        ".gitignore", "CACHEDIR.TAG", "facts.bin",
    ]  # fmt: skip
