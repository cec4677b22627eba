"""`celery-lint map`: what is drawn, in every format. `pytest --update` rewrites the expected drawings."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from celery_lint import __version__
from celery_lint.cli import main
from tests.map_formats import Page, read_dot, read_mermaid

FIXTURES = Path(__file__).parent / "fixtures"
SCHEMA = Path(__file__).parent.parent / "celery_lint/schemas/map-v1.json"
FORMATS = {"text": "txt", "json": "json", "mermaid": "mmd", "dot": "dot", "html": "html"}
HOSTILE = '"><script>alert(1)</script>\n\x1b[31m`#;]|\\ &amp; end'

Map = Callable[..., str]


@pytest.fixture
def draw(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Map:
    """Runs `celery-lint map` in a folder; what it writes to stdout, or to stderr when it fails with STATUS 2."""

    def run(folder: Path, *arguments: str, status: int = 0) -> str:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.argv", ["celery-lint", "map", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        written = capfd.readouterr()
        assert stopped.value.code == status, written.err
        return written.err if status else written.out

    return run


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a fixture project."""

    def copy(name: str) -> Path:
        return shutil.copytree(
            FIXTURES / "projects" / name, tmp_path / name, ignore=shutil.ignore_patterns("expected.txt")
        )

    return copy


def write(root: Path, **files: str) -> Path:
    """FILES, by path (`__` for `/`, `_dot_` for `.`), below ROOT."""
    for name, content in files.items():
        target = root / name.replace("_dot_", ".").replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return root


def stable(text: str, format: str) -> str:
    """TEXT without what changes for other reasons: the version, the page's style and script, the rules' pages."""
    if format == "html":
        text = re.sub(r"<style>.*?</style>|<script>.*?</script>|<template.*?</template>", "", text, flags=re.DOTALL)
        text = text.replace("><", ">\n<")
    return text.replace(__version__, "VERSION") if format in ("html", "json") else text


@pytest.mark.parametrize("name", ["demo", "django-shop"])
@pytest.mark.parametrize("format", FORMATS)
def test_drawings(name: str, format: str, project: Callable[[str], Path], draw: Map, update: bool) -> None:
    expected = FIXTURES / "maps" / f"{name}.{FORMATS[format]}"
    drawn = stable(draw(project(name), "--format", format), format)
    if update:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(drawn, encoding="utf-8")
    assert drawn == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["demo", "django-shop", "gevent-guide", "no-celery"])
def test_every_format_is_valid(name: str, project: Callable[[str], Path], draw: Map) -> None:
    folder = project(name)
    jsonschema.validate(json.loads(draw(folder, "--format", "json")), json.loads(SCHEMA.read_text(encoding="utf-8")))
    read_mermaid(draw(folder, "--format", "mermaid"))
    read_dot(draw(folder, "--format", "dot"))
    Page(draw(folder, "--format", "html"))


def test_a_project_without_celery_says_so(project: Callable[[str], Path], draw: Map) -> None:
    assert "No Celery application, task or worker was found here." in draw(project("no-celery"))


# names that want to be something else


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    app = f"""from celery import Celery
NAME = {HOSTILE!r}
app = Celery("x")
app.conf.task_routes = {{NAME: {{"queue": NAME}}, "gone." + NAME: {{"queue": NAME}}}}
app.conf.beat_schedule = {{NAME: {{"task": NAME, "schedule": 60.0}}}}

@app.task(name=NAME, rate_limit=NAME)
def f(): ...
"""
    return write(tmp_path, app_dot_py=app, Procfile="worker: celery -A app worker -Q '<b>,\"q\"'\n")


def test_text_holds_no_control_characters(hostile: Path, draw: Map) -> None:
    drawn = draw(hostile)
    assert all(line.isprintable() for line in drawn.split("\n"))
    assert "\\x0a\\x1b[31m" in drawn


def test_mermaid_and_dot_escape_names(hostile: Path, draw: Map) -> None:
    nodes, links = read_mermaid(draw(hostile, "--format", "mermaid"))
    assert len(nodes) >= 4
    assert links
    assert "script" not in read_dot(draw(hostile, "--format", "dot"))


def test_the_page_escapes_names(hostile: Path, draw: Map) -> None:
    page = Page(draw(hostile, "--format", "html"))
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [tag for tag, _ in page.elements if tag == "b"]
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
    shown = HOSTILE.replace("\n", "\\x0a").replace("\x1b", "\\x1b")
    assert shown in page.attributes("title")
    assert json.loads(page.scripts[0])["map"]["tasks"][0]["name"] == shown


def test_json_keeps_names_as_they_are(hostile: Path, draw: Map) -> None:
    assert json.loads(draw(hostile, "--format", "json"))["map"]["tasks"][0]["names"] == [HOSTILE]


def test_the_page_needs_no_network_and_names_no_folder_of_this_machine(
    project: Callable[[str], Path], draw: Map, tmp_path: Path
) -> None:
    text = draw(project("demo"), "--format", "html")
    page = Page(text)
    assert not [value for value in (*page.attributes("href"), *page.attributes("src")) if "://" in value]
    assert str(tmp_path) not in text
    assert "./parcels/app.py" in page.attributes("href")


def test_links_lead_from_the_output_to_the_files(project: Callable[[str], Path], draw: Map, tmp_path: Path) -> None:
    folder = project("demo")
    (tmp_path / "site").mkdir()
    draw(folder, "--format", "html", "--output", "../site/map.html")
    page = Page((tmp_path / "site/map.html").read_text(encoding="utf-8"))
    assert "../demo/parcels/app.py" in page.attributes("href")


# one task


def test_a_task_is_followed_from_its_callers_to_its_worker(project: Callable[[str], Path], draw: Map) -> None:
    drawn = draw(project("django-shop"), "--task", "orders.tasks.charge")
    words = [" ".join(line.split()) for line in drawn.splitlines()]
    assert "orders.views.checkout delay orders/views.py:12" in words
    assert "queue orders route orders.tasks.* shop/settings.py:18" in words
    assert "└▶ worker prefork ×4 Procfile:3" in words
    assert "hard 15 min setting task_time_limit shop/settings.py:14" in words
    assert "max_retries=5 orders/tasks.py:19" in words


def test_the_end_of_a_name_is_enough(project: Callable[[str], Path], draw: Map) -> None:
    folder = project("demo")
    assert draw(folder, "--task", "track") == draw(folder, "--task", "parcels.tasks.tracking.track")


def test_one_task_in_json_is_alone(project: Callable[[str], Path], draw: Map) -> None:
    drawn = json.loads(draw(project("demo"), "--task", "export_csv", "--format", "json"))["map"]
    assert [task["name"] for task in drawn["tasks"]] == ["parcels.tasks.exports.export_csv"]
    assert {queue["name"] for queue in drawn["queues"]} == {"celery", "exports"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("trakc", 'there is no task "trakc"; did you mean "track"?'),
        ("parcels.tasks.mail.send_receipt", 'did you mean "parcels.tasks.mail_tasks.send_receipt"?'),
        ("zzz", 'there is no task "zzz"\n'),
    ],
)
def test_an_unknown_task_is_an_error(
    name: str, said: str, project: Callable[[str], Path], draw: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said in draw(project("demo"), "--task", name, status=2)


def test_an_ambiguous_task_is_an_error(tmp_path: Path, draw: Map) -> None:
    code = "from celery import shared_task\n@shared_task\ndef send(): ...\n"
    write(tmp_path, a__tasks_dot_py=code, b__tasks_dot_py=code)
    assert '"send" may be 2 tasks: a.tasks.send, b.tasks.send' in draw(tmp_path, "--task", "send", status=2)


def test_a_file_that_cannot_be_written_is_an_error(project: Callable[[str], Path], draw: Map) -> None:
    assert "cannot be written" in draw(project("demo"), "--output", "nowhere/map.txt", status=2)


# what is drawn

APP = "from celery import Celery\napp = Celery('x', include=['tasks'])\n"
TASKS = "from app import app\n@app.task\ndef f(): ...\n"


def drawn_map(draw: Map, root: Path) -> dict[str, list[dict[str, object]]]:
    document: dict[str, dict[str, list[dict[str, object]]]] = json.loads(draw(root, "--format", "json"))
    return document["map"]


def test_computed_queues_are_said_in_their_place(tmp_path: Path, draw: Map) -> None:
    write(tmp_path, app_dot_py=APP, tasks_dot_py=TASKS, Procfile="worker: celery -A app worker -Q ${QUEUES} -P $POOL\n")
    assert "queues: computed from $QUEUES" in draw(tmp_path)
    (worker,) = drawn_map(draw, tmp_path)["workers"]
    assert (worker["queues"], worker["queues_open"]) == (None, "computed from $QUEUES")
    assert (worker["pool"], worker["pool_open"]) == (None, "computed from $POOL")


@pytest.mark.parametrize(
    ("file", "content", "label"),
    [
        ("Procfile", "slow: celery -A app worker -n x@%h\n", "slow"),
        ("start.sh", "celery -A app worker -n slow@%h\n", "slow"),
        ("start.sh", "celery -A app worker -n %n@%h\n", "start.sh"),
        ("start.sh", "celery -A app worker\n", "start.sh"),
    ],
)
def test_workers_are_called_by_their_service_their_name_or_their_file(
    tmp_path: Path, draw: Map, file: str, content: str, label: str
) -> None:
    write(tmp_path, app_dot_py=APP, tasks_dot_py=TASKS)
    (tmp_path / file).write_text(content)
    (worker,) = drawn_map(draw, tmp_path)["workers"]
    assert worker["label"] == label


@pytest.mark.parametrize(
    ("code", "command", "hard"),
    [
        ("@app.task(time_limit=5)", "", ("5 s", "option of the task", [])),
        ("@app.task", "", ("1 min", "setting task_time_limit", [])),
        ("@app.task", "--time-limit 90", ("1 min", "setting task_time_limit", [])),
        ("@app.task(time_limit=5)", "--time-limit 90", ("5 s", "option of the task", [])),
        ("@app.task(time_limit=5)", "-P threads", ("5 s", "option of the task", ["threads"])),
        ("@app.task(time_limit=5)", "-P gevent", ("5 s", "option of the task", [])),
        ("@app.task(time_limit=LIMITS.hard)", "", ("LIMITS.hard", "option of the task", [])),
    ],
)
def test_limits_that_hold(tmp_path: Path, draw: Map, code: str, command: str, hard: tuple[str, str, list[str]]) -> None:
    app = f"{APP}app.conf.task_time_limit = 60\n"
    tasks = f"from app import app\nfrom lib import LIMITS\n{code}\ndef f(): ...\n"
    write(tmp_path, app_dot_py=app, tasks_dot_py=tasks, Procfile=f"worker: celery -A app worker {command}\n")
    (task,) = drawn_map(draw, tmp_path)["tasks"]
    limit = task["hard"]
    assert isinstance(limit, dict)
    assert (limit["text"], limit["source"], limit["ignored_by"]) == hard


def test_annotations_overwrite_the_limits_of_a_task(tmp_path: Path, draw: Map) -> None:
    app = APP + "app.conf.task_annotations = {'tasks.f': {'time_limit': 7}}\n"
    write(tmp_path, app_dot_py=app, tasks_dot_py=TASKS.replace("@app.task", "@app.task(time_limit=5)"))
    (task,) = drawn_map(draw, tmp_path)["tasks"]
    assert isinstance(task["hard"], dict)
    assert task["hard"]["source"] == "setting task_annotations"


def test_only_options_that_differ_from_the_default_are_shown(tmp_path: Path, draw: Map) -> None:
    given = "name='n', bind=True, max_retries=3, acks_late=True, rate_limit='1/s'"
    code = f"from app import app\n@app.task({given})\ndef f(self): ...\n"
    write(tmp_path, app_dot_py=APP, tasks_dot_py=code)
    (task,) = drawn_map(draw, tmp_path)["tasks"]
    options = task["options"]
    assert isinstance(options, list)
    assert [(option["name"], option["value"]) for option in options] == [("acks_late", "True"), ("rate_limit", "'1/s'")]


def test_what_is_configured_to_be_elsewhere_is_drawn(tmp_path: Path, draw: Map) -> None:
    configuration = """external-beat = ["tasks.*"]
external-queues = ["far*"]
workers = [{ queues = ["near"], pool = "threads", concurrency = 2 }]
"""
    tasks = "from app import app\n@app.task(queue='far-away')\ndef f(): ...\n@app.task(queue='near')\ndef g(): ...\n"
    write(tmp_path, app_dot_py=APP, tasks_dot_py=tasks, celery_lint_dot_toml="")
    (tmp_path / "celery-lint.toml").write_text(configuration)
    drawn = drawn_map(draw, tmp_path)
    assert [(entry["task"], entry["meaning"]) for entry in drawn["schedule"]] == [
        ("tasks.f", "scheduled elsewhere"),
        ("tasks.g", "scheduled elsewhere"),
    ]
    assert {queue["name"]: queue["consumed"] for queue in drawn["queues"]} == {"far-away": "elsewhere", "near": "yes"}
    (worker,) = drawn["workers"]
    assert (worker["label"], worker["place"]) == (
        "declared in the configuration",
        {"path": "celery-lint.toml", "line": 3},
    )


def test_what_is_wrong_stands_on_its_way(tmp_path: Path, draw: Map) -> None:
    app = (
        APP
        + """app.conf.task_routes = {'tasks.f': {'queue': 'slow'}, 'task.*': {'queue': 'slow'}}
app.conf.beat_schedule = {'gone': {'task': 'tasks.gone', 'schedule': 60.0}}
"""
    )
    write(tmp_path, app_dot_py=app, tasks_dot_py=TASKS, Procfile="worker: celery -A app worker -Q fast\n")
    drawn = drawn_map(draw, tmp_path)

    def codes(node: dict[str, object]) -> set[object]:
        positions = node["problems"]
        assert isinstance(positions, list)
        return {drawn["problems"][position]["code"] for position in positions}

    (edge,) = [edge for edge in drawn["edges"] if edge["source"] == "task1"]
    assert "CEL205" in codes(edge)
    assert [codes(route) for route in drawn["routes"]] == [{"CEL205"}, {"CEL204"}]
    assert "CEL702" in codes(drawn["schedule"][0])
    page = Page(draw(tmp_path, "--format", "html"))
    assert {"no worker", "tasks.gone", "task.*"} <= set(page.attributes("title"))


def test_addresses_of_brokers_are_not_drawn(tmp_path: Path, draw: Map) -> None:
    write(tmp_path, app_dot_py="from celery import Celery\napp = Celery('x', broker='redis://:secret@host/0')\n")
    for each in FORMATS:
        assert "secret" not in draw(tmp_path, "--format", each)


@pytest.mark.parametrize(("count", "folders"), [(60, 3), (120, 40), (120, 120)])
def test_many_tasks_fold_into_few_boxes(tmp_path: Path, draw: Map, count: int, folders: int) -> None:
    write(tmp_path, app_dot_py=APP)
    for number in range(count):
        name = f"shop__p{number % folders}__tasks{number}_dot_py"
        write(tmp_path, **{name: TASKS.replace("def f", f"def f{number}")})
    page = Page(draw(tmp_path, "--format", "html"))
    folded = [attributes for tag, attributes in page.elements if tag == "details"]
    groups = [attributes for attributes in folded if attributes.get("class") == "group"]
    assert groups
    assert not [attributes for attributes in groups if "open" in attributes]
    nodes, _ = read_mermaid(draw(tmp_path, "--format", "mermaid"))
    assert len(nodes) <= 52
