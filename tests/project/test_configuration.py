"""Where the settings of an app can be written, and which of them holds."""

from __future__ import annotations

import pytest

from tests.project.support import linked, project, setting

MODULE = "task_time_limit = 300\n"


@pytest.mark.parametrize(
    "app",
    [
        "app.conf.task_time_limit = 300",
        "app.conf['task_time_limit'] = 300",
        "app.conf.update(task_time_limit=300)",
        "app.conf.update({'task_time_limit': 300})",
        "app.conf.update(**{'task_time_limit': 300})",
        "SETTINGS = {'task_time_limit': 300}\napp.conf.update(SETTINGS)",
        "app.conf.task_time_limit = 60\napp.conf.task_time_limit = 300",
        "app.config_from_object('proj.config')",
        "from proj import config\napp.config_from_object(config)",
        "class Config:\n    task_time_limit = 300\napp.config_from_object(Config)",
        "class Base:\n    task_time_limit = 300\nclass Config(Base): ...\napp.config_from_object(Config())",
        "class Config:\n    CELERY_TASK_TIME_LIMIT = 300\napp.config_from_object(Config, namespace='CELERY')",
        "app.conf.CELERYD_TASK_TIME_LIMIT = 300",
        "def configure():\n    app.conf.task_time_limit = 300\nconfigure()",
    ],
)
def test_places_of_a_setting(app: str) -> None:
    assert setting(project({"proj/config.py": MODULE}, app=app + "\n"), "task_time_limit") == 300


def test_the_constructor_takes_settings() -> None:
    texts = {"app.py": "from celery import Celery\napp = Celery('proj', task_time_limit=300)\n"}
    assert setting(linked(texts), "task_time_limit") == 300


def test_settings_of_django() -> None:
    texts = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/settings.py": "CELERY_TASK_TIME_LIMIT = 300\nTASK_SOFT_TIME_LIMIT = 1\n",
        "shop/celery.py": (
            "import os\nfrom celery import Celery\n"
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
            "app = Celery('shop')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n"
        ),
    }
    found = linked(texts)
    assert setting(found, "task_time_limit") == 300
    assert setting(found, "task_soft_time_limit") == "unset"


def test_the_origin_of_a_setting_is_where_it_is_written() -> None:
    found = project({"proj/config.py": MODULE}, app="app.config_from_object('proj.config')\n")
    entry = found.apps[0].settings.get("task_time_limit")
    assert entry is not None
    assert entry.origin.path == "proj/config.py"


@pytest.mark.parametrize(
    "app",
    [
        "app.config_from_object(load())",
        "app.config_from_object('somewhere.else')",
        "app.config_from_envvar('SETTINGS')",
        "app.conf.update(load())",
        "app.conf.update(**load())",
        "setattr(app.conf, name, value)",
    ],
)
def test_what_cannot_be_seen_leaves_the_settings_open(app: str) -> None:
    found = project(app=app + "\n")
    assert setting(found, "task_time_limit") == "unset"
    assert found.may_set(found.apps[0], "task_time_limit")


def test_what_is_all_seen_is_closed() -> None:
    found = project(app="app.conf.update(task_acks_late=True)\n")
    assert not found.may_set(found.apps[0], "task_time_limit")


def test_setattr_sets_a_setting() -> None:
    found = project(app="setattr(app.conf, 'task_time_limit', 300)\n")
    assert setting(found, "task_time_limit") == 300
    assert not found.may_set(found.apps[0], "task_soft_time_limit")


FLASK = "from celery import Celery\nfrom flask import Flask\n"
INIT = (
    "def init(app):\n    made = Celery(app.name)\n    made.config_from_object(app.config['CELERY'])\n    return made\n"
)
CREATE = "def create():\n    app = Flask('shop')\n    {}\n    return init(app)\n"


@pytest.mark.parametrize(
    "written",
    [
        "app.config.from_mapping(CELERY=dict(task_time_limit=300))",
        "app.config.from_mapping({'CELERY': {'task_time_limit': 300}})",
        "app.config.update(CELERY={'task_time_limit': 300})",
        "app.config['CELERY'] = {'task_time_limit': 300}",
        "app.config.from_object('shop.config')",
    ],
)
@pytest.mark.parametrize("read", ["app.config['CELERY']", "app.config.get('CELERY', {})", "settings"])
def test_settings_in_the_configuration_of_flask(written: str, read: str) -> None:
    init = INIT.replace("app.config['CELERY']", read)
    if read == "settings":
        init = init.replace("    made.", "    settings = app.config['CELERY']\n    made.", 1)
    texts = {"shop/__init__.py": FLASK + init + CREATE.format(written)}
    if "from_object" in written:
        texts["shop/config.py"] = "class Config:\n    CELERY = {'task_time_limit': 300}\n"
    found = linked(texts)
    assert setting(found, "task_time_limit") == 300
    assert found.apps[0].settings.open is None


@pytest.mark.parametrize("more", ["app.config.from_prefixed_env()", "app.config.from_pyfile('local.py', silent=True)"])
def test_what_flask_loads_from_elsewhere_may_set_more(more: str) -> None:
    written = f"app.config['CELERY'] = {{'task_time_limit': 300}}\n    {more}"
    found = linked({"shop/__init__.py": FLASK + INIT + CREATE.format(written)})
    assert setting(found, "task_time_limit") == 300
    assert found.apps[0].settings.open is not None


def test_settings_of_flask_that_are_put_in_several_places_are_open() -> None:
    configs = "class Base:\n    CELERY = {'task_time_limit': 300}\nclass Production(Base):\n    CELERY = {}\n"
    texts = {
        "shop/__init__.py": FLASK + INIT + CREATE.format("app.config.from_object(name)"),
        "shop/config.py": configs,
    }
    found = linked(texts)
    assert setting(found, "task_time_limit") == "unset"
    assert found.apps[0].settings.open is not None


def test_another_key_of_flask_is_no_setting() -> None:
    written = "app.config['CELERY_LIMITS'] = {'task_time_limit': 300}"
    found = linked({"shop/__init__.py": FLASK + INIT + CREATE.format(written)})
    assert setting(found, "task_time_limit") == "unset"
    assert found.apps[0].settings.open is not None


@pytest.mark.parametrize(
    "reads",
    [
        "made = Celery('shop', task_time_limit=app.config['LIMIT'])",
        "made = Celery('shop')\n    made.conf.task_time_limit = app.config.get('LIMIT')",
        "made = Celery('shop')\n    made.conf.update(task_time_limit=app.config['LIMIT'])",
    ],
)
def test_one_setting_may_be_kept_in_the_configuration_of_flask(reads: str) -> None:
    texts = {
        "shop/__init__.py": FLASK + f"def init(app):\n    {reads}\n    return made\n",
        "shop/settings.py": "LIMIT = 300\n",
    }
    assert setting(linked(texts), "task_time_limit") == 300
