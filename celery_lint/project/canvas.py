"""What a chain, a group, a chord or `a | b` is made of, and which results each signature in it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from celery_lint.facts.model import Argument, Attribute, Call, Name, Opaque, Operation, Value
from celery_lint.facts.model import Items as Display
from celery_lint.finding import Location
from celery_lint.project.calls import TaskCall, TaskCalls
from celery_lint.project.files import is_aside
from celery_lint.project.index import FileIndex, last_name, within
from celery_lint.project.model import Task
from celery_lint.project.placed import Known, Placed
from celery_lint.project.settled import is_starred, settled

Kind = Literal["chain", "group", "chord"]
Mistake = Literal["task", "sent", "called"]

_KINDS: dict[str, Kind] = {
    f"{module}.{kind}": kind
    for module in ("celery", "celery.canvas")
    for kind in ("chain", "group", "chord")
}  # fmt: skip
_MENTIONS = re.compile(
    rb"\b(?:chain|group|chord)\b|\blink(?:_error)?\b|\bon_error\b|\)\s*\|\s*\w|\|\s*[\w.]+\.si?\(|\.si?\("
)
_STARTS = frozenset({"delay", "apply_async"})
_DEPTH = 12


@dataclass(frozen=True, eq=False)
class Signed:
    """A signature: CALL makes it; IMMUTABLE: it takes no results (None: cannot be told). OPTIONS are those of its
    message, with what `.set(…)` adds."""

    call: TaskCall
    immutable: bool | None
    options: dict[str, Placed] = field(default_factory=dict)
    options_open: bool = False


@dataclass(frozen=True, eq=False)
class NoSignature:
    """Something about TASK that is no signature: the task itself, the result of sending it (`.delay()`), or of calling
    it like a function."""

    mistake: Mistake
    task: Task


@dataclass(frozen=True, eq=False)
class Member:
    """One part of a canvas: where it is written and what it is (None: cannot be told). MANY: it stands for any number
    of such parts, also none: `a.s(i) for i in ids`."""

    placed: Placed
    part: Part
    many: bool = False

    @property
    def location(self) -> Location:
        """Where it is written."""
        return Location(self.placed.path, self.placed.span)


@dataclass(frozen=True, eq=False)
class Canvas:
    """A chain, group or chord. MEMBERS are in the order of the source, the header's for a chord; BODY is the chord's
    (None: none is given here)."""

    kind: Kind
    placed: Placed
    members: tuple[Member, ...]
    body: Member | None = None

    @property
    def location(self) -> Location:
        """Where it is written."""
        return Location(self.placed.path, self.placed.span)


Part = Signed | NoSignature | Canvas | None


@dataclass(frozen=True)
class Given:
    """A signature that is sent with RESULTS more arguments in front of its own. SOURCE is what gives them: what stands
    before it in a chain, the header of a chord, the task that it is linked to; None: who starts the canvas."""

    signed: Signed
    results: int
    source: Location | None


class Canvases:
    """Finds the canvases of a project and says what their signatures are given."""

    def __init__(self, calls: TaskCalls, found: tuple[TaskCall, ...]) -> None:
        self.calls = calls
        self.evaluator, self.symbols, self.files = calls.evaluator, calls.symbols, calls.files
        self._calls_at = {(call.path, call.call.span): call for call in found}

    # what an expression is

    def part(self, placed: Placed, depth: int = 0) -> Part:
        """What PLACED is, as a part of a canvas."""
        if depth > _DEPTH:
            return None
        value = placed.value
        match value:
            case Name():
                task = self.calls.task_of(placed.path, placed.block, value)
                held = settled(placed, self.evaluator) if task is None else None
                if task is not None:
                    return NoSignature("task", task)
                return self.part(held, depth + 1) if held is not None and held.value is not value else None
            case Call():
                return self._of_call(placed, value, depth)
            case Operation(operator="|"):
                return self._piped(placed, value, depth)
        return None

    def _of_call(self, placed: Placed, call: Call, depth: int) -> Part:
        known = self._calls_at.get((placed.path, call.span))
        if known is not None:
            return self._signed(known) if known.signs else NoSignature("sent", known.task)
        kind = _KINDS.get(self.symbols.external(placed.path, call.callee) or "")
        if kind is not None:
            return self._canvas(kind, placed, call, depth)
        owner = _owner(placed, call)
        if owner is not None and last_name(call.callee) in ("set", "on_error"):
            part = self.part(owner, depth + 1)
            changes = isinstance(part, Signed) and last_name(call.callee) == "set"
            return self._set(part, placed, call) if changes and isinstance(part, Signed) else _no_mistake(part)
        task = self.calls.task_of(placed.path, placed.block, call.callee)
        # Calling a class makes an instance of it: the task itself.
        return NoSignature("called", task) if task is not None and task.cls is None else None

    def _signed(self, call: TaskCall) -> Signed:
        if call.method == "si":
            return Signed(call, True)
        given = call.call.argument(None, "immutable")
        immutable = self._truth(Placed(call.path, call.call.block, given.value)) if given is not None else False
        if given is None and call.options_open:
            immutable = None
        return Signed(call, immutable, dict(call.options), call.options_open)

    def _set(self, signed: Signed, placed: Placed, call: Call) -> Signed:
        """`signature.set(immutable=True, queue="x")`"""
        options = {each.keyword: placed.at(each.value) for each in call.arguments if each.keyword is not None}
        immutable = signed.immutable
        if "immutable" in options:
            immutable = self._truth(options["immutable"])
        is_open = call.is_open or signed.options_open
        return replace(signed, immutable=immutable, options={**signed.options, **options}, options_open=is_open)

    def _truth(self, placed: Placed) -> bool | None:
        known = self.evaluator.scalar(placed)
        return bool(known.value) if isinstance(known, Known) else None

    # what it is made of

    def _canvas(self, kind: Kind, placed: Placed, call: Call, depth: int) -> Canvas:
        if kind == "chord":
            header, body = call.argument(0, "header"), call.argument(1, "body")
            members = self._listed(placed.at(header.value), depth) if header is not None else ()
            return Canvas(kind, placed, members, self._member(placed.at(body.value), depth) if body else None)
        plain = [each for each in call.arguments if each.keyword is None]
        if len(plain) == 1 and not plain[0].star:
            return Canvas(kind, placed, self._listed(placed.at(plain[0].value), depth))
        return Canvas(kind, placed, tuple(each for item in plain for each in self._argument(placed, item, depth)))

    def _argument(self, placed: Placed, argument: Argument, depth: int) -> tuple[Member, ...]:
        if argument.star:
            return self._listed(placed.at(argument.value), depth)
        return (self._member(placed.at(argument.value), depth),)

    def _member(self, placed: Placed, depth: int) -> Member:
        return Member(placed, self.part(placed, depth + 1))

    def _listed(self, placed: Placed, depth: int) -> tuple[Member, ...]:
        """The members that a list, a generator, or one signature alone stands for."""
        held = settled(placed, self.evaluator) if self.part(placed, depth + 1) is None else placed
        if held is None or depth > _DEPTH:
            return (Member(placed, None, many=True),)
        match held.value:
            case Display():
                return tuple(
                    each
                    for item in held.value.items
                    for each in (
                        self._listed(held.at(item.parts[0]), depth + 1)
                        if isinstance(item, Opaque) and is_starred(item)
                        else (self._member(held.at(item), depth),)
                    )
                )
            case Opaque(parts=(first, _, *_)):  # a comprehension: its element, and what it goes over
                return (replace(self._member(held.at(first), depth), many=True),)
        part = self.part(held, depth + 1)
        if isinstance(part, Canvas) and part.kind == "group":
            return part.members
        return (Member(placed, part, many=part is None),)

    def _piped(self, placed: Placed, value: Operation, depth: int) -> Canvas | None:
        """`a | b`: one of the two has to be a signature, or it is another operator."""
        sides = tuple(self._member(placed.at(side), depth) for side in (value.left, value.right))
        if not any(isinstance(side.part, Signed | Canvas) for side in sides):
            return None
        members: list[Member] = []
        for side in sides:
            is_chain = isinstance(side.part, Canvas) and side.part.kind == "chain"
            members.extend(side.part.members if is_chain and isinstance(side.part, Canvas) else (side,))
        return Canvas("chain", placed, tuple(members))

    # all of them

    @cached_property
    def found(self) -> tuple[Canvas, ...]:
        """The canvases in the order of files, outer ones before those inside them."""
        return tuple(canvas for path in self._paths for canvas in self._in_file(self.files.python(path)))

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        celery = (path for path in self.files.mentioning(_MENTIONS) if not is_aside(path))
        senders = {path for path, _ in self._calls_at}
        return tuple(path for path in celery if path in senders or b"celery" in self.files.data(path))

    def _in_file(self, index: FileIndex) -> Iterator[Canvas]:
        for placed in _expressions(index):
            is_canvas = isinstance(placed.value, Operation) or (
                isinstance(placed.value, Call) and self.symbols.external(index.path, placed.value.callee) in _KINDS
            )
            part = self.part(placed) if is_canvas else None
            if isinstance(part, Canvas):
                yield part

    @cached_property
    def linked(self) -> tuple[tuple[Member, Location, str], ...]:
        """What is linked to a task, where, and how: `link=`, `link_error=`, `.link(…)`, `.on_error(…)`."""
        found = [
            (member, call.location, name)
            for call in self._calls_at.values()
            for name in ("link", "link_error")
            if name in call.options
            for member in self._listed(call.options[name], 0)
        ]
        for path in self._paths:
            for call in self.files.python(path).facts.calls:
                owner = _owner(Placed(path, call.block, call), call)
                if owner is None or last_name(call.callee) not in ("link", "on_error", "link_error"):
                    continue
                if call.arguments and isinstance(self.part(owner), Signed | Canvas):
                    member = self._member(Placed(path, call.block, call.arguments[0].value), 0)
                    found.append((member, Location(path, call.span), last_name(call.callee) or ""))
        return tuple(found)

    @cached_property
    def bodies(self) -> tuple[Member, ...]:
        """What chords are called with: `chord(header)(body)`."""
        return tuple(
            self._member(placed.at(call.arguments[0].value), 0)
            for placed, call, part in self._applied
            if isinstance(part, Canvas) and part.kind == "chord" and call.arguments
        )

    @cached_property
    def restarted(self) -> tuple[tuple[Canvas, Location, str], ...]:
        """Canvases that are started by a call, and then again as if the result were one: `chord(a)(b).delay()`."""
        started = {(placed.path, call.span): part for placed, call, part in self._applied}
        found = []
        for path in self._paths:
            for call in self.files.python(path).facts.calls:
                made = call.callee.value if isinstance(call.callee, Attribute) else None
                canvas = started.get((path, made.span)) if isinstance(made, Call) else None
                if isinstance(call.callee, Attribute) and call.callee.name in _STARTS and isinstance(canvas, Canvas):
                    found.append((canvas, Location(path, call.span), call.callee.name))
        return tuple(found)

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """What signatures are given in front of their own arguments, as far as that can be seen; each case once."""
        found = [each for canvas in self.found for each in self._inside(canvas, None, None)]
        found += [each for member, place, name in self.linked if name == "link" for each in self._to(member, 1, place)]
        found += self._started()
        unique = {(each.signed.call, each.results, each.source): each for each in found}
        return tuple(unique.values())

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
                placed = Placed(path, call.block, call)
                part = self.part(placed.at(call.callee)) if _may_be_part(call.callee) else None
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
                yield from self._to(self._member(placed.at(body.value), 0), 1, part.location)
        for path in self._paths:
            for call in self.files.python(path).facts.calls:
                placed = Placed(path, call.block, call)
                owner = _owner(placed, call) if last_name(call.callee) in _STARTS else None
                part = self.part(owner) if owner is not None else None
                if isinstance(part, Signed | Canvas):
                    yield from self._to(Member(placed, part), _results(call), None)


def _results(call: Call) -> int | None:
    """How many arguments a call gives to what it starts; None when that cannot be told, or some are named."""
    if last_name(call.callee) == "apply_async":
        gives = any(each.keyword in (None, "args", "kwargs") for each in call.arguments)
        return None if gives else 0
    return len(call.arguments) if all(each.keyword is None and not each.star for each in call.arguments) else None


def _may_be_part(value: Value) -> bool:
    """A name that is called by itself is a function, nearly always; a local one may be a canvas."""
    return not isinstance(value, Name) or (value.ref[:1] in "%@" and "." not in value.ref)


def _no_mistake(part: Part) -> Part:
    return None if isinstance(part, NoSignature) else part


def _owner(placed: Placed, call: Call) -> Placed | None:
    """What a method is called on."""
    callee = call.callee
    if isinstance(callee, Attribute):
        return placed.at(callee.value)
    owner = callee.ref.rpartition(".")[0] if isinstance(callee, Name) else ""
    return placed.at(Name(owner, callee.span)) if owner.strip("@%*.") else None


def _expressions(index: FileIndex) -> Iterator[Placed]:
    """The calls of a file, and its `|` operations."""
    for call in index.facts.calls:
        yield Placed(index.path, call.block, call)
    seen = set()
    roots = (
        *((call.block, call) for call in index.facts.calls),
        *((each.block, each.value) for each in index.facts.assignments),
        *((each.block, each.value) for each in index.facts.returns),
        *((each.block, each.value) for each in index.facts.evaluations),
    )
    for block, root in roots:
        for value in within(root) if root is not None else ():
            if isinstance(value, Operation) and value.operator == "|" and value.span not in seen:
                seen.add(value.span)
                yield Placed(index.path, block, value)
