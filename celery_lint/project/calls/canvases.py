"""The canvases of a project, and which results each signature in them is given."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Evaluation, Name, Operation, Return, Value
from celery_lint.finding import Location
from celery_lint.project.calls.calls import TaskCall, options_of
from celery_lint.project.calls.canvas import KINDS, Canvas, Member, Part, Parts, Signed, owner_of
from celery_lint.project.code.expressions import last_name, values_once
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.settled import settled

_CELERY = Pattern(rb"celery")
_MENTIONS = Pattern(rb"\b(?:chain|group|chord)\b|\blink(?:_error)?\b|\bon_error\b|\)\s*\|\s*\w|\.si?\(")
_PIPE = re.compile(rb"\|(?![|=])")
_STARTS = frozenset({"delay", "apply_async"})


class Given(Struct, frozen=True):
    """A signature that is sent with RESULTS more arguments in front of its own. SOURCE is what gives them: what stands
    before it in a chain, the header of a chord, the task that it is linked to; None: who starts the canvas."""

    signed: Signed
    results: int
    source: Location | None


class Sent(Struct, frozen=True, eq=False):
    """A signature or canvas PART that CALL sends, or IS_SET: gives more options, and the OPTIONS of the message."""

    part: Signed | Canvas
    path: str
    call: Call
    options: Mapping[str, Placed]
    is_set: bool

    @property
    def signed(self) -> Signed | None:
        """The signature that the options are for: of a canvas the first, where it is seen."""
        part: Part = self.part
        while isinstance(part, Canvas):
            part = part.members[0].part if part.members else None
        return part if isinstance(part, Signed) else None


class Chord(Struct, frozen=True):
    """Tasks whose results go to a callback: a chord, or a group with something behind it in a chain.

    HEADER are the signatures that the callback waits for, as far as they can be seen; LOCATION is the callback.
    """

    header: tuple[Signed, ...]
    location: Location


class Canvases:
    """Finds the canvases of a project and says what their signatures are given."""

    def __init__(self, parts: Parts) -> None:
        self.files = parts.files
        self._parts = parts

    @cached_property
    def found(self) -> tuple[Canvas, ...]:
        """The canvases in the order of files, those inside others too."""
        return tuple(canvas for path in self._paths for canvas in self._in_file(self.files.python(path)))

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        about = {*(path for path, _ in self._parts.calls_at), *self.files.mentioning(_CELERY)}
        return tuple(self.files.mentioning(_MENTIONS, [path for path in self.files.code_paths if path in about]))

    def _in_file(self, index: FileIndex) -> Iterator[Canvas]:
        for call in index.calls_named(*KINDS):
            if self._parts.kind_of(index.path, call) is not None:
                yield from self._canvas(Placed(index.path, call.block, call))
        for placed in _pipes(index, self.files.data(index.path)) if self.files.mentions(index.path, _PIPE) else ():
            yield from self._canvas(placed)

    def _canvas(self, placed: Placed) -> Iterator[Canvas]:
        part = self._parts.part(placed)
        if isinstance(part, Canvas):
            yield part

    @cached_property
    def linked(self) -> tuple[tuple[Member, Location, str], ...]:
        """What is linked to a task, where, and how: `link=`, `link_error=`, `.link(…)`, `.on_error(…)`."""
        found = [
            (member, call.location, name)
            for call in self._parts.calls_at.values()
            for name in ("link", "link_error")
            if name in call.options
            for member in self._parts.listed(call.options[name])
        ]
        for path in self._paths:
            for call in self.files.python(path).calls_named("link", "on_error", "link_error"):
                owner = owner_of(Placed(path, call.block, call), call) if call.arguments else None
                if owner is not None and isinstance(self._parts.part(owner), Signed | Canvas):
                    member = self._parts.member(Placed(path, call.block, call.arguments[0].value))
                    found.append((member, Location(path, call.span), last_name(call.callee) or ""))
        return tuple(found)

    @cached_property
    def bodies(self) -> tuple[Member, ...]:
        """What chords are called with: `chord(header)(body)`."""
        return tuple(
            self._parts.member(placed.at(call.arguments[0].value))
            for placed, call, part in self._applied
            if isinstance(part, Canvas) and part.kind == "chord" and call.arguments
        )

    @cached_property
    def restarted(self) -> tuple[tuple[Canvas, Location, str], ...]:
        """Canvases that are started by a call, and then again as if the result were one: `chord(a)(b).delay()`, also
        when a variable holds the result."""
        started = {(placed.path, call.span): part for placed, call, part in self._applied}
        started |= {(sent.path, sent.call.span): sent.part for sent in self.sent if not sent.is_set}
        found = []
        for path in self._paths:
            for call in self.files.python(path).calls_named(*_STARTS):
                method = last_name(call.callee)
                owner = owner_of(Placed(path, call.block, call), call)
                made = settled(owner, self._parts.evaluator) if owner is not None else None
                canvas = started.get((made.path, made.span)) if made is not None else None
                if isinstance(canvas, Canvas) and method is not None:
                    found.append((canvas, Location(path, call.span), method))
        return tuple(found)

    @cached_property
    def sent(self) -> tuple[Sent, ...]:
        """What is given options of its message where it is no call of a task: `add.s(1).apply_async(countdown=9)`."""
        found = []
        for path in self._paths:
            for call in self.files.python(path).calls_named("set", *_STARTS):
                if (path, call.span) in self._parts.calls_at:
                    continue
                method = last_name(call.callee)
                placed = Placed(path, call.block, call)
                owner = owner_of(placed, call)
                part = self._parts.part(owner) if owner is not None else None
                if isinstance(part, Signed | Canvas):
                    options, _ = options_of(placed, call, self._parts.evaluator) if method != "delay" else ({}, False)
                    own = {name: value for name, value in options.items() if name not in ("args", "kwargs")}
                    found.append(Sent(part, path, call, own, is_set=method == "set"))
        return tuple(found)

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """What signatures are given in front of their own arguments, as far as that can be seen; each case once."""
        found = [each for canvas in self.found for each in self._inside(canvas, None, None)]
        found += [each for member, place, name in self.linked if name == "link" for each in self._to(member, 1, place)]
        found += self._started()
        unique = {(each.signed.call, each.results, each.source): each for each in found}
        return tuple(unique.values())

    @cached_property
    def chords(self) -> tuple[Chord, ...]:
        """The chords, of both kinds."""
        found = [
            Chord(_leaves(canvas.members), canvas.body.location if canvas.body is not None else canvas.location)
            for canvas in self.found
            if canvas.kind == "chord"
        ]
        for canvas in self.found:
            steps = _steps(canvas) if canvas.kind == "chain" else ()
            for step, following in pairwise(steps):
                if isinstance(step.part, Canvas) and step.part.kind == "group":
                    found.append(Chord(_leaves(step.part.members), following.location))
        return tuple(found)

    def _to(self, member: Member, results: int | None, source: Location | None) -> Iterator[Given]:
        match member.part:
            case Signed() if results is not None:
                yield Given(member.part, results, source)
            case Canvas():
                yield from self._inside(member.part, results, source)

    def _inside(self, canvas: Canvas, results: int | None, source: Location | None) -> Iterator[Given]:
        if canvas.kind != "chain":
            for member in canvas.members:
                yield from self._to(member, results, source)
            if canvas.body is not None:
                yield from self._to(canvas.body, 1, canvas.members[-1].location if canvas.members else canvas.location)
            return
        for member in canvas.members:
            yield from self._to(member, None if member.many else results, source)
            # What may be no part at all leaves the next one where it was, or behind another.
            results = 1 if not member.many or results == 1 else None
            source = member.location

    @cached_property
    def _applied(self) -> tuple[tuple[Placed, Call, Part], ...]:
        """The calls that call a canvas or a signature: `chain(…)()`, `chord(header)(body)`."""
        found = []
        for path in self._paths:
            for call in self.files.python(path).facts.calls:
                if not _may_be_part(call.callee):
                    continue
                placed = Placed(path, call.block, call)
                part = self._parts.part(placed.at(call.callee))
                if isinstance(part, Signed | Canvas):
                    found.append((placed, call, part))
        return tuple(found)

    @cached_property
    def starts(self) -> tuple[tuple[Placed, Call, Signed | Canvas], ...]:
        """The calls that send a signature or a canvas: `chain(…)()`, `chord(header)(body)`, `add.s(1).delay()`."""
        found = [(placed, call, part) for placed, call, part in self._applied if isinstance(part, Canvas)]
        return (*found, *self._sent)

    @cached_property
    def _sent(self) -> tuple[tuple[Placed, Call, Signed | Canvas], ...]:
        """`chain(…).apply_async()`, `add.s(1).delay(2)`"""
        found = []
        for path in self._paths:
            for call in self.files.python(path).calls_named(*_STARTS):
                placed = Placed(path, call.block, call)
                owner = owner_of(placed, call)
                part = self._parts.part(owner) if owner is not None else None
                if isinstance(part, Signed | Canvas):
                    found.append((placed, call, part))
        return tuple(found)

    def _started(self) -> Iterator[Given]:
        """`chain(…)()`, `chord(header)(body)`, `add.s(1).delay(2)`."""
        for placed, call, part in self._applied:
            if not isinstance(part, Canvas) or part.kind != "chord":
                yield from self._to(Member(placed, part), _results(call), None)
                continue
            yield from self._to(Member(placed, part), 0, None)
            for body in call.arguments[:1]:
                yield from self._to(self._parts.member(placed.at(body.value)), 1, part.location)
        for placed, call, part in self._sent:
            yield from self._to(Member(placed, part), _results(call), None)


def _steps(chain: Canvas) -> tuple[Member, ...]:
    """The members of a chain, with those of chains inside it."""
    found: list[Member] = []
    for member in chain.members:
        inner = member.part
        found.extend(_steps(inner) if isinstance(inner, Canvas) and inner.kind == "chain" else (member,))
    return tuple(found)


def first_call(part: Part) -> TaskCall | None:
    """The call that makes the first signature of PART that is seen."""
    if isinstance(part, Signed):
        return part.call
    members = part.members if isinstance(part, Canvas) else ()
    return next((found for member in members if (found := first_call(member.part)) is not None), None)


def _leaves(members: tuple[Member, ...]) -> tuple[Signed, ...]:
    """The signatures that give the results of MEMBERS: of a chain its last, of a chord its body."""
    found: list[Signed] = []
    for part in (member.part for member in members):
        match part:
            case Signed():
                found.append(part)
            case Canvas(kind="group"):
                found.extend(_leaves(part.members))
            case Canvas(kind="chain"):
                found.extend(_leaves(part.members[-1:]))
            case Canvas(body=Member() as body):
                found.extend(_leaves((body,)))
    return tuple(found)


def _results(call: Call) -> int | None:
    """How many arguments a call gives to what it starts; None when that cannot be told, or some are named."""
    if last_name(call.callee) == "apply_async":
        gives = any(each.keyword in (None, "args", "kwargs") for each in call.arguments)
        return None if gives else 0
    return len(call.arguments) if all(each.keyword is None and not each.star for each in call.arguments) else None


def _may_be_part(value: Value) -> bool:
    """A name that is called by itself is a function, nearly always; a local one may be a canvas. No attribute is."""
    if isinstance(value, Name):
        return value.ref[:1] in "%@" and "." not in value.ref
    return isinstance(value, Call | Operation)


def _pipes(index: FileIndex, data: bytes) -> Iterator[Placed]:
    """The `|` operations of a file of the bytes DATA, outer ones before those inside them."""
    facts = index.facts
    written = [found.start() for found in _PIPE.finditer(data)]
    seen = set()
    facts_with_values: tuple[Call | Assignment | Return | Evaluation, ...] = (
        *facts.calls, *facts.assignments, *facts.returns, *facts.evaluations
    )  # fmt: skip
    for each in facts_with_values:
        root = each if isinstance(each, Call) else each.value
        # Most of what is written `|` is a type: annotations are no values.
        if root is None or bisect_left(written, root.span.start) == bisect_left(written, root.span.end):
            continue
        for value in values_once((each,), ()) if isinstance(each, Call) else values_once((), (root,)):
            if isinstance(value, Operation) and value.operator == "|" and value.span not in seen:
                seen.add(value.span)
                yield Placed(index.path, each.block, value)
