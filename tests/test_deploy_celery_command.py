"""Celery's command line, read from the tables of its releases."""

from __future__ import annotations

import pytest

from celery_lint.celery_versions import table
from celery_lint.facts.deploy.celery_command import UNKNOWN, Invocation, invocation, invocations, runs_celery
from celery_lint.facts.model import Word
from tests.deploy_lines import facts


def read(text: str, version: str = "5.7") -> Invocation:
    (command,) = facts("Procfile", f"worker: {text}").commands
    found = invocation(command, table(version))
    assert found is not None
    return found


def texts(words: tuple[Word, ...]) -> list[str | None]:
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("-Q a,b", {"queues": "a,b"}),
        ("--queues a,b", {"queues": "a,b"}),
        ("--queues=a,b", {"queues": "a,b"}),
        ("-Qa,b", {"queues": "a,b"}),
        ("-c 4 -P gevent", {"concurrency": "4", "pool": "gevent"}),
        ("-Pgevent", {"pool": "gevent"}),
        ("-Ofair", {"optimization": "fair"}),
        ("-lINFO", {"loglevel": "INFO"}),
        ("-EB", {"task_events": "-EB", "beat": "-EB"}),
        ("-El info", {"task_events": "-El", "loglevel": "info"}),
        ("-B --events", {"beat": "-B", "task_events": "--events"}),
        ("--time-limit=9 --soft-time-limit 8", {"time_limit": "9", "soft_time_limit": "8"}),
        ("--max-tasks-per-child=1 --autoscale=4,1", {"max_tasks_per_child": "1", "autoscale": "4,1"}),
        ("-X mail -n w@%h", {"exclude_queues": "mail", "hostname": "w@%h"}),
        ("--pidfile= -D", {"pidfile": "", "detach": "-D"}),
        ("-Q a -Q b", {"queues": "b"}),
        ("-c -1", {"concurrency": "-1"}),
    ],
)
def test_options_of_a_worker(text: str, options: dict[str, str]) -> None:
    found = read(f"celery -A app worker {text}")
    assert {name: word.text for name, word in found.options.items()} == options
    assert (found.unknown_options, found.extra, found.open) == ((), (), False)
    assert found.is_worker


@pytest.mark.parametrize(
    ("text", "app", "after"),
    [
        ("celery -A app worker", "app", False),
        ("celery --app=app.x:y worker", "app.x:y", False),
        ("celery -Aapp -b redis:// worker", "app", False),
        ("celery -q --workdir src -A app worker", "app", False),
        ("celery worker -A app", "app", True),
        ("celery worker --app=app -l info", "app", True),
        ("celery -A one worker -A two", "two", False),
        ("celery worker", None, False),
        ("celery multi start w1 -A app", "app", False),
    ],
)
def test_the_app(text: str, app: str | None, after: bool) -> None:
    found = read(text)
    assert (found.app.text if found.app else None) == app
    assert found.app_after_subcommand is after


@pytest.mark.parametrize("variable", ["APP", "CELERY_APP"])
def test_the_app_may_come_from_the_environment(variable: str) -> None:
    found = read(f"env {variable}=app celery worker")
    assert found.app is not None
    assert (found.app.text, found.app.raw) == ("app", variable)
    other = read(f"env {variable}=app celery -A other worker").app
    assert other is not None
    assert other.text == "other"


def test_options_from_the_environment() -> None:
    found = read("env CELERY_WORKER_POOL=gevent CELERY_WORKER_QUEUES=$Q CELERY_WORKER_X=1 celery -A app worker -c 2")
    assert found.environment_options == {"pool": "gevent", "queues": None}
    assert (found.pool, found.queues, found.value("concurrency")) == ("gevent", UNKNOWN, "2")
    assert read("env CELERY_WORKER_POOL=gevent celery -A app worker -P solo").pool == "solo"


@pytest.mark.parametrize(
    ("text", "queues"),
    [
        ("", None),
        ("-Q a", ("a",)),
        ("-Q a,b,", ("a", "b")),
        ("-Q $Q", UNKNOWN),
        ("-Q$Q", UNKNOWN),
        ("--queues=$Q", UNKNOWN),
        ("--queues=a,$Q", UNKNOWN),
        ("-n $N -Q a", ("a",)),
        ("$OPTS -Q a", ("a",)),
        ("$OPTS", UNKNOWN),
        ("--$OPT", UNKNOWN),
        ("-$OPT", UNKNOWN),
        ("-n w@$HOST", None),
        ("--concurrency=$N", None),
        ("-c$N", None),
    ],
)
def test_queues_are_three_valued(text: str, queues: object) -> None:
    assert read(f"celery -A app worker {text}").queues == queues


def test_what_is_open() -> None:
    assert read("celery -A app worker $OPTS").open
    assert read("celery -A app worker $OPTS").pool is UNKNOWN
    assert read("celery -A app worker $OPTS -P solo").pool == "solo"
    assert not read("celery -A $APP worker -c $N --pool=$P").open
    assert read("celery -A app $COMMAND").subcommand is None
    assert read("celery -A app $COMMAND").open
    assert read("celery $OPTS worker -Q a").subcommand == "worker"


@pytest.mark.parametrize(
    ("text", "subcommand", "is_worker", "is_beat"),
    [
        ("celery -A app worker", "worker", True, False),
        ("celery -A app worker -B", "worker", True, True),
        ("celery -A app beat -S x", "beat", False, True),
        ("celery -A app flower --port=5555", "flower", False, False),
        ("celery -A app inspect ping", "inspect", False, False),
        ("celery -A app multi stop w1", "multi", False, False),
        ("celery -A app multi start w1 -B", "multi", True, True),
        ("celery -A app", None, False, False),
    ],
)
def test_subcommands(text: str, subcommand: str | None, is_worker: bool, is_beat: bool) -> None:
    found = read(text)
    assert (found.subcommand, found.is_worker, found.is_beat) == (subcommand, is_worker, is_beat)


def test_misspelt_options_and_left_over_words() -> None:
    found = read("celery -A app worker --concurency=4 --max_tasks=1 -Q a, b -Z")
    assert texts(found.unknown_options) == ["--concurency=4", "--max_tasks=1", "-Z"]
    assert texts(found.extra) == ["b"]
    assert texts(read("celery -A app worker -- x=1").extra) == ["x=1"]
    assert texts(read("celery -A app worker -Q").unknown_options) == ["-Q"]


def test_options_of_other_releases() -> None:
    text = "celery -A app worker --pool-start-method=spawn"
    assert read(text, "5.7").value("pool_start_method") == "spawn"
    assert texts(read(text, "5.6").unknown_options) == ["--pool-start-method=spawn"]


def test_values_point_at_their_bytes() -> None:
    data = "worker: celery -A app worker --queues=a,b -Pgevent --pool='x y' -c 4"
    (command,) = facts("Procfile", data).commands
    found = invocation(command, table())
    assert found is not None
    places = {name: data[word.span.start : word.span.end] for name, word in found.options.items()}
    assert places == {"queues": "a,b", "pool": "'x y'", "concurrency": "4"}


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("start w1 -A app -Q a", [("w1", ("a",))]),
        ("start 2 -A app -Q:1 a -Q:2 b", [("celery1", ("a",)), ("celery2", ("b",))]),
        ("start w1 w2 w3 -A app -Q d -Q:w1 a -Q:2-3 b,c", [("w1", ("a",)), ("w2", ("b", "c")), ("w3", ("b", "c"))]),
        ("start 3 -A app -Q:1,3 a -Q:2 b", [("celery1", ("a",)), ("celery2", ("b",)), ("celery3", ("a",))]),
        ("restart w1 --pidfile=/x -A app --queues=a", [("w1", ("a",))]),
        ("start $NODES -A app", [("?", UNKNOWN)]),
        ("stop w1 w2", [(None, None)]),
    ],
)
def test_multi(text: str, nodes: list[tuple[str | None, object]]) -> None:
    (command,) = facts("Procfile", f"worker: celery multi {text}").commands
    assert [(found.node, found.queues) for found in invocations(command, table())] == nodes


def test_scripts_are_no_invocations() -> None:
    (command,) = facts("Procfile", "worker: ./start.sh").commands
    assert not runs_celery(command)
    assert invocations(command, table()) == ()
