"""What a chain, a group, a chord or `a | b` is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint.facts.model import Argument, Call, Name, Opaque, Operation
from celery_lint.facts.model import Items as Display
from celery_lint.finding import Location
from celery_lint.project.calls.calls import TaskCall, TaskCalls
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.origins import Origins
from celery_lint.project.code.placed import Known, Placed
from celery_lint.project.code.refs import FunctionRef
from celery_lint.project.code.settled import is_starred, settled
from celery_lint.project.model import Task

Kind = Literal["chain", "group", "chord"]
Mistake = Literal["task", "sent", "called"]

KINDS: tuple[Kind, ...] = ("chain", "group", "chord")
_KINDS: dict[str, Kind] = {f"{module}.{kind}": kind for module in ("celery", "celery.canvas") for kind in KINDS}
_DEPTH = 12


class Signed(Struct, frozen=True, eq=False):
    """A signature: CALL makes it; IMMUTABLE: it takes no results (None: cannot be told). OPTIONS are those of its
    message, with what `.set(…)` adds."""

    call: TaskCall
    immutable: bool | None
    options: dict[str, Placed] = field(default_factory=dict)
    options_open: bool = False


class NoSignature(Struct, frozen=True, eq=False):
    """Something about TASK that is no signature: the task itself, the result of sending it (`.delay()`), or of calling
    it like a function."""

    mistake: Mistake
    task: Task


class Member(Struct, frozen=True, eq=False):
    """One part of a canvas: where it is written and what it is (None: cannot be told). MANY: it stands for any number
    of such parts, also none: `a.s(i) for i in ids`."""

    placed: Placed
    part: Part
    many: bool = False

    @property
    def location(self) -> Location:
        """Where it is written."""
        return Location(self.placed.path, self.placed.span)


class Canvas(Struct, frozen=True, eq=False):
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


class Parts:
    """Says what expressions are as parts of a canvas."""

    def __init__(self, calls: TaskCalls, found: tuple[TaskCall, ...]) -> None:
        self.calls = calls
        self.evaluator, self.symbols, self.files = calls.evaluator, calls.symbols, calls.files
        self.origins = Origins(calls.symbols)
        self.calls_at = {(call.path, call.call.span): call for call in found}
        self._giving: dict[FunctionRef, bool] = {}

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
        known = self.calls_at.get((placed.path, call.span))
        if known is not None:
            return self._signed(known) if known.signs else NoSignature("sent", known.task)
        kind = self.kind_of(placed.path, call)
        if kind is not None:
            return self._canvas(kind, placed, call, depth)
        owner = owner_of(placed, call)
        if owner is not None and last_name(call.callee) in ("set", "on_error"):
            part = self.part(owner, depth + 1)
            changes = isinstance(part, Signed) and last_name(call.callee) == "set"
            return self._set(part, placed, call) if changes and isinstance(part, Signed) else _no_mistake(part)
        task = self.calls.task_of(placed.path, placed.block, call.callee)
        # Calling a class makes an instance of it: the task itself.
        if task is None or task.cls is not None or (task.function is not None and self._gives_signature(task.function)):
            return None
        return NoSignature("called", task)

    def _gives_signature(self, function: FunctionRef) -> bool:
        """Whether calling FUNCTION may give a signature: it returns one, or a variable that one is put in."""
        if function not in self._giving:
            self._giving[function] = False  # unless something else than itself says so
            self._giving[function] = any(self._is_signature(each) for each in self._returned(function))
        return self._giving[function]

    def _returned(self, function: FunctionRef) -> Iterator[Placed]:
        """What FUNCTION returns, and what is put in the variables that it returns."""
        index, fact = self.symbols.index(function), self.symbols.fact(function)
        returned = [(each.block, each.value) for each in index.returns(fact) if each.value is not None]
        names = {value.ref for _, value in returned if isinstance(value, Name)}
        held = [(each.block, each.value) for each in index.assignments(fact) if each.target in names and each.value]
        return (Placed(index.path, block, value) for block, value in (*returned, *held))

    def _is_signature(self, placed: Placed) -> bool:
        if isinstance(self.part(placed), Signed | Canvas):
            return True
        callee = placed.value.callee if isinstance(placed.value, Call) else None
        made = self.symbols.function(placed.path, placed.block, callee) if callee is not None else None
        return made is not None and self._gives_signature(made)

    def kind_of(self, path: str, call: Call) -> Kind | None:
        """What CALL, in PATH, makes: only Celery's `chain`, `group` and `chord` make one."""
        named = last_name(call.callee) in KINDS  # asked first: it costs nothing
        return _KINDS.get(self.symbols.external(path, call.callee) or "") if named else None

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
        immutable = None if call.is_open else signed.immutable
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
            members = self.listed(placed.at(header.value), depth) if header is not None else ()
            return Canvas(kind, placed, members, self.member(placed.at(body.value), depth) if body else None)
        plain = [each for each in call.arguments if each.keyword is None]
        if len(plain) == 1 and not plain[0].star:
            return Canvas(kind, placed, self.listed(placed.at(plain[0].value), depth))
        return Canvas(kind, placed, tuple(each for item in plain for each in self._argument(placed, item, depth)))

    def _argument(self, placed: Placed, argument: Argument, depth: int) -> tuple[Member, ...]:
        if argument.star:
            return self.listed(placed.at(argument.value), depth)
        return (self.member(placed.at(argument.value), depth),)

    def member(self, placed: Placed, depth: int = 0) -> Member:
        return Member(placed, self.part(placed, depth + 1))

    def listed(self, placed: Placed, depth: int = 0) -> tuple[Member, ...]:
        """The members that a list, a generator, or one signature alone stands for."""
        held = settled(placed, self.evaluator) if self.part(placed, depth + 1) is None else placed
        if held is None or depth > _DEPTH:
            return self._added(placed, depth) or (Member(placed, None, many=True),)
        match held.value:
            case Display():
                return tuple(
                    each
                    for item in held.value.items
                    for each in (
                        self.listed(held.at(item.parts[0]), depth + 1)
                        if isinstance(item, Opaque) and is_starred(item)
                        else (self.member(held.at(item), depth),)
                    )
                )
            case Opaque(parts=(first, _, *_)):  # a comprehension: its element, and what it goes over
                return (replace(self.member(held.at(first), depth), many=True),)
        part = self.part(held, depth + 1)
        if isinstance(part, Canvas) and part.kind == "group":
            return part.members
        return (Member(placed, part, many=part is None),)

    def _added(self, placed: Placed, depth: int) -> tuple[Member, ...]:
        """What a list is filled with: `parts.append(add.s(1))`, any number of times."""
        if depth > _DEPTH or not isinstance(placed.value, Name) or not placed.value.ref.startswith("%"):
            return ()
        return tuple(replace(self.member(each, depth), many=True) for each in self.origins.elements(placed))

    def _piped(self, placed: Placed, value: Operation, depth: int) -> Canvas | None:
        """`a | b`: one of the two has to be a signature, or it is another operator."""
        sides = tuple(self.member(placed.at(side), depth) for side in (value.left, value.right))
        if not any(isinstance(side.part, Signed | Canvas) for side in sides):
            return None
        members: list[Member] = []
        for side in sides:
            is_chain = isinstance(side.part, Canvas) and side.part.kind == "chain"
            members.extend(side.part.members if is_chain and isinstance(side.part, Canvas) else (side,))
        return Canvas("chain", placed, tuple(members))


def _no_mistake(part: Part) -> Part:
    return None if isinstance(part, NoSignature) else part


def owner_of(placed: Placed, call: Call) -> Placed | None:
    """What a method is called on."""
    owner = called_on(call.callee)
    return placed.at(owner) if owner is not None else None
