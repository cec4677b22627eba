"""What an editor shows of tasks, queues and settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from celery_lint.cache.facts import FactStore
from celery_lint.configfile import locate
from celery_lint.server.cards import code, plain, without_markup
from celery_lint.server.definition import definitions, references
from celery_lint.server.diagnostics import Desk
from celery_lint.server.hover import hover_at
from celery_lint.server.lens import lenses
from celery_lint.server.looking import take
from celery_lint.server.snapshot import Snapshot
from tests.server.desk import APP, WEB, written

TASKS = """\
from celery import shared_task
from shop.app import app


@app.task(bind=True, soft_time_limit=60, queue="post")
async def send_mail(self, to):
    send_mail.apply_async(args=[to], queue="mail")


@app.task(name="clean")
def clean(): ...


@app.task
def never(): ...
"""
SCHEDULE = """\
app.conf.beat_schedule = {
    "nightly": {"task": "clean", "schedule": 60.0, "options": {"queue": "mail"}},
    "lost": {"task": "shop.tasks.lost", "schedule": 60.0},
}
app.conf.task_acks_late = True
"""


def looked_at(root: Path, files: dict[str, str]) -> Snapshot:
    """What is known of a project at ROOT with FILES over the usual ones."""
    found = take(locate(written(written(root), files)), {}, {}, FactStore())
    assert isinstance(found, Snapshot)
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A project with some of everything."""
    web = WEB + '    app.send_task("other.service")\n    app.send_task("clean")\n'
    files = {"shop/tasks.py": TASKS, "shop/app.py": APP + SCHEDULE, "shop/web.py": "from shop.app import app\n" + web}
    return looked_at(tmp_path_factory.mktemp("cards"), files)


def card(shop: Snapshot, path: str, text: str, after: int = 1) -> str:
    """What is said about TEXT in PATH."""
    found = hover_at(shop, path, shop.source(path).data.index(text.encode()) + after)
    return "\n".join(found[1]) if found is not None else ""


def test_a_task(shop: Snapshot) -> None:
    said = card(shop, "shop/tasks.py", "send_mail(self")
    wanted = """\
**async def task** `shop.tasks.send_mail`

- queue `post`, by option `queue`
  - no worker consumes it
- queue `mail`, by call in shop.tasks.send\\_mail
  - worker `worker`, prefork ×8, `Procfile:1`
- time limit **5 min** (setting `task_time_limit`), soft **1 min** (option of the task)
- `queue="post"`
- sent from 2 places:
  - `shop.tasks.send_mail` with `apply_async`, `shop/tasks.py:7`
  - `shop.web.order` with `delay`, `shop/web.py:6`
- **error** CEL205 queue-not-consumed, `shop/tasks.py:5`"""
    assert said == wanted
    for place in ('app.task(bind=True, soft_time_limit=60, queue="post")', "send_mail.apply_async"):
        assert card(shop, "shop/tasks.py", place) == said
    assert card(shop, "shop/web.py", "send_mail.delay") == said


def test_names(shop: Snapshot) -> None:
    said = card(shop, "shop/tasks.py", "clean()")
    assert "- schedule entry `nightly`: every minute" in said
    assert "sent by nothing" not in said
    assert said == card(shop, "shop/tasks.py", '"clean"') == card(shop, "shop/app.py", '"clean"')
    assert said == card(shop, "shop/web.py", '"clean"')
    assert "- sent by nothing that can be seen here" in card(shop, "shop/tasks.py", "never")


def test_names_that_are_not_there(shop: Snapshot) -> None:
    assert card(shop, "shop/app.py", '"shop.tasks.lost"') == (
        "**task** `shop.tasks.lost`\n\n- no task of that name can be seen in this project"
    )
    assert card(shop, "shop/web.py", '"other.service"').startswith("**task** `other.service`")


def test_queues_and_settings(shop: Snapshot) -> None:
    queue = card(shop, "shop/app.py", '"mail"}},')
    assert queue.startswith("**queue** `mail`\n\n- 2 tasks go here\n- worker `worker`, prefork ×8, `Procfile:1`")
    assert "no worker consumes it" in card(shop, "shop/tasks.py", '"post"')
    assert card(shop, "shop/app.py", "task_acks_late") == "**setting** `task_acks_late`\n\n- bool, default `False`"


def test_nothing_to_say(shop: Snapshot) -> None:
    assert hover_at(shop, "shop/tasks.py", 0) is None
    assert hover_at(shop, "no/file.py", 0) is None


def test_from_names_to_tasks_and_back(shop: Snapshot) -> None:
    app = shop.source("shop/app.py").data
    (home,) = definitions(shop, "shop/app.py", app.index(b'"clean"') + 1)
    assert shop.source("shop/tasks.py").text(home.span) == "clean"
    assert definitions(shop, "shop/app.py", app.index(b'"shop.tasks.lost"') + 1) == ()
    (route,) = definitions(shop, "shop/app.py", app.index(b'"shop.tasks.send_mail"') + 1)
    assert shop.source("shop/tasks.py").text(route.span) == "send_mail"
    # What is no string the editor finds by itself.
    assert definitions(shop, "shop/tasks.py", shop.source("shop/tasks.py").data.index(b"send_mail.apply")) == ()
    users = references(shop, "shop/tasks.py", home.span.start)
    assert [(use.path, shop.source(use.path).text(use.span)) for use in users] == [
        ("shop/web.py", 'app.send_task("clean")'),
        ("shop/web.py", '"clean"'),
        ("shop/app.py", '"clean"'),
    ]


def test_lenses(shop: Snapshot) -> None:
    found = list(lenses(shop, "shop/tasks.py", Desk(shop.root)))
    titles = [(lens.range.start.line + 1, lens.command.title) for lens in found if lens.command is not None]
    assert titles[1:] == [
        (6, "2 callers"),
        (11, "queue celery (default) → worker (prefork ×8); queue mail → worker (prefork ×8)"),
        (11, "1 caller, 1 schedule entry"),
        (15, "queue celery (default) → worker (prefork ×8)"),
        (15, "no caller seen"),
    ]


def test_a_project_without_workers(tmp_path: Path) -> None:
    shop = looked_at(tmp_path, {"Procfile": ""})
    found = list(lenses(shop, "shop/tasks.py", Desk(shop.root)))
    assert [lens.command.title for lens in found if lens.command is not None] == ["queue mail", "1 caller"]
    assert "  - no worker command in this repository" in card(shop, "shop/tasks.py", "send_mail")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a\nb", "`a\\x0ab`"),
        ("<img src=x>", "`<img src=x>`"),
        ("\u202egro", "`\\u202egro`"),
    ],
)
def test_names_of_the_project_are_code(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a `b_c` d_e", "a `b_c` d\\_e"),
        ("[x](http://y)", "\\[x\\](http://y)"),
        ("<b>", "\\<b\\>"),
        ("one ` only", "one \\` only"),
        ("![x](y)", "\\!\\[x\\](y)"),
        ("a\n# b", "a\\\\x0a\\# b"),
    ],
)
def test_words_of_the_project_are_no_markup(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_editors_that_show_text_only() -> None:
    assert without_markup(["**task** `a_b`", "", "- by call in a\\_b"]) == "task a_b\n\n- by call in a_b"
