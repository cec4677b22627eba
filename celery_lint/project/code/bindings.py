"""LINK: what a local variable can hold where it is read: the bindings that reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Assignment, Function, Items, Loop, Name, Parameter, Value
from celery_lint.project.code.expressions import within
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.withs import blocks_in

How = OneOf["value", "item", "entered", "parameter", "caught", "unknown"]


class Binding(Struct, frozen=True):
    """One thing that a local can hold.

    VALUE is the expression that it is (`value`), that is iterated (`item`) or entered (`entered`); POSITION is where
    in a tuple it was unpacked from. A `parameter` comes with its FUNCTION. `caught` is an exception.
    """

    how: How
    value: Placed | None = None
    position: int | None = None
    parameter: Parameter | None = None
    function: Function | None = None


class _Event(Struct, frozen=True):
    """A binding, the place from which on it holds, and the block that runs all of it."""

    binding: Binding
    offset: int
    block: int


def bindings(files: Files, path: str, block: int, name: Name) -> tuple[Binding, ...]:
    """What the local NAME (without attributes), read in BLOCK of PATH, can hold; empty when nothing is seen.

    Without flow analysis: of the bindings before it, the last one that surely runs, and all later ones.
    """
    index = files.python(path)
    if _is_lambda_parameter(files, index, block, name):
        return ()
    loop = index.loop_of(name, block)
    if loop is not None and index.block(loop.block).span != loop.span:
        return (_of_loop(path, loop, name),)
    for depth, number in enumerate(n for n in index.up(block) if n in index.functions_by_block):
        function = index.functions_by_block[number]
        events = sorted(_events(index, function, name), key=lambda event: event.offset)
        parameter = next((item for item in function.parameters if f"%{item.name}" == name.ref), None)
        first = (Binding("parameter", parameter=parameter, function=function),) if parameter is not None else ()
        if not events and not first:
            continue
        if depth > 0:
            # Read by a function inside: whenever that runs.
            return (*first, *(event.binding for event in events))
        return _reaching(index, block, name.span.start, events, first)
    return ()


def _reaching(
    index: FileIndex, block: int, offset: int, events: list[_Event], first: tuple[Binding, ...]
) -> tuple[Binding, ...]:
    around = set(index.up(block))
    before = [event for event in events if event.offset <= offset]
    sure = [number for number, event in enumerate(before) if event.block in around]
    found = before[sure[-1] :] if sure else before
    start = before[sure[-1]].block if sure else -1
    again = [event for event in events if event.offset > offset and _comes_round(index, event.block, around, start)]
    return (*(() if sure else first), *(event.binding for event in (*found, *again)))


def _comes_round(index: FileIndex, block: int, around: set[int], start: int) -> bool:
    """Whether a loop around both leads from BLOCK back to the reading, past what is bound in START."""
    shared = [n for n in index.up(block) if n in around and index.block(n).kind in ("for", "while")]
    return any(number not in set(index.up(start)) for number in shared)


def _events(index: FileIndex, function: Function, name: Name) -> Iterator[_Event]:
    for assignment in index.assignments(function):
        binding = _of_assignment(index.path, assignment, name)
        if binding is not None:
            yield _Event(binding, assignment.span.end, assignment.block)
    for loop in index.loops(function):
        if index.block(loop.block).span == loop.span and _binds(loop.target, name):
            yield _Event(_of_loop(index.path, loop, name), loop.span.start, loop.block)
    for number in blocks_in(index, function.block, ("with", "except")):
        block = index.block(number)
        for item in block.items:
            if item.target == name.ref:
                yield _Event(
                    Binding("entered", Placed(index.path, block.parent, item.value)), block.span.start, block.parent
                )
        if block.kind == "except" and block.name == name.ref:
            yield _Event(Binding("caught"), block.span.start, number)


def _of_assignment(path: str, assignment: Assignment, name: Name) -> Binding | None:
    target = assignment.target_value
    value = Placed(path, assignment.block, assignment.value) if assignment.value is not None else None
    if assignment.target == name.ref:
        if value is None:
            return None
        return Binding("value", value) if assignment.operator == "=" else Binding("unknown")
    if not isinstance(target, Items) or not _binds(target, name):
        return None
    return _part(Binding("value", value), target, name)


def _of_loop(path: str, loop: Loop, name: Name) -> Binding:
    binding = Binding("item", Placed(path, loop.block, loop.value))
    if isinstance(loop.target, Name):
        return binding
    return _part(binding, loop.target, name)


def _part(binding: Binding, target: Value, name: Name) -> Binding:
    """BINDING unpacked into TARGET, of which NAME gets one part."""
    if isinstance(target, Items):
        for position, item in enumerate(target.items):
            if isinstance(item, Name) and item.ref == name.ref:
                return Binding(binding.how, binding.value, position)
    return Binding("unknown")


def _binds(target: Value, name: Name) -> bool:
    return any(isinstance(part, Name) and part.ref == name.ref for part in within(target))


def _is_lambda_parameter(files: Files, index: FileIndex, block: int, name: Name) -> bool:
    """Whether a lambda around NAME has a parameter of that name. (Facts do not hold them.)"""
    for number in index.up(block):
        if index.block(number).kind == "function":
            return False
        if index.block(number).kind == "lambda":
            span = index.block(number).span
            head = files.data(index.path)[span.start : span.end].partition(b":")[0]
            if re.search(rb"\b" + re.escape(name.ref.removeprefix("%").encode()) + rb"\b", head):
                return True
    return False
