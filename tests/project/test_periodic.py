"""Crontabs and schedule entries: what they amount to."""

from __future__ import annotations

import pytest

from celery_lint.project.project import Project
from celery_lint.project.schedule.crontabs import Refusal, Times, construct
from celery_lint.project.schedule.periodic import comes_at, interval, message_of, tasks_of
from tests.project.support import project

IMPORTS = "from datetime import timedelta\nfrom celery.schedules import crontab, schedule\n"


def scheduled(*entries: str) -> Project:
    """A project with these schedule entries."""
    listed = ", ".join(f"'{number}': {{{entry}}}" for number, entry in enumerate(entries))
    tasks = "@app.task\ndef t(x=0): ...\n"
    return project(app=f"{IMPORTS}app.conf.beat_schedule = {{{listed}}}\n", tasks=tasks)


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        ("60", 60),
        ("2.5", 2.5),
        ("30 * 60", 1800),
        ("timedelta(minutes=2, seconds=5)", 125),
        ("schedule(timedelta(hours=1))", 3600),
        ("crontab()", 60),
        ("crontab(minute='*/5')", 300),
        ("crontab(minute='0,59')", 60),
        ("crontab(minute='0,50', hour='3')", 3000),
        ("crontab(minute=0, hour='*/2')", 3600),
        ("crontab(minute=[0, 30], hour=1)", 1800),
        ("crontab(hour=3)", None),
        ("crontab(minute=60)", None),
        ("crontab(minute=MINUTE)", None),
        ("SCHEDULE", None),
        ("'* * * * *'", None),
        ("True", None),
    ],
)
def test_how_often_an_entry_comes(schedule: str, seconds: float | None) -> None:
    found = scheduled(f"'task': 'proj.tasks.t', 'schedule': {schedule}")
    assert interval(found.schedule[0], found) == seconds


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("'schedule': 60", "'schedule': timedelta(minutes=1)", True),
        ("'schedule': crontab(0, 3)", "'schedule': crontab(minute='0', hour=[3])", True),
        ("'schedule': crontab(0, 3)", "'schedule': crontab(0, 3, day_of_week=1)", False),
        ("'schedule': crontab(0, 3)", "'schedule': 3600", False),
    ],
)
def test_when_entries_come(one: str, other: str, same: bool) -> None:
    found = scheduled(f"'task': 'a', {one}", f"'task': 'b', {other}")
    times = [comes_at(entry, found) for entry in found.schedule]
    assert (times[0] == times[1]) == same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("'args': (1, 'a')", "'args': [1, 'a']", True),
        ("'args': ()", "'kwargs': {}", True),
        ("'kwargs': {'x': {'y': [1]}}", "'kwargs': dict(x={'y': [1]})", True),
        ("'args': (1,)", "'args': (2,)", False),
        ("'args': (1,)", "'args': (1,), 'options': {'queue': 'a'}", False),
    ],
)
def test_what_entries_send(one: str, other: str, same: bool) -> None:
    found = scheduled(f"'task': 'a', 'schedule': 1, {one}", f"'task': 'a', 'schedule': 1, {other}")
    messages = [message_of(entry, found) for entry in found.schedule]
    assert None not in messages
    assert (messages[0] == messages[1]) == same


def test_what_is_computed_is_like_nothing() -> None:
    found = scheduled("'task': 'a', 'schedule': 1, 'args': ARGS", "'task': 'a', 'schedule': 1, 'args': (X,)")
    assert [message_of(entry, found) for entry in found.schedule] == [None, None]


@pytest.mark.parametrize(
    ("given", "names"),
    [("t.s(1)", ["proj.tasks.t"]), ("t", ["proj.tasks.t"]), ("t.s().set(queue='a')", []), ("plain", [])],
)
def test_the_task_of_a_call(given: str, names: list[str]) -> None:
    tasks = f"@app.task\ndef t(x=0): ...\ndef plain(): ...\napp.add_periodic_task(10, {given})\n"
    found = project(tasks=tasks)
    assert [task.name for entry in found.schedule for task in tasks_of(entry, found)] == names


def test_celery_says_what_it_takes() -> None:
    made = construct({"minute": "*/30", "hour": 3})
    assert isinstance(made, Times)
    assert (sorted(made.minutes), sorted(made.hours), len(made.months)) == ([0, 30], [3], 12)
    assert construct({"minute": 60}) == Refusal(
        "ValueError", "Invalid crontab pattern. Valid range is 0-59. '60' was found"
    )
    assert construct("0 3 * * 7") == Refusal("ValueError", "Invalid end range: 7 > 6")
