"""A workspace without a server around it: what the editor would be told is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol.types import Diagnostic

from celery_lint.server import workspace
from celery_lint.server.options import ServerOptions
from celery_lint.server.uris import uri_of
from celery_lint.server.workspace import Workspace

PATIENCE = 30.0

APP = """\
from celery import Celery

app = Celery("shop", broker="redis://", include=["shop.tasks"])
app.conf.task_time_limit = 300
app.conf.task_routes = {"shop.tasks.send_mail": {"queue": "mail"}}
"""
TASKS = """\
import asyncio

from shop.app import app


async def fetch(to): ...


@app.task
def send_mail(to):
    asyncio.get_event_loop().run_until_complete(fetch(to))
"""
WEB = """\
from shop.tasks import send_mail


def order():
    send_mail.delay("a")
"""
PROCFILE = "worker: celery -A shop.app worker -Q celery,mail --concurrency 8\n"
FILES = {
    "shop/__init__.py": "",
    "shop/app.py": APP,
    "shop/tasks.py": TASKS,
    "shop/web.py": WEB,
    "Procfile": PROCFILE,
    "celery-lint.toml": 'select = ["CEL102", "CEL205", "CEL408"]\n',
}


def written(root: Path, files: dict[str, str] = FILES) -> Path:
    """A project at ROOT with FILES."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class Heard:
    """An editor: what it was told."""

    def __init__(self) -> None:
        self.shown: dict[str, list[Diagnostic]] = {}
        self.versions: dict[str, int | None] = {}
        self.logged: list[str] = []
        self.complaints: list[str] = []
        self.refreshed = 0
        self.busy: list[str] = []

    def publish(self, uri: str, version: int | None, found: Sequence[Diagnostic]) -> None:
        """As the protocol says."""
        self.shown[uri] = list(found)
        self.versions[uri] = version

    def log(self, message: str) -> None:
        """As the protocol says."""
        self.logged.append(message)

    def complain(self, message: str) -> None:
        """As the protocol says."""
        self.complaints.append(message)

    def refresh(self) -> None:
        """As the protocol says."""
        self.refreshed += 1

    def begin(self, name: str) -> None:
        """As the protocol says."""
        assert name not in self.busy
        self.busy.append(name)

    def end(self, name: str) -> None:
        """As the protocol says."""
        if name in self.busy:
            self.busy.remove(name)

    def codes(self, path: Path) -> list[tuple[str, int]]:
        """The codes that are shown in PATH, and their lines."""
        shown = self.shown.get(uri_of(str(path)), [])
        return [(str(each.code), each.range.start.line + 1) for each in shown]


class Space(Workspace):
    """A workspace for tests."""

    heard: Heard

    def tidy(self) -> None:
        """Not in a process with all the objects of a test suite."""

    async def quiet(self) -> None:
        """Wait until nothing more is to come."""

        async def wait() -> None:
            while not all(project.is_settled for project in self.projects.known.values()):
                await asyncio.sleep(0.005)

        await asyncio.wait_for(wait(), PATIENCE)

    def open(self, path: Path, text: str | None = None) -> str:
        """Open PATH; its URI."""
        uri = uri_of(str(path))
        self.opened(uri, 1, path.read_text() if text is None else text)
        return uri


@asynccontextmanager
async def space(*folders: Path, lint_on: str = "change") -> AsyncIterator[Space]:
    """A workspace with FOLDERS, which was looked at once."""
    heard = Heard()
    options = ServerOptions(lint_on="save" if lint_on == "save" else "change", no_cache=True)
    made = Space(options, heard)
    made.heard = heard
    for folder in folders:
        made.projects.folders = made.projects.folders.added(uri_of(str(folder)))
    made.start()
    try:
        await made.quiet()
        assert made.heard.busy == []
        yield made
    finally:
        made.analyst.end()


def at_once(patch: Callable[[object, str, float], None]) -> None:
    """Do not wait for more of the same."""
    for name in ("OPENED", "TYPED", "CHANGED_OUTSIDE"):
        patch(workspace, name, 0.0)
