"""Which functions and classes are tasks, and what they are called."""

from __future__ import annotations

import pytest

from tests.project.support import APP, linked, names, project

SHARED = "from celery import shared_task\n"
SEND = "@app.task\ndef send(): ..."


WAYS = [
    ("@app.task\ndef send(): ...", "proj.tasks.send"),
    ("@app.task()\ndef send(): ...", "proj.tasks.send"),
    ("@app.task(bind=True)\nasync def send(self): ...", "proj.tasks.send"),
    ("@app.task(name='mail.send')\ndef send(): ...", "mail.send"),
    ("NAME = 'mail.send'\n@app.task(name=NAME)\ndef send(): ...", "mail.send"),
    (SHARED + "@shared_task\ndef send(): ...", "proj.tasks.send"),
    (SHARED + "@shared_task(name='mail.send')\ndef send(): ...", "mail.send"),
    ("import celery\n@celery.shared_task\ndef send(): ...", "proj.tasks.send"),
    ("def send(): ...\nother = app.task(send)", "proj.tasks.send"),
    ("def send(): ...\nother = app.task(name='mail.send')(send)", "mail.send"),
    ("def send(): ...\nsend = app.task(send)", "proj.tasks.send"),
    (
        "from functools import partial\ntask = partial(app.task, bind=True)\n@task()\ndef send(self): ...",
        "proj.tasks.send",
    ),
    (
        "def mail_task(**options):\n    return app.task(**options)\n@mail_task(bind=True)\ndef send(self): ...",
        "proj.tasks.send",
    ),
    (
        "from celery import Task\nclass Send(Task):\n    name = 'mail.send'\n    def run(self): ...\n"
        "app.register_task(Send())",
        "mail.send",
    ),
    (
        "class Send(app.Task):\n    name = 'mail.send'\n    def run(self): ...\nsend = app.register_task(Send())",
        "mail.send",
    ),
]


@pytest.mark.parametrize(("tasks", "name"), WAYS)
def test_ways_to_declare_a_task(tasks: str, name: str) -> None:
    assert names(project(tasks=tasks)) == [name]


@pytest.mark.parametrize(
    "tasks",
    [
        "def send(): ...",
        "@cache\ndef send(): ...",
        "import invoke\n@invoke.task\ndef send(context): ...",
        "from prefect import task\n@task\ndef send(): ...",
        "from celery import Task\nclass Base(Task):\n    abstract = True",
        "app.send_task('mail.send')",
    ],
)
def test_what_is_no_task(tasks: str) -> None:
    assert names(project(tasks=tasks)) == []


def test_an_app_is_followed_through_re_exports_and_aliases() -> None:
    files = {
        "proj/__init__.py": "from .celery_app import app as celery\n__all__ = ['celery']\n",
        "proj/mail.py": "from proj import celery as queue\n@queue.task\ndef send(): ...\n",
        "proj/news.py": "from .celery_app import *\n@app.task\ndef tell(): ...\n",
        "proj/calls.py": "import proj.celery_app\n@proj.celery_app.app.task\ndef ring(): ...\n",
    }
    assert names(project(files)) == ["proj.calls.ring", "proj.mail.send", "proj.news.tell"]


@pytest.mark.parametrize(
    "app",
    [
        "from celery import Celery\ndef make():\n    app = Celery('proj')\n    return app\napp = make()\n",
        "from celery import Celery\ndef make(name):\n    return Celery(name)\napp = make('proj')\n",
        "import celery\napp = celery.Celery('proj')\n",
        "from celery import Celery\nclass App(Celery): ...\napp = App('proj')\n",
        "from celery import Celery\nclass Holder:\n    app = Celery('proj')\napp = Holder.app\n",
        "from celery import Celery\nother = app = Celery('proj')\n",
    ],
)
def test_ways_to_make_an_app(app: str) -> None:
    found = project({"proj/celery_app.py": app}, tasks="@app.task\ndef send(): ...")
    assert len(found.apps) == 1
    assert names(found) == ["proj.tasks.send"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("", "proj.tasks.send"), ("src/", "proj.tasks.send"), ("services/mail/", "proj.tasks.send")],
)
def test_names_start_at_the_folder_that_the_worker_imports_from(folder: str, name: str) -> None:
    texts = {
        f"{folder}proj/__init__.py": "",
        f"{folder}proj/celery_app.py": APP,
        f"{folder}proj/tasks.py": "from proj.celery_app import app\n@app.task\ndef send(): ...\n",
    }
    assert names(linked(texts)) == [name]


def test_services_of_a_monorepo_import_their_own_modules() -> None:
    texts = {}
    for service in ("mail", "news"):
        texts[f"{service}/worker.py"] = APP.replace("proj", service)
        texts[f"{service}/tasks.py"] = f"from worker import app\n@app.task(name='{service}.send')\ndef send(): ...\n"
    found = linked(texts)
    assert {task.name: [app.main for app in found.apps_of(task)] for task in found.tasks} == {
        "mail.send": ["mail"],
        "news.send": ["news"],
    }


def test_a_file_with_tasks_is_celery_code_even_when_it_never_says_so() -> None:
    files = {"proj/__init__.py": "from .celery_app import app\n", "proj/a.py": "", "proj/tasks.py": ""}
    assert project(files).statistics.celery_files == 2
    with_task = {**files, "proj/a.py": "from proj import app\n@app.task\ndef send(): ...\n"}
    assert project(with_task).statistics.celery_files == 3


def test_options_come_from_the_decorator_and_the_base_class() -> None:
    tasks = "@app.task(bind=True, max_retries=3)\ndef send(self): ...\n"
    [task] = project(tasks=tasks).tasks
    assert set(task.options) == {"bind", "max_retries"}
    assert not task.options_open
    [task] = project(tasks=tasks.replace("max_retries=3", "**OPTIONS")).tasks
    assert task.options_open


@pytest.mark.parametrize("name", ["f'{__name__}.other'", "compute()", "settings.NAME"])
def test_a_computed_name_opens_the_set_of_tasks(name: str) -> None:
    assert project(tasks=f"@app.task(name={name})\ndef send(): ...\n").tasks_open is not None


def test_a_task_registered_at_run_time_opens_the_set_of_tasks() -> None:
    closed = "@app.task\ndef send(): ...\n"
    assert project(tasks=closed).tasks_open is None
    assert project(tasks=closed + "for name in NAMES:\n    app.task(name=name)(make(name))\n").tasks_open is not None


@pytest.mark.parametrize(
    "imported", ["from . import app", "from .. import shop\napp = shop.app", "from . import app as a\napp = a"]
)
def test_what_a_package_itself_holds_is_taken_from_it(imported: str) -> None:
    assert names(linked({"shop/__init__.py": APP, "shop/mail.py": f"{imported}\n@app.task\ndef send(): ..."}))


def test_a_package_above_holds_the_app() -> None:
    texts = {"shop/__init__.py": APP, "shop/mail/__init__.py": "", "shop/mail/tasks.py": "from ..import app\n" + SEND}
    assert names(linked(texts)) == ["shop.mail.tasks.send"]


def test_a_module_of_the_package_comes_before_what_it_holds() -> None:
    texts = {"shop/__init__.py": APP, "shop/app.py": "def task(f): ...", "shop/mail.py": "from . import app\n" + SEND}
    assert names(linked(texts)) == []


def test_a_module_called_after_the_package_that_it_imports_is_not_meant_by_others() -> None:
    texts = {
        "shop/__init__.py": APP,
        "shop/kafka.py": "import kafka\nfrom . import app\n@app.task\ndef consume(): ...",
        "shop/mail.py": "from kafka import consume\nfrom . import app\n" + SEND,
    }
    assert names(linked(texts)) == ["shop.kafka.consume", "shop.mail.send"]


def test_relative_imports_tell_how_many_packages_a_module_is_in() -> None:
    texts = {
        "src/__init__.py": "",
        "src/app.py": APP,
        "src/web.py": "import app  # of Celery",
        "src/mail.py": "from .app import app\n" + SEND,
    }
    assert names(linked(texts)) == ["src.mail.send"]


def test_a_relative_import_that_may_fail_tells_nothing() -> None:
    mail = "try:\n    from .app import app\nexcept ImportError:\n    from app import app\n" + SEND
    texts = {"src/__init__.py": "", "src/app.py": APP, "src/web.py": "import app  # of Celery", "src/mail.py": mail}
    assert "mail.send" in {name for task in linked(texts).tasks for name in task.names}


@pytest.mark.parametrize(
    "wrapped", ["app = monitored(app)", "import health\napp = health.setup(app)", "app = a(b(1), celery=app)"]
)
def test_an_application_that_is_given_back_stays_the_one_it_was(wrapped: str) -> None:
    found = project(app=f"{wrapped}\napp.autodiscover_tasks()\n", tasks=SEND)
    assert (len(found.apps), names(found)) == (1, ["proj.tasks.send"])


def test_what_is_made_of_an_application_under_another_name_is_none() -> None:
    assert (
        names(
            project(
                app="worker = Worker(app)\n", tasks="from proj.celery_app import worker\n@worker.task\ndef send(): ..."
            )
        )
        == []
    )


@pytest.mark.parametrize(
    "made",
    [
        "celery = container.get('celery')",
        "celery_app = service.get_celery_app()",
        "from ext import boot\ncelery = boot()",
    ],
)
def test_an_object_called_celery_that_nothing_is_known_of_declares_tasks(made: str) -> None:
    name = "celery_app" if made.startswith("celery_app") else "celery"
    tasks = f"from shop.run import {name}\n@{name}.task(bind=True)\ndef send(self): ..."
    assert names(linked({"shop/__init__.py": "", "shop/run.py": made, "shop/mail.py": tasks})) == ["shop.mail.send"]


@pytest.mark.parametrize(
    "made", ["class Bus: ...\ncelery = Bus()", "broker = make()", "celery = None", "def celery(): ..."]
)
def test_what_is_called_celery_and_known_to_be_something_else_declares_none(made: str) -> None:
    tasks = "from shop.run import celery, broker\n@celery.task\ndef a(): ...\n@broker.task\ndef b(): ..."
    assert names(linked({"shop/__init__.py": "", "shop/run.py": made, "shop/mail.py": tasks})) == []
