"""Our reading of command lines and routes, held against Celery's own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from celery import Celery
from celery.app.routes import MapRoute
from celery.bin.beat import beat
from celery.bin.celery import celery as main
from celery.bin.worker import worker
from celery.schedules import ParseException, crontab

from celery_lint.celery_versions import table
from celery_lint.facts.deploy.celery_command import Invocation, invocation
from celery_lint.finding import Location, Span
from celery_lint.project.code.files import Files
from celery_lint.project.deployment.command_line import misplaced
from celery_lint.project.deployment.routing import Router
from celery_lint.project.link import link
from celery_lint.project.model import CeleryCommand, Route
from celery_lint.project.project import Project
from celery_lint.project.schedule import crontabs
from celery_lint.settings import Settings
from tests.deploy_lines import facts

_COMMANDS = {"worker": worker, "beat": beat}
_LINES = [
    "-A proj worker",
    "-A proj.celery:app worker -l info",
    "--app proj worker --loglevel=INFO",
    "--app=proj worker -c 4",
    "-Aproj worker -c4",
    "-A proj -b redis:// worker -Q a,b",
    "-A proj --broker=redis://x worker -Qa,b",
    "-A proj -q worker --queues=a,b -X c",
    "-A proj -C worker --queues a,b --exclude-queues c",
    "--workdir src -A proj worker -P gevent",
    "-A proj worker -Pgevent",
    "-A proj worker --pool=threads --concurrency=10",
    "-A proj worker --pool threads --concurrency 10",
    "-A proj worker -B",
    "-A proj worker -BE",
    "-A proj worker -EB -l info",
    "-A proj worker -EBl info",
    "-A proj worker --beat --scheduler=redbeat.RedBeatScheduler",
    "-A proj worker -s /tmp/schedule -S /tmp/state",
    "-A proj worker -O fair",
    "-A proj worker -Ofair",
    "-A proj worker --time-limit=60 --soft-time-limit 50",
    "-A proj worker --max-tasks-per-child=5 --max-memory-per-child 200000",
    "-A proj worker --autoscale=10,3",
    "-A proj worker --autoscale 10,3 --prefetch-multiplier=1",
    "-A proj worker -n w1@%h -D",
    "-A proj worker --hostname=w1@%h --detach --pidfile=/tmp/x.pid",
    "-A proj worker --purge -E",
    "-A proj worker --discard --task-events",
    "-A proj worker -I proj.a,proj.b",
    "-A proj worker --without-gossip --without-mingle --without-heartbeat",
    "-A proj worker -f /tmp/log --uid=1 --gid 1 --umask=22",
    "-A proj worker -Q a -Q b",
    "-A proj worker -Q a b",
    "-A proj worker -Q a, b",
    "-A proj worker -- x=1",
    "-A proj beat",
    "-A proj beat -s /tmp/schedule -S redbeat.RedBeatScheduler",
    "-A proj beat --max-interval 5 --scheduler x --pidfile=",
    "worker",
    "worker -A proj",
    "worker --app=proj -l info",
    "-A proj worker -b redis://",
    "-A proj worker --workdir=/srv",
    "-A proj worker --no-color",
    "-A proj worker --maxtasksperchild=5",
    "-A proj worker --time_limit=5",
    "-A proj worker --concurency 5",
    "-A proj worker --pool",
    "-A proj beat --shedule x",
    "-A proj beat -q",
]


def _ours(line: str) -> Invocation:
    (command,) = facts("Procfile", f"worker: celery {line}").commands
    found = invocation(command, table())
    assert found is not None
    return found


def _parsed(command: click.Command, words: list[str]) -> tuple[dict[str, object], list[str]]:
    """What click makes of WORDS: options by name, and the words left. Converts and calls nothing."""
    context = click.Context(command, info_name=command.name, **command.context_settings)
    options, rest, _ = command.make_parser(context).parse_args(args=list(words))
    return options, rest


def _celerys(line: str) -> tuple[dict[str, object], list[str]] | None:
    """Options and words left, as Celery reads LINE; None when it refuses it."""
    head, rest = _parsed(main, shlex.split(line))
    command = _COMMANDS[rest[0]]
    try:
        tail, left = _parsed(command, rest[1:])
    except click.UsageError:
        return None
    return head | tail, left


@pytest.mark.parametrize("line", [line for line in _LINES if _celerys(line) is not None])
def test_options_are_those_that_celery_reads(line: str) -> None:
    read = _celerys(line)
    assert read is not None
    options, left = read
    found = _ours(line)
    ours = {name: word.text for name, word in found.options.items()}
    ours |= {"app": found.app.text} if found.app is not None else {}
    assert set(ours) == {name for name, value in options.items() if value is not None}
    for name, value in options.items():
        if isinstance(value, str):
            assert ours[name] == value
    assert [word.text for word in found.extra] == left


@pytest.mark.parametrize("line", _LINES)
def test_options_are_unknown_where_celery_refuses_them(line: str) -> None:
    assert (_celerys(line) is None) == (bool(_ours(line).unknown_options) or _misplaces(line))


def _misplaces(line: str) -> bool:
    """Whether an option of `celery` itself stands behind the sub-command, as CEL211 finds it."""
    (command,) = facts("Procfile", f"worker: celery {line}").commands
    found = CeleryCommand(command, _ours(line), Location("Procfile", command.span), "", None, False)
    return misplaced(found, table()) is not None


_ROUTES: dict[str, object] = {
    "proj.mail.send": {"queue": "exact"},
    "proj.mail.*": {"queue": "mail"},
    "proj.*.sync": "sync",
    "*.slow": {"queue": "slow"},
    "proj.?": {"queue": "one letter"},
    "proj.[ab]*": {"queue": "a or b"},
    "feeds*": {"queue": "feeds"},
    "other.task": {"queue": "other"},
    "proj.*": {"queue": "rest"},
}
_NOWHERE = Location("proj.py", Span(0, 0))
_NAMES = [
    "proj.mail.send", "proj.mail.sendall", "proj.mail", "proj.mail.", "proj.mail.a.b", "proj.x.sync", "proj.sync",
    "proj.mail.sync", "x.slow", ".slow", "proj.slow", "proj.a", "proj.?", "proj.b.c", "proj.c", "proj.[ab]*", "feeds",
    "feeds.a", "feed", "other.task", "other.task2", "Other.task", "proj", "proj.", "", "celery.backend_cleanup",
    "proj.x.sync.y", "myproj.mail.send", "proj.mailer", "proj.A", "x.y.slow", "slow",
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root: Path = tmp_path_factory.mktemp("proj")
    text = f'from celery import Celery\n\napp = Celery("proj")\napp.conf.task_routes = {_ROUTES!r}\n'
    (root / "app.py").write_text(text)
    return link(Files(root, ["app.py"]), Settings())


@pytest.mark.parametrize("name", _NAMES)
def test_routes_are_those_that_celery_takes(name: str, project: Project) -> None:
    app = Celery("proj", broker="memory://", task_routes=_ROUTES)
    queue = app.amqp.router.route({}, name).get("queue")
    (ours,) = project.route_tables.values()
    route = ours.match(name)
    assert (route.queue if route is not None else "celery") == (queue.name if queue is not None else None)


def test_expressions_and_repeated_patterns_route_as_in_celery(project: Project) -> None:
    keys = [("proj.*", "a"), (r"proj\.(mail|x)\..*", "b"), ("proj.mail.send", "c"), (r".*slow$", "d"), ("proj.*", "e")]
    routes = [Route(project.apps[0], key, "(" in key or "$" in key, queue, _NOWHERE) for key, queue in keys]
    for some in (routes, routes[1:], routes[1:2]):
        theirs = MapRoute({re.compile(each.pattern) if each.is_regex else each.pattern: each.queue for each in some})
        for name in _NAMES:
            route, options = Router(some).match(name), theirs(name)
            assert (route.queue if route is not None else None) == (options["queue"] if options else None), name


_CRONTAB_FIELDS = (
    *range(-2, 70), *map(str, range(70)), *(f"*/{step}" for step in range(70)), "*", "", "**", "*/01", "1,2", "0,0",
    "5,59", "0,30,45", "1,", " 1", "1-5", "mon", "jan", "١", True, None, 1.0, [1, 2],
)  # fmt: skip


@pytest.mark.parametrize("name", crontabs.FIELDS)
def test_a_crontab_fires_when_celery_says(name: str) -> None:
    for value in _CRONTAB_FIELDS:
        try:
            made = crontab(**{name: value})
        except (ValueError, TypeError, ParseException):
            assert isinstance(crontabs.construct({name: value}), crontabs.Refusal), value
        else:
            times = crontabs.construct({name: value})
            assert times == crontabs.Times(*(frozenset(getattr(made, each)) for each in crontabs.FIELDS)), value
