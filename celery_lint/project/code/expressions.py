"""What an expression holds: the values inside it, the name that is called, what a method is called on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from celery_lint.facts.model import (
    Argument,
    Attribute,
    Await,
    Call,
    Choice,
    Entry,
    Items,
    Lambda,
    Literal,
    Mapping,
    Name,
    Opaque,
    Operation,
    Subscript,
    Text,
    Value,
)  # fmt: skip


def parts(value: Value | Argument | Entry) -> Iterable[Value]:
    """The values directly inside VALUE."""
    return _PARTS[type(value)](value)


def _of_call(call: Call) -> Iterable[Value]:
    return (call.callee, *(argument.value for argument in call.arguments))


def _of_mapping(mapping: Mapping) -> Iterable[Value]:
    return [part for entry in mapping.entries for part in parts(entry)]


def _of_entry(entry: Entry) -> Iterable[Value]:
    return (entry.value,) if entry.key is None else (entry.key, entry.value)


# Asked of every value there is: a table is several times as fast as `match`.
_PARTS: dict[type, Callable[..., Iterable[Value]]] = {
    Attribute: lambda each: (each.value,),
    Await: lambda each: (each.value,),
    Argument: lambda each: (each.value,),
    Entry: _of_entry,
    Call: _of_call,
    Mapping: _of_mapping,
    Items: lambda each: each.items,
    Text: lambda each: each.parts,
    Opaque: lambda each: each.parts,
    Operation: lambda each: (each.left, each.right),
    Subscript: lambda each: (each.value, each.index),
    Choice: lambda each: (each.test, each.body, each.orelse),
    Lambda: lambda each: (each.body,),
    Literal: lambda _: (),
    Name: lambda _: (),
}


def within(value: Value) -> Iterator[Value]:
    """VALUE and every value inside it, each before what is inside it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        yield each
        kind = type(each)
        if kind is not Name and kind is not Literal:  # the most
            waiting.extend(reversed(tuple(_PARTS[kind](each))))


def values_once(calls: Iterable[Call], others: Iterable[Value | None]) -> list[Value]:
    """Every value in CALLS, in which inner ones stand by themselves and before those around them, and in OTHERS."""
    found: list[Value] = []
    for call in calls:
        found.append(call)
        _add_within(_of_call(call), found)
    for value in others:
        if value is not None:
            _add_within((value,), found)
    return found


def _add_within(values: Iterable[Value], found: list[Value]) -> None:
    """Add VALUES and what is inside them to FOUND, but calls and what is in those."""
    waiting = list(values)
    waiting.reverse()
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind is Call:
            continue
        found.append(each)
        if kind is not Name and kind is not Literal:
            waiting.extend(reversed(tuple(_PARTS[kind](each))))


def last_name(value: Value) -> str | None:
    """The last part of a callee's name: `self.pool.submit` → `submit`."""
    if isinstance(value, Name):
        _, dot, last = value.ref.rpartition(".")
        return last if dot else last.lstrip("@%*")
    return value.name if isinstance(value, Attribute) else None


def called_on(callee: Value) -> Value | None:
    """What a method is called on: `app.config` of `app.config.get`; None for a plain function."""
    if isinstance(callee, Attribute):
        return callee.value
    owner = callee.ref.rpartition(".")[0] if isinstance(callee, Name) else ""
    return Name(owner, callee.span) if owner.strip(".@%*") else None


def attribute_named(value: Value) -> str | None:
    """The attribute that VALUE reads, or may name."""
    match value:
        case Name():
            return value.ref.rpartition(".")[2] if "." in value.ref else None
        case Attribute():
            return value.name
        case Literal():
            return value.value if isinstance(value.value, str) else None
    return None
