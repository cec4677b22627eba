"""What names mean in one Python file."""

from __future__ import annotations

import pytest

from celery_lint.facts.model import Attribute, Name
from celery_lint.facts.python.reader import read


def called(text: str) -> list[str]:
    """The names of what TEXT calls, in the order of the calls."""
    facts = read("proj/tasks.py", text.encode())
    assert facts.error is None, facts.error
    return [call.callee.ref if isinstance(call.callee, Name) else "" for call in facts.calls]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("import asyncio\nasyncio.run()", "asyncio.run"),
        ("import asyncio as aio\naio.run()", "asyncio.run"),
        ("import os.path\nos.path.join()", "os.path.join"),
        ("import os.path as p\np.join()", "os.path.join"),
        ("from asyncio import run\nrun()", "asyncio.run"),
        ("from asyncio import run as go\ngo()", "asyncio.run"),
        ("from . import tasks\ntasks.add()", ".tasks.add"),
        ("from .tasks import add\nadd()", ".tasks.add"),
        ("from ..pkg.tasks import add\nadd()", "..pkg.tasks.add"),
        ("try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.loads()", "ujson.loads"),
        ("if x:\n    from asyncio import run\nrun()", "asyncio.run"),
    ],
)
def test_imports(text: str, meaning: str) -> None:
    assert called(text)[-1] == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("print()", "builtins.print"),
        ("def print(): ...\nprint()", "@print"),
        ("app = 1\napp.task()", "@app.task"),
        ("for app in x:\n    pass\napp.task()", "@app.task"),
        ("with x as app:\n    app.task()", "@app.task"),
        ("with x as (app, y):\n    app.task()", "@app.task"),
        ("(app, [y, *rest]) = x\nrest.task()", "@rest.task"),
        ("if (app := x):\n    app.task()", "@app.task"),
        ("try:\n    pass\nexcept E as error:\n    error.tell()", "@error.tell"),
        ("app: Celery\napp.task()", "@app.task"),
        ("match x:\n    case [app, *rest]:\n        rest.task()", "@rest.task"),
        ("match x:\n    case {'a': 1, **rest}:\n        rest.task()", "@rest.task"),
        ("match x:\n    case Point(x=0) as app:\n        app.task()", "@app.task"),
        ("unheard_of()", "builtins.unheard_of"),
        ("from x import *\nunheard_of()", "*unheard_of"),
        ("from x import *\nprint()", "builtins.print"),
        ("from x import *\ndef add(): ...\nadd()", "@add"),
    ],
)
def test_the_top_level_of_a_module(text: str, meaning: str) -> None:
    assert called(text)[-1] == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("def f(loop):\n    loop.stop()", "%loop.stop"),
        ("def f(*loops):\n    loops.stop()", "%loops.stop"),
        ("def f(**loops):\n    loops.stop()", "%loops.stop"),
        ("def f(a, /, *, loop):\n    loop.stop()", "%loop.stop"),
        ("loop = 1\ndef f():\n    loop.stop()", "@loop.stop"),
        ("loop = 1\ndef f():\n    loop.stop()\n    loop = 2", "%loop.stop"),
        ("loop = 1\ndef f():\n    global loop\n    loop = 2\n    loop.stop()", "@loop.stop"),
        ("def f():\n    global loop\n    loop = 2\ndef g():\n    loop.stop()", "@loop.stop"),
        (
            "def f():\n    loop = 1\n    def g():\n        nonlocal loop\n        loop = 2\n        loop.stop()",
            "%loop.stop",
        ),
        ("def f():\n    loop = 1\n    def g():\n        loop.stop()", "%loop.stop"),
        ("def f():\n    import asyncio\n    asyncio.run()", "asyncio.run"),
        ("from x import run\ndef f(run):\n    run()", "%run"),
        ("f = lambda loop: loop.stop()", "%loop.stop"),
        ("loop = 1\nf = lambda: loop.stop()", "@loop.stop"),
        ("def f():\n    [(last := x) for x in y]\n    last.stop()", "%last.stop"),
    ],
)
def test_functions(text: str, meaning: str) -> None:
    assert called(text)[-1] == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("class A:\n    app = 1\n    app.task()", "@A.app.task"),
        ("class A:\n    class B:\n        app = 1\n        app.task()", "@A.B.app.task"),
        ("app = 1\nclass A:\n    app.task()", "@app.task"),
        # The names of a class body are not seen from its methods.
        ("app = 1\nclass A:\n    app = 2\n    def f(self):\n        app.task()", "@app.task"),
        ("class A:\n    def f(self):\n        self.g()", "%self.g"),
    ],
)
def test_classes(text: str, meaning: str) -> None:
    assert called(text)[-1] == meaning


@pytest.mark.parametrize("brackets", ["[{}]", "{{{}}}", "list({})", "{{1: {}}}"])
def test_comprehensions_have_names_of_their_own(brackets: str) -> None:
    text = "x = 1\n" + brackets.format("x.send() for x in y") + "\nx.stop()"
    assert [name for name in called(text) if name.startswith(("%", "@"))] == ["%x.send", "@x.stop"]


def test_what_is_called_need_not_have_a_name() -> None:
    call = read("x.py", b"factory().conf.update()").calls[-1]
    assert isinstance(call.callee, Attribute)
    assert call.callee.name == "update"
