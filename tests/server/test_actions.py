"""What an editor can do about findings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from lsprotocol import types

from celery_lint.finding import Edit, Span
from celery_lint.server.actions import Request, actions, workspace_edit
from celery_lint.server.fixes import repair_all
from celery_lint.server.snapshot import Repair
from celery_lint.server.uris import uri_of
from celery_lint.server.workspace import View
from celery_lint.source import Source
from tests.server.client import edited
from tests.server.desk import APP, TASKS, Space, at_once, space, written

AIO = """\
import asyncio


def run_async(coroutine):
    loop = asyncio.get_event_loop()
    return loop.run_until_complete(coroutine)
"""
COMMENT = "# celery-lint: ignore[CEL101]"
USER = """\
from shop.aio import run_async
from shop.app import app


async def fetch(to): ...


@app.task
def send_mail(to):
    run_async(fetch(to))
"""


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch.setattr)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project."""
    return written(tmp_path / "shop")


def session(work: Callable[[Space], Coroutine[object, object, None]], folder: Path) -> None:
    """Do WORK in a workspace with FOLDER."""

    async def run() -> None:
        async with space(folder) as made:
            await work(made)

    asyncio.run(run())


async def offered(made: Space, uri: str, line: int, *only: str, resolves: bool = True) -> dict[str, types.CodeAction]:
    """What can be done on LINE (from 0) of URI, by title."""
    view = await made.current(uri, 10)
    assert view is not None
    where = types.Range(types.Position(line, 0), types.Position(line, 99))
    request = Request(view.path, uri, where, only, (), resolves)
    return {action.title: action for action in actions(request, view.snapshot, view.desk, view.store)}


async def current(made: Space, uri: str) -> View:
    """What is known of URI now."""
    view = await made.current(uri, 10)
    assert view is not None
    return view


def test_a_fix_in_a_buffer_that_is_no_file_yet(root: Path) -> None:
    written(root, {"shop/aio.py": AIO, "shop/tasks.py": USER})

    async def work(made: Space) -> None:
        made.open(root / "shop/tasks.py", "# 😀\r\n" + USER.replace("\n", "\r\n"))
        aio = uri_of(str(root / "shop/aio.py"))
        helper = made.open(root / "shop/aio.py")
        await made.quiet()
        assert made.heard.codes(root / "shop/aio.py") == [("CEL102", 6)]
        titles = await offered(made, helper, 5)
        edit = next(action.edit for action in titles.values() if action.edit is not None)
        assert edit.document_changes is not None
        changed = {
            each.text_document.uri: each for each in edit.document_changes if isinstance(each, types.TextDocumentEdit)
        }
        assert changed[helper].text_document.version == 1
        for each, one in changed.items():
            document = made.documents.get(each)
            assert document is not None
            made.changed(each, 2, edited(document.text, one.edits))
        await made.quiet()
        assert made.heard.shown[aio] == []
        assert made.heard.codes(root / "shop/tasks.py") == []

    session(work, root)


def both(root: Path) -> Repair:
    """A change of two files that belongs together."""
    app, web = (Source(path, (root / path).read_bytes()) for path in ("shop/app.py", "shop/web.py"))
    edits = (Edit("shop/web.py", Span(0, 0), "import app\n"), Edit("shop/app.py", Span(5, 11), "kombu"))
    return Repair("Change both", edits, {"shop/app.py": app, "shop/web.py": web})


def test_files_that_change_together(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "shop/app.py")
        edit = workspace_edit(both(root), made.desk(root))
        assert edit is not None
        changed = [each for each in edit.document_changes or [] if isinstance(each, types.TextDocumentEdit)]
        assert [(each.text_document.uri, each.text_document.version) for each in changed] == [
            (uri, 1),
            (uri_of(str(root / "shop/web.py")), None),
        ]
        assert edited(APP, changed[0].edits) == APP.replace("celery import", "kombu import")

    session(work, root)


def test_no_edits_for_what_is_not_as_it_was(root: Path) -> None:
    async def work(made: Space) -> None:
        repair = both(root)
        uri = made.open(root / "shop/app.py")
        made.changed(uri, 2, APP + "\n")
        assert workspace_edit(repair, made.desk(root)) is None
        made.changed(uri, 3, APP)
        assert workspace_edit(repair, made.desk(root)) is not None
        (root / "shop/web.py").write_text("changed meanwhile\n")
        assert workspace_edit(repair, made.desk(root)) is None

    session(work, root)


def test_edits_of_an_editor_without_versions(root: Path) -> None:
    async def work(made: Space) -> None:
        made.takes_versions = False
        uri = made.open(root / "shop/tasks.py")
        (action, *_) = (await offered(made, uri, 10)).values()
        assert action.edit is not None
        assert action.edit.document_changes is None
        assert list(action.edit.changes or ()) == [uri]

    session(work, root)


def test_kinds(root: Path) -> None:
    comment = TASKS.replace("(to))\n", f"(to))  {COMMENT}\n")
    written(root, {"shop/tasks.py": comment, "celery-lint.toml": 'select = ["CEL101", "CEL102", "CEL001"]\n'})

    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        everything = await offered(made, uri, 10)
        assert {action.kind for action in everything.values()} == {"quickfix", "source.fixAll.celery-lint"}
        for only in ("source", "source.fixAll", "source.fixAll.celery-lint"):
            assert [action.kind for action in (await offered(made, uri, 10, only)).values()] == [
                "source.fixAll.celery-lint"
            ]
        assert {action.kind for action in (await offered(made, uri, 10, "quickfix")).values()} == {"quickfix"}
        assert await offered(made, uri, 10, "source.organizeImports", "source.fixAll.ruff") == {}
        assert all("Explain" not in title for title in await offered(made, uri, 0))
        # an editor that asks for no edits later: they come when it asks for this kind of action
        assert not any(action.kind != "quickfix" for action in (await offered(made, uri, 10, resolves=False)).values())
        (action,) = (await offered(made, uri, 10, "source.fixAll", resolves=False)).values()
        assert action.edit is not None
        (unsafe,) = (title for title in everything if title.startswith("Run the coroutine"))
        assert unsafe.endswith(" (unsafe)")

    session(work, root)


def test_a_comment_that_silences(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py", TASKS.replace("\n", "\r\n"))
        action = (await offered(made, uri, 10))["Silence CEL102 with a comment"]
        assert action.edit is not None
        (changed,) = action.edit.document_changes or ()
        assert isinstance(changed, types.TextDocumentEdit)
        text = edited(TASKS.replace("\n", "\r\n"), changed.edits)
        assert text == TASKS.replace("(to))\n", "(to))  # celery-lint: ignore[CEL102]\n").replace("\n", "\r\n")
        made.changed(uri, 2, text)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []

    session(work, root)


def test_all_that_is_safe_and_nothing_else(root: Path) -> None:
    text = TASKS.replace("(to))\n", "(to))  # celery-lint: ignore[CEL101]\n") + f"    print(to)  {COMMENT}\n"
    written(root, {"shop/tasks.py": text, "celery-lint.toml": ""})

    async def work(made: Space) -> None:
        view = await current(made, made.open(root / "shop/tasks.py"))
        repair = repair_all(view.snapshot, "shop/tasks.py", view.store)
        assert repair is not None
        assert [(edit.path, edit.text) for edit in repair.edits] == [
            ("shop/tasks.py", "    asyncio.get_event_loop().run_until_complete(fetch(to))\n    print(to)\n"),
        ]
        assert repair_all(view.snapshot, "shop/app.py", view.store) is None

    session(work, root)


def test_the_whole_project_is_judged_with_what_is_open(root: Path) -> None:
    """A fix is tried on unsaved text, of other files as well."""
    written(root, {"shop/tasks.py": TASKS + f"    print(to)  {COMMENT}\n"})

    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py", "# unsaved\n" + TASKS + f"    print(to)  {COMMENT}\n")
        made.open(root / "shop/app.py", APP + "# unsaved\n")
        view = await current(made, uri)
        repair = repair_all(view.snapshot, "shop/tasks.py", view.store, code="CEL408", unsafe=True)
        assert repair is not None
        assert repair.sources["shop/tasks.py"].data.startswith(b"# unsaved\n")

    session(work, root)
