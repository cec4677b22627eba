"""LINK: the expressions that a value may come from: every way that leads to it, not the one that is certain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from celery_lint.facts.model import (
    Assignment,
    Await,
    Call,
    Choice,
    Items,
    Loop,
    Mapping,
    Name,
    Opaque,
    Operation,
    Subscript,
    Value,
)  # fmt: skip
from celery_lint.finding import Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.symbols import ClassRef, FunctionRef, Internal, Symbols

# What these return holds what they are given.
_SAME_ELEMENTS = frozenset({"list", "tuple", "set", "reversed", "sorted", "iter", "tqdm", "as_completed"})

# What may come from something else.
_FOLLOWED = (Name, Call, Await, Choice, Operation, Subscript)

_Key = tuple[str, int, Span, str]


class Origins:
    """Follows names, helpers and containers backwards."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        # A question that is still being answered has no answer yet: that ends the circles of code like `x = f(x)`.
        self._origins: dict[_Key, tuple[Placed, ...]] = {}
        self._items: dict[_Key, tuple[Placed, ...]] = {}

    def of(self, placed: Placed) -> tuple[Placed, ...]:
        """The expressions that PLACED may be: all that is assigned to a name, entered as it, kept on `self`, or
        returned by a helper. A way that cannot be followed to its end gives what it ends at: a parameter's name."""
        if self._is_its_own(placed):
            return (placed,)
        key = _key(placed)
        known = self._origins.get(key)
        if known is None:
            self._origins[key] = ()
            known = self._origins[key] = _distinct(self._of(placed))
        return known

    def _is_its_own(self, placed: Placed) -> bool:
        """Whether PLACED is what nothing is assigned to, and no call or choice: most values are."""
        value = placed.value
        if not isinstance(value, Name):
            return not isinstance(value, _FOLLOWED)
        return not value.ref.startswith("%") and self._assignment(placed.path, value.ref) is None

    def _assignment(self, path: str, ref: str) -> Internal | None:
        """The variable at the top level of a module that REF, written in PATH, stands for."""
        target = self.symbols.target(path, ref)
        is_variable = isinstance(target, Internal) and isinstance(target.fact, Assignment) and not target.rest
        return target if isinstance(target, Internal) and is_variable else None

    def _of(self, placed: Placed) -> Iterator[Placed]:
        match placed.value:
            case Await(value=inner):
                yield from self.of(placed.at(inner))
            case Choice(body=one, orelse=other) | Operation(operator="or" | "and", left=one, right=other):
                yield from self.of(placed.at(one))
                yield from self.of(placed.at(other))
            case Name():
                yield from self._each(self._assigned(placed, placed.value), placed)
            case Call():
                yield from self._each(self._returned(placed, placed.value), placed)
            case Subscript(value=holder):
                yield from self._each(self.elements(placed.at(holder)), placed)
            case _:
                yield placed

    def _each(self, found: Iterable[Placed], placed: Placed) -> Iterator[Placed]:
        """Where each of FOUND comes from; PLACED itself when there is none."""
        known = list(found)
        for each in known:
            yield from self.of(each)
        if not known:
            yield placed

    # names

    def _assigned(self, placed: Placed, name: Name) -> Iterator[Placed]:
        if name.ref.startswith(("%self.", "%cls.")):
            yield from self._kept(placed, name.ref.partition(".")[2])
        elif name.ref.startswith("%") and "." not in name.ref:
            yield from self._local(placed, name)
        elif not name.ref.startswith("%"):
            yield from self._top_level(placed, name.ref)

    def _local(self, placed: Placed, name: Name) -> Iterator[Placed]:
        index = self.symbols.files.python(placed.path)
        loop = index.loop_of(name, placed.block)
        if loop is not None:
            holder = _looped(loop, name)
            if holder is not None:
                yield from self.elements(Placed(placed.path, loop.block, holder))
            return
        yield from _values(placed.path, self.symbols.assigned(placed.path, placed.block, name.ref))
        for number in index.up(placed.block):
            for item in index.block(number).items:
                if item.target == name.ref:
                    yield Placed(placed.path, number, item.value)

    def _kept(self, placed: Placed, name: str) -> Iterator[Placed]:
        """What `self.NAME` may be: from the body of the class or an assignment in one of its methods."""
        owner = self.symbols.enclosing_class(placed.path, placed.block)
        if owner is None or "." in name:
            return
        for item in self.symbols.lineage(owner):
            if isinstance(item, ClassRef):
                yield from _values(item.path, self.symbols.index(item).set_on_self.get((item.block, name), []))
        found = self.symbols.attribute(owner, name)
        if found is not None:
            yield from _values(found[0], [found[1]])
        method = self.symbols.method(owner, name)
        if method is not None and self.symbols.fact(method).decorators:
            yield from self._returns(method)

    def _top_level(self, placed: Placed, ref: str) -> Iterator[Placed]:
        target = self._assignment(placed.path, ref)
        if target is None or not isinstance(target.fact, Assignment):
            return
        same = self.symbols.files.python(target.path).definitions.get((target.fact.target or "")[1:], [])
        yield from _values(target.path, [item for item in same if isinstance(item, Assignment)])

    # calls

    def _returned(self, placed: Placed, call: Call) -> Iterator[Placed]:
        function = self.symbols.function(placed.path, placed.block, call.callee)
        if function is not None and self.symbols.class_of(placed.path, placed.block, call.callee) is None:
            yield from self._returns(function)

    def _returns(self, function: FunctionRef) -> Iterator[Placed]:
        index, fact = self.symbols.index(function), self.symbols.fact(function)
        if fact.is_generator:
            return
        for item in index.returns(fact):
            if item.value is not None:
                yield Placed(function.path, item.block, item.value)

    # containers

    def elements(self, placed: Placed) -> tuple[Placed, ...]:
        """The expressions that the items of a list, set, dict or generator may be, as far as they are seen."""
        key = _key(placed)
        known = self._items.get(key)
        if known is None:
            self._items[key] = ()
            known = self._items[key] = _distinct(self._elements(placed))
        return known

    def _elements(self, placed: Placed) -> Iterator[Placed]:
        if isinstance(placed.value, Name):
            yield from self._added(placed, placed.value)
        for origin in self.of(placed):
            index = self.symbols.files.python(origin.path)
            match origin.value:
                case Mapping(entries=entries):
                    yield from (origin.at(entry.value) for entry in entries if entry.key is not None)
                case Items(items=items):
                    yield from (origin.at(item) for item in items if not isinstance(item, Opaque))
                case Opaque(parts=(first, *_)) if _is_comprehension(index, origin.value):
                    yield origin.at(first)
                case Call(arguments=(first, *_)) if last_name(origin.value.callee) in _SAME_ELEMENTS:
                    yield from self.elements(origin.at(first.value))
                case Call(callee=Name(ref=ref)) if ref.startswith("%") and ref.endswith(".values"):
                    yield from self.elements(origin.at(Name(ref.removesuffix(".values"), origin.span)))

    def _added(self, placed: Placed, name: Name) -> Iterator[Placed]:
        """What `NAME.append(…)` and `NAME[…] = …` put into a container in the same function."""
        index = self.symbols.files.python(placed.path)
        function = index.function_at(placed.block)
        block = function.block if function is not None else -1
        for call in index.calls_by_function.get(block, []):
            callee = call.callee
            if isinstance(callee, Name) and callee.ref in (f"{name.ref}.append", f"{name.ref}.add") and call.arguments:
                yield Placed(placed.path, call.block, call.arguments[0].value)
        for item in index.assignments_by_function.get(block, []):
            target = item.target_value
            if isinstance(target, Subscript) and target.value == Name(name.ref, target.value.span) and item.value:
                yield Placed(placed.path, item.block, item.value)


def _looped(loop: Loop, name: Name) -> Value | None:
    """What holds the values that a loop gives NAME: also of `for key, name in found.items()`, `enumerate(found)`."""
    if isinstance(loop.target, Name):
        return loop.value
    pair = loop.target.items if isinstance(loop.target, Items) else ()
    if len(pair) != 2 or not isinstance(pair[1], Name) or pair[1].ref != name.ref or not isinstance(loop.value, Call):
        return None
    callee, arguments = loop.value.callee, loop.value.arguments
    if isinstance(callee, Name) and callee.ref.startswith("%") and callee.ref.endswith(".items"):
        return Name(callee.ref.removesuffix(".items"), callee.span)
    return arguments[0].value if last_name(callee) == "enumerate" and arguments else None


def _key(placed: Placed) -> _Key:
    return placed.path, placed.block, placed.span, placed.value.ref if isinstance(placed.value, Name) else ""


def _distinct(found: Iterable[Placed]) -> tuple[Placed, ...]:
    known = tuple(found)
    return known if len(known) < 2 else tuple({_key(placed): placed for placed in known}.values())


def _values(path: str, assignments: Iterable[Assignment]) -> Iterator[Placed]:
    for item in assignments:
        if item.value is not None and item.operator == "=":
            yield Placed(path, item.block, item.value)


def _is_comprehension(index: FileIndex, value: Value) -> bool:
    return any(loop.span == value.span for loop in index.facts.loops)
