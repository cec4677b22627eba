"""`celery-lint review`: what it says of a change. `pytest --update` rewrites the expected comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest

from celery_lint.catalogue import load_catalogue
from celery_lint.cli import main
from celery_lint.views.review.escape import code, prose
from celery_lint.views.review.model import KINDS
from celery_lint.views.review.rules import NOT_ABOUT_ONE_TASK, ROW_OF
from tests.repositories import commit, git, put

EXPECTED = Path(__file__).parent / "fixtures/reviews"
SCHEMA = Path(__file__).parent.parent / "celery_lint/schemas/review-v1.json"

APP = """from celery import Celery

app = Celery("shop", broker="redis://redis", include=["shop.tasks"])
app.conf.task_time_limit = 900
app.conf.task_routes = {"shop.tasks.push_*": {"queue": "push"}}
app.conf.beat_schedule = {
    "nightly": {"task": "shop.tasks.clean", "schedule": 86400.0, "options": {"expires": 3600}},
}
"""
TASKS = '''"""What the shop does later."""

import requests

from shop.app import app
from shop.mail import deliver


@app.task
def invoice(order: int) -> None:
    deliver(order)


@app.task
def push_news(device: str) -> None:
    requests.post(f"https://push.example/{device}", timeout=5)


@app.task
def clean() -> None:
    """Removes what is old."""
'''
MAIL = '''def deliver(order: int) -> None:
    connect(order)


def connect(order: int) -> None:
    """Talks to the server."""
    return None
'''
VIEWS = """from shop.tasks import invoice, push_news


def buy(order: int) -> None:
    invoice.delay(order)
    push_news.delay(str(order))
"""
COMPOSE = """services:
  worker:
    image: shop
    command: celery -A shop.app worker -Q celery
  push:
    image: shop
    command: celery -A shop.app worker -Q push --pool threads --concurrency 20
  beat:
    image: shop
    command: celery -A shop.app beat
"""
SHOP = {
    "shop/__init__.py": "",
    "shop/app.py": APP,
    "shop/tasks.py": TASKS,
    "shop/mail.py": MAIL,
    "shop/views.py": VIEWS,
    "docker-compose.yml": COMPOSE,
}
_NOTHING = "### celery-lint: no task is touched since the last commit"

Changes = Mapping[str, str | None]

# What a change does to the shop: pieces of text and what takes their place.
CHANGES: dict[str, dict[str, list[tuple[str, str]]]] = {
    "a-parameter-and-retries-for-ever": {
        "shop/tasks.py": [
            ("@app.task\ndef invoice(order: int) -> None:\n    deliver(order)",
             "@app.task(bind=True, max_retries=None)\ndef invoice(self, order: int, language: str) -> None:\n"
             "    try:\n        deliver(order)\n    except OSError as error:\n        raise self.retry(exc=error)"),
        ],
    },
    "a-new-task-on-another-pool": {
        "shop/tasks.py": [
            ("import requests\n", "import asyncio\n\nimport requests\n"),
            ("@app.task\ndef clean",
             "@app.task\ndef push_offers(device: str) -> None:\n    asyncio.run(offer(device))\n\n\n"
             "async def offer(device: str) -> None:\n    print(device)\n\n\n@app.task\ndef clean"),
        ],
        "docker-compose.yml": [("--pool threads", "--pool gevent")],
    },
    "a-helper": {"shop/mail.py": [("    return None", "    return print(order)")]},
    "a-renamed-task": {
        "shop/tasks.py": [("def clean()", "def tidy()")],
    },
    "a-task-that-is-gone": {
        "shop/tasks.py": [('\n\n@app.task\ndef clean() -> None:\n    """Removes what is old."""\n', "")],
    },
    "another-default-queue": {
        "shop/app.py": [("app.conf.task_time_limit", 'app.conf.task_default_queue = "main"\napp.conf.task_time_limit')],
    },
    "other-serializer-and-broker": {
        "shop/app.py": [
            ("redis://redis", "redis://:secret@other"),
            ("app.conf.task_time_limit",
             'app.conf.task_serializer = "pickle"\napp.conf.accept_content = ["json"]\napp.conf.task_time_limit'),
        ],
    },
    "limits-and-acknowledgement": {
        "shop/app.py": [("app.conf.task_time_limit = 900", "app.conf.task_acks_late = True")],
    },
    "a-setting-that-nobody-knows": {
        "shop/app.py": [("task_time_limit = 900", "task_time_limit = 900\napp.conf.task_acks_lat = True")],
    },
}  # fmt: skip


class Review:
    """Runs `celery-lint review` in a repository."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self._capfd = capfd
        self._monkeypatch = monkeypatch
        self.status = -1
        self.said = ""

    def __call__(self, *arguments: str, format: str = "markdown") -> str:
        """What it writes to stdout."""
        self._monkeypatch.chdir(self.root)
        self._monkeypatch.setattr("sys.argv", ["celery-lint", "review", "--no-cache", "--format", format, *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        written = self._capfd.readouterr()
        assert isinstance(stopped.value.code, int)
        self.status, self.said = stopped.value.code, written.err
        return written.out


@pytest.fixture
def shop(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Review:
    """A review in a repository whose last commit holds the shop."""
    commit(tmp_path, SHOP)
    return Review(tmp_path, capfd, monkeypatch)


def change(root: Path, edits: Mapping[str, list[tuple[str, str]]]) -> None:
    """Replace pieces of files below ROOT."""
    for path, pairs in edits.items():
        text = (root / path).read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        put(root, {path: text})


# what the comment says


@pytest.mark.parametrize("name", CHANGES)
def test_comments(name: str, shop: Review, update: bool) -> None:
    change(shop.root, CHANGES[name])
    found = shop("--since", "HEAD")
    expected = EXPECTED / f"{name}.md"
    if update:
        EXPECTED.mkdir(exist_ok=True)
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_every_task(format: str, shop: Review, update: bool) -> None:
    found = shop("--all", format=format)
    expected = EXPECTED / ("every-task.txt" if format == "text" else "every-task.md")
    if update:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_what_is_not_known_says_why(shop: Review, update: bool) -> None:
    (shop.root / "docker-compose.yml").unlink()
    imports = "import asyncio\n\nimport requests\nfrom elsewhere import wait\n"
    tasks = TASKS.replace("timeout=5", "timeout=wait()").replace("import requests\n", imports)
    other = "\n\n@app.task(**wait())\ndef other(*values: int) -> None:\n    asyncio.run(wait())\n"
    put(shop.root, {"shop/tasks.py": tasks + other})
    found = shop("--since", "HEAD", "--task", "other", "--task", "push_news")
    expected = EXPECTED / "not-known.md"
    if update:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_text(shop: Review, update: bool) -> None:
    change(shop.root, CHANGES["a-parameter-and-retries-for-ever"])
    found = shop("--since", "HEAD", format="text")
    expected = EXPECTED / "a-parameter-and-retries-for-ever.txt"
    if update:
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_the_example_of_the_documentation(update: bool) -> None:
    page = Path(__file__).parent.parent / "docs/review.md"
    text = page.read_text(encoding="utf-8")
    name = "a-new-task-on-another-pool"
    comment = (EXPECTED / f"{name}.md").read_text(encoding="utf-8").replace("since the last commit", "since `main`")
    # Headings of the comment are none of the page.
    quoted = "\n".join(
        f"> {line}".rstrip() for line in re.sub(r"^#+ (.*)$", r"**\1**", comment, flags=re.M).splitlines()
    )
    pattern = re.compile(rf"(<!-- review: {name} -->\n)(?:\n?>.*?\n(?!>))?", re.DOTALL)
    assert pattern.search(text)
    expected = pattern.sub(lambda found: f"{found[1]}\n{quoted}\n", text)
    if update:
        page.write_text(expected, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == expected


# what is no change


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"shop/tasks.py": [('"""Removes what is old."""', '"""Removes what nobody needs."""')]},
        {"shop/tasks.py": [("    deliver(order)", "    # the mail\n    deliver( order )")]},
        {"shop/mail.py": [("def connect", "def other() -> None:\n    pass\n\n\ndef connect")]},
        {"docker-compose.yml": [("image: shop", "image: shop:2")]},
    ],
    ids=["nothing", "docstring", "layout", "function-that-no-task-runs", "image"],
)
def test_what_changes_nothing(edits: Mapping[str, list[tuple[str, str]]], shop: Review) -> None:
    change(shop.root, edits)
    assert shop("--since", "HEAD").startswith(_NOTHING)
    assert shop.status == 0


def test_a_task_that_moves_with_its_name_is_no_change(shop: Review) -> None:
    moved = TASKS.replace("@app.task\n", "@app.task(name='x')\n", 1)
    put(shop.root, {"shop/tasks.py": moved})
    commit(shop.root)
    (shop.root / "shop/tasks.py").unlink()
    put(shop.root, {"shop/jobs.py": moved, "shop/app.py": APP.replace('"shop.tasks"', '"shop.jobs"'),
                    "shop/views.py": VIEWS.replace("shop.tasks", "shop.jobs")})  # fmt: skip
    found = shop("--since", "HEAD")
    assert "Named `shop.tasks.push_news` before: its name follows its module." in found
    assert "`x`:" not in found


# what is compared with


def test_a_branch_is_compared_with_where_it_left_main(shop: Review) -> None:
    git(shop.root, "checkout", "--quiet", "-b", "topic")
    change(shop.root, CHANGES["a-helper"])
    commit(shop.root)
    assert "1 task touched since `main`" in shop()
    assert "where this branch left main" in shop.said
    assert shop("--since", "HEAD").startswith(_NOTHING)


def test_before_the_first_commit_all_is_new(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, SHOP)
    git(tmp_path, "init", "--quiet")
    found = Review(tmp_path, capfd, monkeypatch)("--since", "HEAD")
    assert "3 tasks touched" in found
    assert "2 tasks (`shop.tasks.invoice`, `shop.tasks.clean`): new task: queue `celery`" in found


def test_a_project_that_was_not_there_before(shop: Review) -> None:
    put(shop.root, {"celery-lint.toml": 'projects = ["services/*"]'})
    put(shop.root, {f"services/one/{path}": text for path, text in SHOP.items()})
    assert "3 tasks touched" in shop("--since", "HEAD")


def test_passwords_are_not_shown(shop: Review) -> None:
    change(shop.root, CHANGES["other-serializer-and-broker"])
    for kind in ("text", "markdown", "json"):
        assert "secret" not in shop("--since", "HEAD", format=kind)


def test_named_tasks_are_reviewed_in_any_case(shop: Review) -> None:
    found = shop("--task", "clean", "--task", "shop.tasks.push_news", "--since", "HEAD")
    assert "2 tasks touched" in found
    assert "shop.tasks.invoice" not in found


def test_without_a_repository(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, SHOP)
    review = Review(tmp_path, capfd, monkeypatch)
    assert not review()
    assert review.status == 2
    assert "--all reviews every task" in review.said
    assert "3 tasks reviewed" in review("--all")
    assert "1 task reviewed" in review("--task", "clean")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "nowhere"), 'there is no commit "nowhere"'),
        (("--since", "HEAD", "--all"), "--all compares with nothing"),
        (("--task", "clen"), 'there is no task "clen"; did you mean "clean"?'),
        (("--isolated", "--config", "x.toml"), "contradict each other"),
        (("--output", "nowhere/x.md"), "cannot be written"),
    ],
)
def test_what_cannot_be(arguments: tuple[str, ...], said: str, shop: Review) -> None:
    shop(*arguments)
    assert shop.status == 2
    assert said in shop.said


# status


def test_status(shop: Review) -> None:
    change(shop.root, CHANGES["a-helper"])
    shop("--since", "HEAD")
    assert shop.status == 0
    shop("--since", "HEAD", "--fail-level", "info")
    assert shop.status == 1


def test_what_failed_before_does_not_fail(shop: Review) -> None:
    change(shop.root, CHANGES["a-helper"])
    commit(shop.root)
    change(shop.root, {"shop/mail.py": [("    connect(order)", "    connect(order + 1)")]})
    found = shop("--since", "HEAD", "--fail-level", "info")
    assert "`shop.tasks.invoice`: runs `deliver`, which changed (`shop/mail.py:1`); nothing new" in found
    assert shop.status == 0


def test_what_is_not_found_any_more(shop: Review) -> None:
    change(shop.root, CHANGES["a-helper"])
    commit(shop.root)
    change(shop.root, {"shop/mail.py": [("print(order)", "order")]})
    assert "- ✅ not found any more: print-in-task" in shop("--since", "HEAD")
    assert "not found any more: print-in-task" in shop("--since", "HEAD", format="text")


def test_a_renamed_task_brings_its_problems_along(shop: Review) -> None:
    change(shop.root, CHANGES["a-helper"])
    put(shop.root, {"shop/tasks.py": TASKS.replace("    deliver(order)", "    print(order)")})
    commit(shop.root)
    git(shop.root, "mv", "shop/tasks.py", "shop/jobs.py")
    change(shop.root, {"shop/app.py": [("shop.tasks", "shop.jobs")], "shop/views.py": [("shop.tasks", "shop.jobs")]})
    found = json.loads(shop("--since", "HEAD", "--task", "invoice", format="json"))
    problems = [each for row in found["review"]["tasks"][0]["rows"] for each in row["problems"]]
    assert [(each["name"], each["is_new"]) for each in problems] == [("print-in-task", False)]


# programs


@pytest.mark.parametrize("name", ["a-new-task-on-another-pool", "a-task-that-is-gone", "other-serializer-and-broker"])
def test_json(name: str, shop: Review) -> None:
    change(shop.root, CHANGES[name])
    document = json.loads(shop("--since", "HEAD", format="json"))
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    for task in document["review"]["tasks"]:
        assert [row["kind"] for row in task["rows"]] == list(KINDS)


def test_output_goes_to_a_file(shop: Review) -> None:
    assert not shop("--all", "--output", "review.md")
    assert (shop.root / "review.md").read_text(encoding="utf-8").startswith("### celery-lint: 3 tasks reviewed")


# names that want to be something else

HOSTILE = "@octocat </summary><img src=x onerror=alert(1)> | `code` [a](https://evil.example) #1 \x1b[31m\u202e"


def test_hostile_names(shop: Review) -> None:
    put(shop.root, {"shop/tasks.py": TASKS + f"\n\n@app.task(name={HOSTILE!r})\ndef evil() -> None:\n    print(1)\n"})
    found = shop("--since", "HEAD")
    assert "new task" in found
    for line in found.splitlines():
        outside = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", line)
        assert not re.search(r"@octocat|<img|\]\(http|#1|\x1b|\u202e", outside), line
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 4
    assert "\x1b" not in shop("--since", "HEAD", format="text")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing to hide, really (yes): 3 s", "nothing to hide, really (yes): 3 s"),
        ("ask @octocat about it", "ask `@octocat` about it"),
        ("see https://evil.example.", "see `https://evil.example`."),
        ("`a_b` and c_d", "`a_b` and `c_d`"),
        ("<b>bold</b>", "`<b>bold</b>`"),
        ("fixes #12, GH-12 and ABC-7", "fixes `#12`, `GH-12` and `ABC-7`"),
        ("odd ` backquote", "odd `` ` `` backquote"),
    ],
)
def test_prose(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_code_with_backquotes() -> None:
    assert code("a``b") == "```a``b```"
    assert code("`") == "`` ` ``"


# rules


def test_every_rule_has_its_row_or_is_about_no_task() -> None:
    codes = {rule.code for rule in load_catalogue().rules}
    assert codes == set(ROW_OF) | NOT_ABOUT_ONE_TASK
    assert not set(ROW_OF) & NOT_ABOUT_ONE_TASK
