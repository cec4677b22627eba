"""Settings as they are written: what each spelling means, and whether Celery reads it there (as Celery 5.7 does)."""

from __future__ import annotations

import pytest

from celery_lint.project.project import Project
from tests.project.support import linked, project

DJANGO = (
    "import os\nfrom celery import Celery\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    "app = Celery('shop')\napp.config_from_object('django.conf:settings'{})\n"
)


def written(found: Project) -> list[tuple[str, str | None, str, bool]]:
    """(as spelt, what it means, kind of source, whether it is read) of all settings but the broker of the app."""
    return [
        (each.spelt, each.name, each.source.kind, each.is_read)
        for each in found.written_settings
        if each.spelt != "broker_url"
    ]


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("app.conf.task_acks_late = True", ("task_acks_late", "task_acks_late", "attribute", True)),
        ("app.conf['task_acks_late'] = True", ("task_acks_late", "task_acks_late", "item", True)),
        ("app.conf.update(CELERY_ACKS_LATE=True)", ("CELERY_ACKS_LATE", "task_acks_late", "update", True)),
        ("app.conf.update({'task_ack_late': 1})", ("task_ack_late", None, "update", False)),
        ("app.conf.update(CELERY_TIME_LIMIT=1)", ("CELERY_TIME_LIMIT", None, "update", False)),
        ("app.conf.TIMEZONE = 'UTC'", ("TIMEZONE", "timezone", "attribute", False)),
        ("app.conf.CELERY_TASK_ACKS_LATE = 1", ("CELERY_TASK_ACKS_LATE", "task_acks_late", "attribute", False)),
        ("app.config_from_object({'imports': ()})", ("imports", "imports", "dict", True)),
        ("class C:\n    CELERY_IMPORTS = ()\napp.config_from_object(C)", ("CELERY_IMPORTS", "imports", "class", True)),
        ("app.config_from_object('proj.c')", ("include", "include", "module", True)),
        ("app.config_from_object('proj.c', namespace='CELERY')", ("include", "include", "module", True)),
        ("app.config_from_object('proj.c', namespace=NAME)", ("include", "include", "module", True)),
    ],
)
def test_what_a_setting_means(app: str, expected: tuple[str, str | None, str, bool]) -> None:
    assert written(project({"proj/c.py": "include = ()\n"}, app=app + "\n")) == [expected]


def test_the_namespace_counts_on_the_app_too() -> None:
    app = "app.conf.CELERY_TASK_ACKS_LATE = True\napp.config_from_object('proj.c', namespace='CELERY')\n"
    found = written(project({"proj/c.py": "CELERY_TIMEZONE = 'UTC'\nTIMEZONE = 'UTC'\ncelery_include = ()\n"}, app=app))
    assert found == [
        ("CELERY_TIMEZONE", "timezone", "module", True),
        ("TIMEZONE", "timezone", "module", False),
        ("celery_include", "include", "module", False),
        ("CELERY_TASK_ACKS_LATE", "task_acks_late", "attribute", True),
    ]


def test_a_namespace_in_small_letters() -> None:
    app = "app.config_from_object('proj.c', namespace='celery')\n"
    found = written(project({"proj/c.py": "celery_include = ()\nCELERY_TASK_ROUTES = {}\n"}, app=app))
    assert [read for *_, read in found] == [True, False]


@pytest.mark.parametrize(("namespace", "prefixed"), [(", namespace='CELERY'", True), ("", False)])
def test_the_settings_of_django(namespace: str, prefixed: bool) -> None:
    settings = (
        "DEBUG = True\nCELERY_BROKER_CONNECTION_TIMEOUT = 3\nCELERY_TASK_SERIALIZER = 'json'\ntask_acks_late = True\n"
        "CELERY_FLAVOUR = 1\n"
    )
    found = written(linked({"shop/settings.py": settings, "shop/celery.py": DJANGO.format(namespace)}))
    assert found == [
        ("DEBUG", None, "django", False),
        ("CELERY_BROKER_CONNECTION_TIMEOUT", "broker_connection_timeout", "django", prefixed),
        ("CELERY_TASK_SERIALIZER", "task_serializer", "django", True),
        ("task_acks_late", "task_acks_late", "django", False),
        ("CELERY_FLAVOUR", None, "django", False),
    ]


def test_a_setting_for_several_apps_is_written_once() -> None:
    texts = {
        "conf.py": "task_acks_late = True\n",
        "one.py": "from celery import Celery\napp = Celery('one')\napp.config_from_object('conf')\n",
        "two.py": "from celery import Celery\napp = Celery('two')\napp.config_from_object('conf')\n",
    }
    [setting] = linked(texts).written_settings
    assert [app.main for app in setting.apps] == ["one", "two"]
