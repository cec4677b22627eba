"""What code workers run: all that tasks call, and nothing else."""

from __future__ import annotations

import pytest

from tests.project.support import project, reached

HELPERS = """
import functools

class Base:
    def work(self): self.step()
    def step(self): ...

class Service(Base):
    def step(self): helper()

def helper(): ...
def web_only(): helper()
async def coroutine(): helper()
def outer():
    def inner(): helper()
    inner()
def wrap(function):
    @functools.wraps(function)
    def wrapper(*args): return function(*args)
    return wrapper
service = Service()
"""
IMPORTS = "from proj.helpers import *\nfrom proj.helpers import Service, coroutine, helper, outer, service, wrap\n"


def runs(body: str, decorators: str = "@app.task") -> set[str]:
    """What workers run for a task with BODY."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    tasks = f"{IMPORTS}import asyncio, threading\n{decorators}\ndef send(*args):\n{lines}"
    return reached(project({"proj/helpers.py": HELPERS}, tasks=tasks))


@pytest.mark.parametrize(
    ("body", "functions"),
    [
        ("...", {"send"}),
        ("helper()", {"send", "helper"}),
        ("outer()", {"send", "outer", "outer.inner", "helper"}),
        ("asyncio.run(coroutine())", {"send", "coroutine", "helper"}),
        ("Service().step()", {"send", "Service.step", "helper"}),
        ("service.step()", {"send", "Service.step", "helper"}),
        ("it = Service()\nit.step()", {"send", "Service.step", "helper"}),
        ("def local(): helper()\nlocal()", {"send", "send.local", "helper"}),
        ("list(map(helper, args))", {"send", "helper"}),
        ("x = helper if args else None\nhelper()", {"send", "helper"}),
    ],
)
def test_a_task_reaches_what_it_calls(body: str, functions: set[str]) -> None:
    assert runs(body) == functions


@pytest.mark.xfail(reason="a method is walked once, as of the class that defines it")
def test_self_is_what_the_method_was_called_on() -> None:
    assert runs("service.work()") >= {"send", "Base.work", "Service.step", "helper"}


def test_web_handlers_are_not_reached() -> None:
    assert "web_only" not in runs("helper()")


def test_a_task_that_is_only_sent_is_a_task_of_its_own() -> None:
    tasks = "def helper(): ...\n@app.task\ndef one(): two.delay()\n@app.task\ndef two(): helper()\n"
    found = project(tasks=tasks)
    [each] = [each for each in found.reached.values() if each.label == "helper"]
    assert each.root_label == "task `proj.tasks.two`"


def test_the_way_to_a_helper_is_the_shortest() -> None:
    tasks = "def a(): b()\ndef b(): ...\n@app.task\ndef send():\n    a()\n    b()\n"
    [each] = [each for each in project(tasks=tasks).reached.values() if each.label == "b"]
    assert len(each.steps) == 1
    assert [related.message for related in each.path()] == ["reached from task `proj.tasks.send`", "through this call"]


def test_coroutines_run_inside_a_loop() -> None:
    tasks = (
        "import asyncio\nasync def main(): helper()\ndef helper(): ...\n@app.task\ndef send(): asyncio.run(main())\n"
    )
    assert {each.label: each.in_loop for each in project(tasks=tasks).reached.values()} == {
        "send": False,
        "main": True,
        "helper": True,
    }


@pytest.mark.parametrize("call", ["asyncio.to_thread(helper)", "loop.run_in_executor(None, helper)"])
def test_no_loop_runs_in_another_thread(call: str) -> None:
    tasks = (
        "import asyncio\ndef helper(): ...\n"
        f"async def main(loop): await {call}\n"
        "@app.task\ndef send(): asyncio.run(main(1))\n"
    )
    found = {each.label: each.in_loop for each in project(tasks=tasks).reached.values()}
    assert found.get("helper", False) is False


def test_handlers_of_worker_signals_run_in_workers() -> None:
    tasks = "from celery.signals import worker_process_init\n@worker_process_init.connect\ndef start(**kwargs): ...\n"
    [each] = project(tasks=tasks).reached.values()
    assert each.root_label == "the worker_process_init signal"


def test_hooks_of_a_base_class_run_in_workers() -> None:
    tasks = (
        "from celery import Task\nclass Base(Task):\n    def on_failure(self, *args): ...\n    def unused(self): ...\n"
        "@app.task(base=Base)\ndef send(): ...\n"
    )
    assert reached(project(tasks=tasks)) == {"send", "Base.on_failure"}


def test_a_bound_task_calls_the_methods_of_its_base() -> None:
    tasks = (
        "from celery import Task\nclass Base(Task):\n    def run_async(self, it): ...\n"
        "@app.task(base=Base, bind=True)\ndef send(self): self.run_async(1)\n"
    )
    assert reached(project(tasks=tasks)) == {"send", "Base.run_async"}


def test_a_decorator_below_runs_with_the_task() -> None:
    assert "wrap.wrapper" in runs("...", "@app.task\n@wrap")
