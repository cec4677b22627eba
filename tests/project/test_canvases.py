"""What canvases are made of, and what their signatures are given."""

from __future__ import annotations

import pytest

from celery_lint.project.calls.canvas import Canvas, NoSignature, Part, Signed
from celery_lint.project.calls.canvases import Canvases
from celery_lint.project.model import Task
from tests.project.support import project

TASKS = """
@app.task
def add(x, y=1): ...

@app.task
def total(numbers): ...
"""
IMPORTS = "from celery import chain, chord, group\nfrom proj.tasks import add, total\n"


def canvases(code: str) -> Canvases:
    return project({"proj/use.py": f"{IMPORTS}def f(given, ids):\n    {code}\n"}, tasks=TASKS).canvases


def drawn(part: Part, *, many: bool = False) -> str:
    """A part as a short text: `chain(add, *total!)`."""
    star = "*" if many else ""
    match part:
        case Signed():
            return f"{star}{_last(part.call.task)}{'!' if part.immutable else ''}"
        case NoSignature():
            return f"{star}{part.mistake} {_last(part.task)}"
        case Canvas():
            inside = ", ".join(drawn(member.part, many=member.many) for member in part.members)
            body = f" -> {drawn(part.body.part)}" if part.body is not None else ""
            return f"{star}{part.kind}({inside}){body}"
    return f"{star}?"


def _last(task: Task) -> str:
    return task.name.rpartition(".")[2]


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("chain(add.s(1), total.si())", "chain(add, total!)"),
        ("chain([add.s(1), given])", "chain(add, ?)"),
        ("chain(*given, add.s())", "chain(*?, add)"),
        ("add.s(1) | total.s() | given", "chain(add, total, ?)"),
        ("group(add.s(i) for i in ids)", "group(*add)"),
        ("group([add.s(1), *given])", "group(add, *?)"),
        ("chord([add.s(1)], total.s())", "chord(add) -> total"),
        ("chord(header=group(add.s(1)), body=total.s())", "chord(add) -> total"),
        ("chain(add, add.delay(1), add(1))", "chain(task add, sent add, called add)"),
        ("chain(add.s(1).set(queue='x'), add.s().set(immutable=True))", "chain(add, add!)"),
        ("steps = [add.s(1)]; chain(*steps)", "chain(add)"),
        ("steps = [add.s(1)]; steps.append(given); chain(*steps)", "chain(*?, *add)"),
        ("step = add.s(1); step.set(immutable=True); chain(step, given)", "chain(?, ?)"),
        ("first = add.s(1); first = given; chain(first, total.s())", "chain(?, total)"),
    ],
)
def test_what_a_canvas_is_made_of(code: str, shape: str) -> None:
    assert [drawn(canvas) for canvas in canvases(code).found][:1] == [shape]


@pytest.mark.parametrize(
    "code",
    [
        "given | ids",
        "from itertools import chain as link; link(add.s(1), total.s())",
        "given.group(add.s(1))",
        "{add} | ids",
    ],
)
def test_what_is_no_canvas(code: str) -> None:
    assert canvases(code).found == ()


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("chain(add.s(1), total.s())", [("total", 1)]),
        ("chain(add.s(1), total.s())()", [("add", 0), ("total", 1)]),
        ("chain(add.s(1), total.s()).delay(1, 2)", [("add", 2), ("total", 1)]),
        ("chain(*given, total.s())", []),
        ("chain(add.s(1), *given, total.s())", [("total", 1)]),
        ("chain(add.s(1), group(add.s(), total.s()))", [("add", 1), ("total", 1)]),
        ("chord([add.s(1)])(total.s())", [("add", 0), ("total", 1)]),
        ("group(add.s(1)) | total.s()", [("total", 1)]),
        ("add.apply_async((1,), link=[total.s()], link_error=add.s())", [("total", 1)]),
        ("add.s(1).link(total.s())", [("total", 1)]),
        ("add.s().delay(1)", [("add", 1)]),
        ("add.s().apply_async(given)", []),
        ("add.s().apply_async(queue='x')", [("add", 0)]),
    ],
)
def test_what_signatures_are_given(code: str, given: list[tuple[str, int]]) -> None:
    found = canvases(code).given

    assert sorted((_last(each.signed.call.task), each.results) for each in found) == sorted(given)


def test_the_header_that_a_callback_waits_for() -> None:
    found = canvases("chain(add.s(1), group(add.s(), chain(add.s(), total.s())), total.s())").chords

    assert [[_last(signed.call.task) for signed in chord.header] for chord in found] == [["add", "total"]]
