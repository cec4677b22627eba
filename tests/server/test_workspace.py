"""What a workspace makes of what happens in an editor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from celery_lint.baseline import FILE
from celery_lint.catalogue import Catalogue, catalogue_of
from celery_lint.cli import group
from celery_lint.configfile import locate
from celery_lint.finding import Finding
from celery_lint.project.model import Task
from celery_lint.server.uris import uri_of
from celery_lint.settings import load
from tests.server.desk import APP, FILES, TASKS, Space, at_once, space, written

LOOP = ("CEL102", 11)
FIXED = TASKS.replace("asyncio.get_event_loop().run_until_complete(fetch(to))", "asyncio.run(fetch(to))")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch.setattr)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project."""
    return written(tmp_path / "shop project")


def session(work: Callable[[Space], Coroutine[object, object, None]], *folders: Path, lint_on: str = "change") -> None:
    """Do WORK in a workspace with FOLDERS."""

    async def run() -> None:
        async with space(*folders, lint_on=lint_on) as made:
            await work(made)

    asyncio.run(run())


def test_an_edit_here_is_a_finding_there(root: Path) -> None:
    async def work(made: Space) -> None:
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]
        assert made.heard.codes(root / "shop/app.py") == []
        app = made.open(root / "shop/app.py")
        made.changed(app, 2, APP.replace('"mail"', '"post"'))
        await made.quiet()
        assert made.heard.codes(root / "shop/app.py") == [("CEL205", 5)]
        assert made.heard.versions[app] == 2
        made.closed(app)  # without having been saved
        await made.quiet()
        assert made.heard.codes(root / "shop/app.py") == []

    session(work, root)


def test_deployment_files_are_read_from_the_editor_too(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "Procfile")
        made.changed(uri, 2, "worker: celery -A shop.app worker\n")
        await made.quiet()
        assert made.heard.codes(root / "shop/app.py") == [("CEL205", 5)]

    session(work, root)


def test_only_when_saved(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        await made.quiet()
        made.changed(uri, 2, FIXED)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]
        view = await made.current(uri, 10)  # fixes are for what is there now
        assert view is not None
        assert view.snapshot.findings == ()
        made.changed(uri, 3, TASKS)
        made.saved(uri)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root, lint_on="save")


def test_while_somebody_types_the_last_model_holds(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        made.changed(uri, 2, "x = (\n" + TASKS)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [("CEL102", 12), ("CEL002", 1)]
        view = made.find(uri)
        assert view is not None
        assert [task.name for task in view.snapshot.picture.tasks] == ["shop.tasks.send_mail"]
        assert await made.current(uri, 1) is not None
        made.changed(uri, 3, "x = ()\n" + TASKS)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [("CEL102", 12)]

    session(work, root)


def test_a_buffer_that_is_broken_from_the_start(root: Path) -> None:
    async def work(made: Space) -> None:
        made.open(root / "shop/tasks.py", "x = (\n" + TASKS)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [("CEL102", 12), ("CEL002", 1)]

    session(work, root)


def test_latest_wins(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery_lint.server.workspace.TYPED", 0.05)

    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        await made.quiet()
        runs = made.heard.refreshed
        for version in range(2, 30):
            made.changed(uri, version, FIXED if version % 2 else TASKS)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []
        assert made.heard.refreshed == runs + 1

    session(work, root)


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("celery-lint.toml", '\nselekt = ["CEL1"]\n', 2, 'unknown key "selekt"; did you mean "select"?'),
        ("celery-lint.toml", "\n\nselect = [\n", 3, "Invalid"),
        ("celery-lint.toml", 'select = ["CEL999"]\n', 1, 'select: unknown rule "CEL999"'),
    ],
)
def test_a_broken_configuration(root: Path, name: str, text: str, line: int, message: str) -> None:
    async def work(made: Space) -> None:
        (root / name).write_text(text)
        for _ in range(2):
            made.touched([root / name])
            await made.quiet()
        assert made.heard.codes(root / name) == [("configuration", line)]
        assert message in made.heard.shown[uri_of(str(root / name))][0].message
        assert len(made.heard.complaints) == 1
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]  # as it was
        (root / name).write_text(FILES[name])
        made.touched([root / name])
        await made.quiet()
        assert made.heard.codes(root / name) == []
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)


def test_a_configuration_that_was_never_good(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.celery-lint\n")
    (root / "celery-lint.toml").unlink()

    async def work(made: Space) -> None:
        assert made.heard.codes(root / "pyproject.toml") == [("configuration", 1)]
        (root / "pyproject.toml").write_text('[tool.celery-lint]\nselect = ["CEL102"]\n')
        made.touched([root / "pyproject.toml"])
        await made.quiet()
        assert made.heard.codes(root / "pyproject.toml") == []
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)


def test_settings_that_are_saved_hold_at_once(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "celery-lint.toml")
        (root / "celery-lint.toml").write_text('select = ["CEL205"]\n')
        made.changed(uri, 2, 'select = ["CEL205"]\n')
        made.saved(uri)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []

    session(work, root)


def test_projects_inside_of_projects(tmp_path: Path) -> None:
    """Each file is judged as `celery-lint check FILE` would, and once."""
    (tmp_path / ".git").mkdir()
    written(tmp_path / "outer", {"__init__.py": "", **FILES})
    (tmp_path / "outer/celery-lint.toml").unlink()
    written(tmp_path / "outer/inner")
    (tmp_path / "outer/inner/celery-lint.toml").write_text('severity = { CEL102 = "info" }\nselect = ["CEL102"]\n')

    async def work(made: Space) -> None:
        inner, outer = tmp_path / "outer/inner/shop/tasks.py", tmp_path / "outer/shop/tasks.py"
        assert sorted(made.projects.known) == [tmp_path, tmp_path / "outer/inner"]
        assert made.heard.codes(inner) == [LOOP]
        assert LOOP in made.heard.codes(outer)
        assert made.heard.shown[uri_of(str(inner))][0].severity == 3
        assert made.heard.shown[uri_of(str(outer))][0].severity == 1

    session(work, tmp_path)


def test_folders_come_and_go(root: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other")

    async def work(made: Space) -> None:
        made.projects.folders = made.projects.folders.added(uri_of(str(other)))
        made.survey()
        await made.quiet()
        assert made.heard.codes(other / "shop/tasks.py") == [LOOP]
        made.projects.folders = made.projects.folders.removed(uri_of(str(root)))
        made.survey()
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []
        assert made.heard.codes(other / "shop/tasks.py") == [LOOP]

    session(work, root)


def test_files_come_and_go(root: Path) -> None:
    async def work(made: Space) -> None:
        (root / "shop/tasks.py").rename(root / "shop/jobs.py")
        (root / "shop/app.py").write_text(APP.replace("shop.tasks", "shop.jobs"))
        made.touched([root / "shop/tasks.py", root / "shop/jobs.py", root / "shop/app.py"])
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []
        assert made.heard.codes(root / "shop/jobs.py") == [LOOP]

    session(work, root)


def test_a_project_that_goes(root: Path) -> None:
    async def work(made: Space) -> None:
        moved = root.rename(root.with_name("moved"))
        made.touched([root / "shop/tasks.py"])
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []
        moved.rename(root)
        made.touched([root / "shop/tasks.py"])
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)


def test_outside_of_the_workspace(root: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other")

    async def work(made: Space) -> None:
        made.open(other / "shop/tasks.py")
        await made.quiet()
        assert made.heard.codes(other / "shop/tasks.py") == []
        for uri in ("untitled:Untitled-1", "file:///c%3A/Users/x/tasks.py", "git:/x", "file://host/x", "nonsense"):
            made.opened(uri, 1, TASKS)
            made.changed(uri, 2, TASKS)
            made.saved(uri)
            assert made.find(uri) is None
            assert await made.current(uri, 1) is None
            made.closed(uri)
        await made.quiet()
        assert list(made.projects.known) == [root]

    session(work, root)


def test_a_folder_of_a_project(root: Path) -> None:
    """The project is known whole, and what is found elsewhere in it is not shown."""
    (root / "other").mkdir()

    async def work(made: Space) -> None:
        assert list(made.projects.known) == [root]
        assert made.heard.shown == {}

    session(work, root / "other")


def test_without_a_workspace(root: Path) -> None:
    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]
        made.closed(uri)
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == []

    session(work)


def test_a_home_is_no_project(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "celery-lint.toml").unlink()
    monkeypatch.setenv("HOME", str(root))

    async def work(made: Space) -> None:
        made.open(root / "shop/tasks.py")
        await made.quiet()
        assert list(made.projects.known) == []

    session(work, root)


def test_through_a_link(root: Path, tmp_path: Path) -> None:
    """The editor hears of files by the names that it uses."""
    link = tmp_path / "link"
    link.symlink_to(root)

    async def work(made: Space) -> None:
        assert made.heard.codes(link / "shop/tasks.py") == [LOOP]
        assert made.heard.codes(root / "shop/tasks.py") == []
        uri = made.open(link / "shop/tasks.py", FIXED)
        await made.quiet()
        assert made.heard.shown[uri] == []

    session(work, link)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_bytes_are_those_of_the_file(root: Path, encoding: str) -> None:
    text = (f"# coding: {encoding}\n" if encoding == "latin-1" else "") + TASKS.replace(
        "    asyncio", '    "é"; asyncio'
    )
    path = root / "shop/tasks.py"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))

    async def work(made: Space) -> None:
        before = made.heard.shown[uri_of(str(path))]
        made.open(path, text.replace("\n", "\r\n"))
        await made.quiet()
        (document,) = made.documents.all()
        assert document.data == path.read_bytes()
        assert made.heard.shown[uri_of(str(path))] == before
        assert before[0].range.start.character == 9

    session(work, root)


def test_what_is_in_the_baseline(root: Path) -> None:
    """It is not shown, nor fixed with all that is safe."""
    CliRunner().invoke(group, ["baseline", str(root)])
    assert (root / FILE).exists()

    async def work(made: Space) -> None:
        assert made.heard.codes(root / "shop/tasks.py") == []
        (root / FILE).write_text("<<<<<<<\n")
        made.touched([root / FILE])
        await made.quiet()
        assert made.heard.codes(root / FILE) == [("configuration", 1)]
        (root / FILE).unlink()
        made.touched([root / FILE])
        await made.quiet()
        assert made.heard.codes(root / FILE) == []
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)


def crashing(task: Task, *_: object) -> Iterator[Finding]:
    """A rule with a mistake in it."""
    raise ValueError("boom")


def test_a_rule_that_crashes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once; all other rules go on."""
    real = catalogue_of(load(locate(root)))
    rules = tuple(replace(rule, check=crashing) if rule.code == "CEL408" else rule for rule in real.rules)
    monkeypatch.setattr("celery_lint.run.catalogue_of", lambda _: Catalogue(rules))

    async def work(made: Space) -> None:
        made.open(root / "shop/web.py")
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [("internal-error", 10), LOOP]
        (said,) = made.heard.complaints
        assert "CEL408 (print-in-task) crashed" in said
        assert any("ValueError: boom" in line for line in made.heard.logged)

    session(work, root)


@pytest.mark.parametrize("place", ["looking.find_spots", "workspace.FactStore.save"])
def test_a_mistake_of_ours(root: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The server lives on, with what it knew."""

    async def work(made: Space) -> None:
        monkeypatch.setattr(f"celery_lint.server.{place}", crashing)
        made.open(root / "shop/web.py")
        await made.quiet()
        assert "please report it" in made.heard.logged[-1]
        monkeypatch.undo()
        made.survey()
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)


RULE = """\
from pathlib import Path
Path(__file__).with_suffix(".ran").touch()
"""


def test_nothing_of_the_project_runs_unasked(root: Path) -> None:
    (root / "celery-lint.toml").write_text('select = ["CEL102"]\nrules-path = "rules"\n')
    written(root, {"rules/own_rule.py": RULE, "conftest.py": RULE, "shop/__init__.py": RULE, "celery.py": RULE})

    async def work(made: Space) -> None:
        made.open(root / "rules/own_rule.py")
        made.open(root / "celery-lint.toml")
        await made.quiet()
        assert made.heard.codes(root / "shop/tasks.py") == [LOOP]

    session(work, root)
    assert list(root.rglob("*.ran")) == []


def test_nothing_is_written(root: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    before = files()

    async def work(made: Space) -> None:
        uri = made.open(root / "shop/tasks.py")
        made.changed(uri, 2, FIXED)
        made.saved(uri)
        await made.quiet()

    session(work, root)
    assert files() == before
