"""Which task is sent, signed or run where, and with what."""

from __future__ import annotations

import pytest

from celery_lint.project.calls.calls import TaskCall
from celery_lint.project.code.values import Known
from tests.project.support import project

TASKS = """
from celery import shared_task

@app.task
def add(x, y=1): ...

@shared_task(bind=True, name="mail.send")
def send(self, to):
    self.apply_async((to,), countdown=60)

class Clean(app.Task):
    name = "clean"
    def run(self, days): ...

clean = app.register_task(Clean())
"""


USE = "from celery import signature\nfrom proj import tasks\nfrom proj.celery_app import app\n"


def calls(code: str) -> list[TaskCall]:
    found = project({"proj/use.py": USE + code}, tasks=TASKS)
    return [call for call in found.calls if call.path.endswith("use.py")]


def one(code: str) -> TaskCall:
    (call,) = calls(code)
    return call


def literals(call: TaskCall) -> list[object]:
    assert call.args is not None
    return [getattr(each.value, "value", None) for each in call.args]


@pytest.mark.parametrize(
    ("code", "name", "method"),
    [
        ("tasks.add.delay(1)", "proj.tasks.add", "delay"),
        ("tasks.add.s(1) | tasks.other()", "proj.tasks.add", "s"),
        ("tasks.add.apply_async((1,), queue='x')", "proj.tasks.add", "apply_async"),
        ("tasks.clean.delay(1)", "clean", "delay"),
        ("tasks.Clean().delay(1)", "clean", "delay"),
        ("app.tasks['mail.send'].delay('me')", "mail.send", "delay"),
        ("app.send_task('mail.send', ('me',))", "mail.send", "send_task"),
        ("signature('mail.send', args=('me',))", "mail.send", "signature"),
        ("from proj.tasks import add as plus\ndef f():\n    g = plus\n    g.delay(1)", "proj.tasks.add", "delay"),
    ],
)
def test_the_task_that_is_called(code: str, name: str, method: str) -> None:
    call = one(code)

    assert (call.task.name, call.method) == (name, method)


@pytest.mark.parametrize(
    "code",
    [
        "tasks.add(1)",
        "tasks.unknown.delay(1)",
        "add.delay(1)",
        "app.send_task('other.service')",
        "frame.apply(str)",
        "def f(add):\n    add.delay(1)",
    ],
)
def test_no_call_of_a_task(code: str) -> None:
    assert calls(code) == []


def test_a_bound_task_sends_itself() -> None:
    (call,) = [call for call in project(tasks=TASKS).calls if call.function is not None]

    assert call.task.name == "mail.send"
    assert call.args is not None
    assert set(call.options) == {"countdown"}


def test_direct_arguments() -> None:
    call = one("tasks.add.delay(1, y=2)")

    assert (literals(call), list(call.kwargs), call.kwargs_open) == ([1], ["y"], False)


@pytest.mark.parametrize(
    "code",
    [
        "tasks.add.apply_async((1,), {'y': 2}, countdown=3)",
        "tasks.add.apply_async(args=[1], kwargs={'y': 2}, countdown=3)",
        "arguments = [1]\ntasks.add.apply_async(arguments, kwargs=dict(y=2), countdown=3)",
        "tasks.add.signature((1,), {'y': 2}, countdown=3)",
        "tasks.add.signature(args=(1,), kwargs={'y': 2}, options={'countdown': 3})",
        "app.send_task('proj.tasks.add', (1,), {'y': 2}, countdown=3)",
    ],
)
def test_indirect_arguments_and_options(code: str) -> None:
    call = one(code)

    assert (literals(call), list(call.kwargs), list(call.options)) == ([1], ["y"], ["countdown"])
    assert not call.kwargs_open
    assert not call.options_open


def test_what_cannot_be_seen_is_open() -> None:
    starred = one("def f(*rest, **more):\n    tasks.add.delay(*rest, **more)")
    indirect = one("def f(rest, more, options):\n    tasks.add.apply_async(rest, more, **options)")
    unpacked = one("def f(rest):\n    tasks.add.apply_async(*rest)")

    assert (starred.args, starred.kwargs_open) == (None, True)
    assert (indirect.args, indirect.kwargs_open, indirect.options_open) == (None, True, True)
    assert (unpacked.args, unpacked.kwargs_open) == (None, True)


def test_no_arguments_are_seen_as_none() -> None:
    call = one("tasks.add.apply_async(args=None, expires=60)")

    assert (call.args, dict(call.kwargs), call.kwargs_open) == ((), {}, False)
    assert project(tasks=TASKS).evaluator.scalar(call.options["expires"]) == Known(60)
