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


def test_a_module_that_is_not_there_may_set_more_in_django() -> None:
    texts = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "shop/settings/__init__.py": "CELERY_TASK_ACKS_LATE = True\nfrom .local import *\n",
        "shop/celery.py": "from celery import Celery\napp = Celery('shop')\n"
        "app.config_from_object('django.conf:settings', namespace='CELERY')\n",
    }
    found = linked(texts)
    assert setting(found, "task_acks_late") is True
    assert found.apps[0].settings.open is not None


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


SETTINGS = "CELERY_TASK_TIME_LIMIT = 300\nCELERY_ACCEPT_CONTENT = ['pickle']\nTASK_SOFT_TIME_LIMIT = 1\nDEBUG = True\n"
RENAMED = "{{k[7:].lower(): v for k, v in {}.items() if k.startswith('CELERY_')}}"


@pytest.mark.parametrize(
    "app",
    [
        f"app.conf.update({RENAMED.format('settings.__dict__')})",
        f"app.conf.update({RENAMED.format('vars(settings)')})",
        f"CONFIG = {RENAMED.format('vars(settings)')}\napp.config_from_object(CONFIG)",
        f"app.conf.update(**{RENAMED.format('vars(settings)')})",
        "app.conf.update({k.replace('CELERY_', '').lower(): getattr(settings, k) for k in dir(settings) "
        "if k.isupper() and k.startswith('CELERY_')})",
        "app.namespace = 'CELERY'\nfound = {k: v for k, v in settings.__dict__.items() if k.startswith('CELERY')}\n"
        "found['CELERY_TASK_ROUTES'] = {}\napp.conf.update(found)",
    ],
)
def test_settings_that_are_picked_by_their_names(app: str) -> None:
    found = project({"proj/settings.py": SETTINGS}, app=f"from proj import settings\n{app}\n")
    assert setting(found, "task_time_limit") == 300
    assert setting(found, "task_soft_time_limit") == "unset"
    assert found.apps[0].settings.get("accept_content") is not None
    assert found.apps[0].settings.open is None


def test_settings_that_are_picked_from_an_object_of_a_class() -> None:
    settings = "class Settings(BaseSettings):\n    CELERY_TASK_TIME_LIMIT: int = 300\nsettings = Settings()\n"
    app = f"from proj.settings import settings\napp.conf.update({RENAMED.format('settings.model_dump()')})\n"
    assert setting(project({"proj/settings.py": settings}, app=app), "task_time_limit") == 300


@pytest.mark.parametrize(
    "given", ["Config.__dict__", "vars(Config)", "made.model_dump(exclude_none=True)", "made.dict()"]
)
def test_all_names_of_a_class_are_settings(given: str) -> None:
    config = "class Config(BaseModel):\n    task_time_limit: int = 300\nmade = Config()\n"
    app = f"from proj.config import Config, made\napp.conf.update(**{given})\n"
    assert setting(project({"proj/config.py": config}, app=app), "task_time_limit") == 300


def test_all_names_of_what_is_not_known_may_be_settings() -> None:
    found = project(app="app.conf.update(load().dict())\n")
    assert found.apps[0].settings.open is not None


def test_settings_that_are_picked_by_something_else_too_are_open() -> None:
    app = "from proj import settings\napp.conf.update({k: v for k, v in vars(settings).items() if wanted(k)})\n"
    found = project({"proj/settings.py": SETTINGS}, app=app)
    assert found.apps[0].settings.open is not None


def test_what_is_put_into_a_dict_later_is_set() -> None:
    app = "CONFIG = {'timezone': 'UTC'}\nCONFIG['task_time_limit'] = 300\napp.conf.update(CONFIG)\n"
    assert setting(project(app=app), "task_time_limit") == 300
    local = "def configure():\n    config = {}\n    config['task_time_limit'] = 300\n    app.conf.update(config)\n"
    assert setting(project(app=local), "task_time_limit") == 300


WHOLE = "def init(flask):\n    made = Celery(flask.name)\n    made.conf.update(flask.config)\n    return made\n"


@pytest.mark.parametrize("name", ["CELERYD_TASK_TIME_LIMIT", "CELERY_TASK_TIME_LIMIT"])
@pytest.mark.parametrize("written", ["class Config:\n    {} = 300\n", "{} = 300\n"])
def test_the_whole_configuration_of_flask(written: str, name: str) -> None:
    init = FLASK + WHOLE + "def create():\n    app = Flask('shop')\n    app.config.from_object(Config)\n    init(app)\n"
    found = linked({"shop/__init__.py": init, "shop/config.py": written.format(name) + "SECRET_KEY = ''\n"})
    assert setting(found, "task_time_limit") == 300
    assert found.apps[0].settings.open is not None


def test_what_flask_is_configured_with_for_tests_does_not_count() -> None:
    configs = "class Config:\n    CELERY_TIMEZONE = 'UTC'\nclass TestingConfig(Config):\n    CELERY_TIMEZONE = 'CET'\n"
    found = linked({"shop/__init__.py": FLASK + WHOLE, "shop/config.py": configs})
    assert setting(found, "timezone") == "UTC"


CLASSES = """
class Base:
    task_time_limit = 300
    timezone = "UTC"
class Development(Base):
    task_always_eager = True
class Production(Base):
    timezone = "CET"
class Testing(Base):
    task_time_limit = 1
CONFIGS = {"dev": Development, "prod": Production}
def get():
    if ENV == "testing":
        return Testing
    elif ENV == "production":
        return Production
    return Development
"""


@pytest.mark.parametrize("given", ["get()", "CONFIGS[ENV]", "chosen"])
def test_one_of_several_classes_sets_what_all_agree_on(given: str) -> None:
    chosen = "chosen = get()\n" if given == "chosen" else ""
    found = project(app=f"{CLASSES}{chosen}app.config_from_object({given})\n")
    assert setting(found, "task_time_limit") == 300
    assert setting(found, "timezone") == "unknown"
    assert setting(found, "task_always_eager") == "unknown"
    assert setting(found, "task_acks_late") == "unset"
    assert found.apps[0].settings.open is None


def test_one_of_several_things_that_are_not_all_classes_is_open() -> None:
    found = project(app=f"{CLASSES}def pick():\n    return Base if x else load()\napp.config_from_object(pick())\n")
    assert found.apps[0].settings.open is not None
