"""What a variable holds when it is used: what was assigned to it, unless the code changes that later."""

from __future__ import annotations

from celery_lint.facts.model import (
    Assignment,
    Call,
    Function,
    Items,
    Mapping,
    Name,
    Opaque,
    Operation,
    Subscript,
    Value,
)
from celery_lint.project.code.expressions import within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.placed import Known, Placed
from celery_lint.project.code.symbols import Internal, Symbols
from celery_lint.project.code.values import Evaluator

_DEPTH = 12
# What changes a list, a dict or a signature in place.
_CHANGES = frozenset({
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem",
    "set", "set_immutable", "add",
})  # fmt: skip


def settled(placed: Placed, evaluator: Evaluator) -> Placed | None:
    """The expression that PLACED stands for when it is used: through variables that are assigned once and never changed
    in place. None for other variables, and for parameters."""
    for _ in range(_DEPTH):
        if not isinstance(placed.value, Name):
            return placed
        held = _held(placed, placed.value.ref, evaluator)
        if held is None:
            return None
        placed = held
    return None


def settled_items(placed: Placed, evaluator: Evaluator, depth: int = 0) -> list[Placed] | None:
    """The items that a list or tuple has when it is used; None when they cannot all be seen."""
    found = settled(placed, evaluator) if depth < _DEPTH else None
    if found is None:
        return None
    if isinstance(found.value, Operation) and found.value.operator == "+":
        sides = [settled_items(found.at(side), evaluator, depth + 1) for side in (found.value.left, found.value.right)]
        seen = [side for side in sides if side is not None]
        return [item for side in seen for item in side] if len(seen) == len(sides) else None
    if not isinstance(found.value, Items) or found.value.kind == "set":
        return None
    items: list[Placed] = []
    for item in found.value.items:
        inner = _spread(found.at(item), evaluator, depth)
        if inner is None:
            return None
        items.extend(inner)
    return items


def _spread(item: Placed, evaluator: Evaluator, depth: int) -> list[Placed] | None:
    """The items that one item of a list display stands for: itself, or those of `*items`."""
    if not isinstance(item.value, Opaque):
        return [item]
    # Starred, it has one part; so have a comprehension in brackets and the like, which are no list to see through.
    return settled_items(item.at(item.value.parts[0]), evaluator, depth + 1) if is_starred(item.value) else [item]


def is_starred(item: Value) -> bool:
    """Whether an item of a list display is `*items`."""
    return isinstance(item, Opaque) and len(item.parts) == 1 and item.span.start < item.parts[0].span.start


def settled_entries(placed: Placed, evaluator: Evaluator, depth: int = 0) -> tuple[dict[str, Placed], bool]:
    """The entries that a dict has when it is used, by name; and whether there may be others."""
    found = settled(placed, evaluator) if depth < _DEPTH else None
    if found is None:
        return {}, True
    entries: dict[str, Placed] = {}
    is_open = False
    if isinstance(found.value, Mapping):
        for entry in found.value.entries:
            if entry.key is None:
                inner, more = settled_entries(found.at(entry.value), evaluator, depth + 1)
                entries, is_open = {**entries, **inner}, is_open or more
            else:
                key = evaluator.text(found.at(entry.key))
                if isinstance(key, Known):
                    entries[key.value] = found.at(entry.value)
                is_open = is_open or not isinstance(key, Known)
        return entries, is_open
    for name, _, value in evaluator.entries(found):
        if isinstance(name, Known):
            entries[name.value] = value
        is_open = is_open or not isinstance(name, Known)
    return entries, is_open


def _held(placed: Placed, ref: str, evaluator: Evaluator) -> Placed | None:
    """What was assigned to REF, once and for all."""
    symbols = evaluator.symbols
    if ref.startswith("%"):
        return _local(placed, ref, symbols)
    target = symbols.target(placed.path, ref)
    if not isinstance(target, Internal) or not isinstance(target.fact, Assignment) or target.rest:
        return None
    index, fact = symbols.files.python(target.path), target.fact
    if len(index.definitions.get((fact.target or "")[1:], [])) != 1 or fact.operator != "=" or fact.value is None:
        return None
    places = {(target.path, fact.target or ""), (placed.path, ref)}
    if any(_is_changed(symbols, path, None, name) for path, name in places):
        return None
    return Placed(target.path, fact.block, fact.value)


def _local(placed: Placed, ref: str, symbols: Symbols) -> Placed | None:
    index, name = symbols.files.python(placed.path), ref.removeprefix("%")
    if placed.bound is not None and name in placed.bound:
        return placed.bound[name]
    for number in index.up(placed.block):
        function = index.functions_by_block.get(number)
        if function is None:
            continue
        if any(parameter.name == name for parameter in function.parameters) or _is_bound(index, function, ref):
            return None
        assigned = [each for each in index.assignments(function) if each.target == ref]
        if assigned:
            only = assigned[0]
            if len(assigned) > 1 or only.operator != "=" or only.value is None:
                return None
            if _is_changed(symbols, placed.path, function, ref):
                return None
            return Placed(placed.path, only.block, only.value, placed.bound)
    return None


def _is_bound(index: FileIndex, function: Function, ref: str) -> bool:
    """Whether a loop or a `with` of FUNCTION binds REF."""
    if any(isinstance(v, Name) and v.ref == ref for loop in index.loops(function) for v in within(loop.target)):
        return True
    return any(item.target == ref for block in index.blocks_of(function) for item in block.items)


def _is_changed(symbols: Symbols, path: str, function: Function | None, ref: str) -> bool:
    """Whether code of FUNCTION (None: of the file PATH) changes what REF holds, or hands it to a function that may."""
    index = symbols.files.python(path)
    functions = [function, *index.inside(function)] if function is not None else []
    calls = [call for each in functions for call in index.calls(each)] if functions else index.facts.calls
    assignments = [a for each in functions for a in index.assignments(each)] if functions else index.facts.assignments
    return any(_changes(symbols, path, call, ref) for call in calls) or any(_writes(each, ref) for each in assignments)


def _changes(symbols: Symbols, path: str, call: Call, ref: str) -> bool:
    if isinstance(call.callee, Name):
        owner, _, method = call.callee.ref.rpartition(".")
        if owner == ref and method in _CHANGES and call.use == "discarded":
            return True
    handed = any(isinstance(each.value, Name) and each.value.ref == ref for each in call.arguments)
    return handed and symbols.function(path, call.block, call.callee) is not None


def _writes(assignment: Assignment, ref: str) -> bool:
    """`ref["key"] = …`, `ref.attribute = …`"""
    target = assignment.target_value
    if isinstance(target, Subscript):
        return isinstance(target.value, Name) and target.value.ref == ref
    return (assignment.target or "").startswith(f"{ref}.")
