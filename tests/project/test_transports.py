"""What broker and what result backend an app uses."""

from __future__ import annotations

import pytest

from celery_lint.project.code.values import Known
from tests.project.support import linked


def asked(texts: dict[str, str], question: str, **options: object) -> object:
    """The kind of broker or result backend of the only app: a word, "unknown", or None."""
    found = linked(texts, **options)
    [app] = found.apps
    answer = getattr(found.transports, question)(app)
    return answer.value if isinstance(answer, Known) else answer and "unknown"


def made_with(arguments: str, before: str = "", after: str = "") -> dict[str, str]:
    """A project with one app made with ARGUMENTS."""
    imports = "import os\nfrom celery import Celery\nfrom proj.settings import settings\n"
    settings = (
        "import os\n\n\nclass Settings:\n    HOST = os.environ['HOST']\n    SCHEME = 'rediss'\n"
        "    REDIS_URL: str\n    url: str\n    default_url = os.getenv('BROKER', 'sqs://')\n\n"
        "    @property\n    def built(self):\n        return f'redis://{self.HOST}'\n\n\nsettings = Settings()\n"
    )
    return {
        "proj/app.py": f"{imports}{before}app = Celery('proj', {arguments})\n{after}",
        "proj/settings.py": settings,
    }


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("'redis://localhost:6379/0'", "redis"),
        ("'rediss://localhost'", "redis"),
        ("'sentinel://a;sentinel://b'", "redis"),
        ("'pyamqp://guest@localhost//'", "amqp"),
        ("'sqs://'", "sqs"),
        ("'gcpubsub://projects/x'", "gcpubsub"),
        ("'sqla+sqlite:///db'", "sqlalchemy"),
        ("'memory'", "memory"),
        ("['amqp://a', 'amqp://b']", "amqp"),
        ("f'redis://{settings.HOST}:6379'", "redis"),
        ("f'{settings.SCHEME}://{settings.HOST}'", "redis"),
        ("'redis://' + settings.HOST", "redis"),
        ("'amqp://%s:%s' % (a, b)", "amqp"),
        ("'amqp://{}'.format(settings.HOST)", "amqp"),
        ("os.environ.get('BROKER', 'redis://localhost')", "redis"),
        ("os.getenv('BROKER') or 'redis://localhost'", "redis"),
        ("os.environ['REDIS_URL']", "redis"),
        ("os.environ.get('CLOUDAMQP_URL')", "amqp"),
        ("settings.REDIS_URL", "redis"),
        ("str(settings.REDIS_URL)", "redis"),
        ("settings.built", "redis"),
        ("settings.default_url", "sqs"),
        ("'redis://a' if settings.HOST else 'redis://b'", "redis"),
        ("'redis://a' if settings.HOST else 'amqp://b'", "unknown"),
        ("settings.url", "unknown"),
        ("os.environ['BROKER']", "unknown"),
        ("make_url()", "unknown"),
        ("None", None),
        ("''", None),
    ],
)
def test_the_broker_of_an_address(url: str, family: object) -> None:
    assert asked(made_with(f"broker={url}"), "broker") == family


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("'redis://localhost'", "redis"),
        ("'rpc://'", "rpc"),
        ("'db+postgresql://u@h/d'", "database"),
        ("'django-db'", "django-db"),
        ("'django_celery_results.backends:DatabaseBackend'", "django-db"),
        ("'cache+memcached://127.0.0.1'", "cache"),
        ("'file:///tmp/results'", "filesystem"),
        ("'disabled://'", "disabled"),
        ("'proj.backends:Own'", "unknown"),
        ("None", None),
    ],
)
def test_the_backend_of_an_address(url: str, family: object) -> None:
    assert asked(made_with(f"backend={url}"), "result_backend") == family


def test_nothing_configures_them() -> None:
    assert asked(made_with("set_as_current=True"), "broker") is None
    assert asked(made_with("set_as_current=True"), "result_backend") is None


def test_a_setting_in_a_place_that_cannot_be_seen() -> None:
    texts = made_with("set_as_current=True", after="app.config_from_object('elsewhere.config')\n")
    assert asked(texts, "broker") == "unknown"


def test_a_setting_of_django() -> None:
    texts = {
        "shop/settings.py": "CELERY_BROKER_URL = 'redis://'\nCELERY_RESULT_BACKEND = 'django-db'\n",
        "shop/celery.py": (
            "import os\nfrom celery import Celery\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
            "app = Celery('shop')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n"
        ),
    }
    assert asked(texts, "broker") == "redis"
    assert asked(texts, "result_backend") == "django-db"


def test_a_function_that_builds_the_address() -> None:
    before = (
        "def address():\n    if os.environ.get('TLS'):\n        return f'rediss://{settings.HOST}'\n"
        "    return f'redis://{settings.HOST}'\n\n\n"
    )
    assert asked(made_with("broker=address()", before), "broker") == "redis"


def test_what_a_deployment_sets_goes_over_the_code() -> None:
    compose = (
        "services:\n  worker:\n    command: celery -A proj.app worker\n"
        "    environment:\n      CELERY_BROKER_URL: redis://redis:6379/0\n"
    )
    texts = {**made_with("broker='amqp://localhost'"), "compose.yml": compose}
    assert asked(texts, "broker") == "redis"


def test_the_address_on_the_command_line() -> None:
    texts = {**made_with("set_as_current=True"), "Procfile": "worker: celery -A proj.app -b redis://redis worker\n"}
    assert asked(texts, "broker") == "redis"


def test_the_environment_may_set_it() -> None:
    texts = {**made_with("set_as_current=True"), "deploy.env": "CELERY_BROKER_URL=redis://redis\n"}
    assert asked(texts, "broker") == "unknown"


def test_what_a_file_of_the_environment_gives_the_variable() -> None:
    texts = {**made_with("broker=settings.url"), ".env.example": "URL=redis://localhost\n"}
    assert asked(texts, "broker") == "redis"
    texts["compose.prod.yml"] = "services:\n  web:\n    environment:\n      - URL=sqs://\n"
    assert asked(texts, "broker") == "unknown"


def test_a_variable_with_several_values() -> None:
    before = "URL = f'redis://{settings.HOST}'\nif settings.HOST:\n    URL = 'rediss://'\n"
    assert asked(made_with("broker=URL", before), "broker") == "redis"
    assert asked(made_with("broker=URL", before + "if settings.url:\n    URL = 'sqs://'\n"), "broker") == "unknown"


def test_the_configuration_says_it() -> None:
    assert asked(made_with("broker=settings.url"), "broker", broker="sqs://") == "sqs"
    assert asked(made_with("backend=settings.url"), "result_backend", result_backend="redis") == "redis"
