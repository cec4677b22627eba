"""What settings are, in all the ways to write a value."""

from __future__ import annotations

import pytest

from tests.project.support import linked, project, setting


@pytest.mark.parametrize(
    ("before", "value", "known"),
    [
        ("", "300", 300),
        ("", "5 * 60", 300),
        ("", "5 * 60 + 1", 301),
        ("", "-1", -1),
        ("LIMIT = 300", "LIMIT", 300),
        ("A = 300\nB = A", "B", 300),
        ("MINUTE = 60", "5 * MINUTE", 300),
        ("from proj.limits import LIMIT", "LIMIT", 300),
        ("from proj import limits", "limits.LIMIT", 300),
        ("from proj.limits import *", "LIMIT", 300),
        ("from proj.limits import Limits", "Limits.hard", 300),
        ("from proj.limits import Kind", "Kind.LONG.value", 300),
        ("class Limits:\n    hard = 300", "Limits.hard", 300),
        ("import os", "int(os.environ.get('LIMIT', '300'))", 300),
        ("import os", "int(os.getenv('LIMIT', 300))", 300),
        ("import os", "os.environ['LIMIT']", "unknown"),
        ("import os", "os.getenv('LIMIT')", "unknown"),
        ("from datetime import timedelta", "timedelta(minutes=5).total_seconds()", 300),
        ("from datetime import timedelta", "timedelta(0, 300)", 300),
        ("from somewhere import LIMIT", "LIMIT", "unknown"),
        ("", "compute()", "unknown"),
        ("", "300 if DEBUG else 600", "unknown"),
        ("A = B\nB = A", "A", "unknown"),
    ],
)
def test_numbers(before: str, value: str, known: object) -> None:
    limits = "import enum\nLIMIT = 300\nclass Limits:\n    hard = 300\nclass Kind(enum.Enum):\n    LONG = 300\n"
    found = project({"proj/limits.py": limits}, app=f"{before}\napp.conf.task_time_limit = {value}\n")
    assert setting(found, "task_time_limit") == known


@pytest.mark.parametrize(
    ("before", "value", "known"),
    [
        ("", "'mail'", "mail"),
        ("", "'ma' 'il'", "mail"),
        ("", "'ma' + 'il'", "mail"),
        ("P = 'ma'", "f'{P}il'", "mail"),
        ("P = 'ma'", "f'{P!r}il'", "unknown"),
        ("", "f'{prefix()}il'", "unknown"),
        ("import os", "os.environ.get('QUEUE', 'mail')", "mail"),
        ("import os", "os.environ.get('QUEUE') or 'mail'", "mail"),
        ("from enum import StrEnum\nclass Q(StrEnum):\n    MAIL = 'mail'", "Q.MAIL", "mail"),
        ("Q = {'default': 'mail'}", "Q['default']", "mail"),
    ],
)
def test_texts(before: str, value: str, known: object) -> None:
    found = project(app=f"{before}\napp.conf.task_default_queue = {value}\n")
    assert setting(found, "task_default_queue") == known


def test_a_name_that_is_bound_twice_is_not_known() -> None:
    app = "QUEUE = 'mail'\nif DEBUG:\n    QUEUE = 'debug'\napp.conf.task_default_queue = QUEUE\n"
    assert setting(project(app=app), "task_default_queue") == "unknown"


def test_settings_of_pydantic_are_followed() -> None:
    texts = {
        "proj/config.py": (
            "from pydantic_settings import BaseSettings\n"
            "class Settings(BaseSettings):\n    queue: str = 'mail'\n"
            "settings = Settings()\n"
        ),
        "proj/celery_app.py": (
            "from celery import Celery\nfrom proj.config import settings\n"
            "app = Celery('proj')\napp.conf.task_default_queue = settings.queue\n"
        ),
    }
    assert setting(linked(texts), "task_default_queue") == "mail"


def test_a_list_that_is_made_of_itself_is_not_known() -> None:
    found = project(app="from proj.base import *\nNAMES = NAMES + ['proj.mail']\napp.conf.imports = NAMES\n")
    assert found.registration.imported(found.apps[0]).open == "`imports` is computed at run time"
