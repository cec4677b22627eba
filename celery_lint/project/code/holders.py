"""LINK: the names at the top level of modules that hold something made by a call, or something made from it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Assignment, Call, Function, Name, Subscript
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.refs import ClassRef, FunctionRef, Internal
from celery_lint.project.code.symbols import Symbols


class Holder(Struct, frozen=True):
    """A name at the top level of a module, or of a class there (`Store.client`)."""

    path: str
    name: str


class Holders:
    """Finds the names that hold what calls make."""

    def __init__(self, files: Files, symbols: Symbols) -> None:
        self.files = files
        self.symbols = symbols
        self._made: dict[str, dict[Holder, list[Holder]]] = {}

    def of(self, index: FileIndex, call: Call) -> frozenset[Holder]:
        """The names that hold what CALL, in INDEX, makes: directly, from a factory, or inside something else."""
        found = set(self._first(index, call, index.function_at(call.block)))
        self._spread(found)
        return frozenset(found)

    def named(self, path: str, ref: str) -> Holder | None:
        """The name at the top level of a module that REF, in PATH, leads to."""
        if ref.startswith("%"):
            return None
        target = self.symbols.target(path, ref)
        if isinstance(target, Internal) and isinstance(target.fact, Assignment):
            return Holder(target.path, (target.fact.target or "")[1:])
        return None

    def at(self, path: str, block: int, ref: str) -> Holder | None:
        """As `named`, for code in BLOCK of PATH: `self.client` may be an attribute of its class."""
        if not ref.startswith(("%self.", "%cls.")):
            return self.named(path, ref)
        owner = self.symbols.type_of(path, block, Name(ref.partition(".")[0]))
        found = self.symbols.attribute(owner, ref.split(".")[1]) if isinstance(owner, ClassRef) else None
        return Holder(found[0], (found[1].target or "")[1:]) if found is not None else None

    def _first(self, index: FileIndex, call: Call, function: Function | None) -> Iterator[Holder]:
        if call.target is not None and call.target.startswith("@"):
            yield Holder(index.path, call.target[1:])
        for assignment in index.assignments_by_function.get(function.block if function is not None else -1, []):
            target, value = assignment.target, assignment.value
            if target is None or not target.startswith("@") or value is None or call.use == "receiver":
                continue
            if any(inner is call or inner == call for inner in within(value)):
                yield Holder(index.path, target[1:])
        if function is not None and returns(index, function, call):
            yield from self._module_level_calls(FunctionRef(index.path, function.block), function.name)

    def _module_level_calls(self, factory: FunctionRef, name: str) -> Iterator[Holder]:
        for path in self.files.holding(name):
            index = self.files.python(path)
            for assignment in index.assignments_by_function.get(-1, []):
                if assignment.target is None or not assignment.target.startswith("@") or assignment.value is None:
                    continue
                for value in within(assignment.value):
                    if not isinstance(value, Call) or last_name(value.callee) != name:
                        continue
                    if self.symbols.function(path, value.block, value.callee) == factory:
                        yield Holder(path, assignment.target[1:])

    def _spread(self, found: set[Holder]) -> None:
        """What is made at import time from a holder holds it too: `async_sessionmaker(engine)`, `client["orders"]`."""
        queue = list(found)
        while queue:
            holder = queue.pop()
            for path in self.files.holding(holder.name.rpartition(".")[2]):
                for made in self._made_in(path).get(holder, ()):
                    if made not in found:
                        found.add(made)
                        queue.append(made)

    def _made_in(self, path: str) -> dict[Holder, list[Holder]]:
        """What the module PATH makes when it is imported, by what it is made from."""
        known = self._made.get(path)
        if known is None:
            known = self._made[path] = {}
            for assignment in self.files.python(path).assignments_by_function.get(-1, []):
                target, value = assignment.target, assignment.value
                if target is None or not target.startswith("@") or not isinstance(value, Call | Subscript):
                    continue
                refs = {inner.ref for inner in within(value) if isinstance(inner, Name)}
                for source in {self.named(path, ref) for ref in refs}:
                    if source is not None:
                        known.setdefault(source, []).append(Holder(path, target[1:]))
        return known


def returns(index: FileIndex, function: Function, call: Call) -> bool:
    """Whether FUNCTION returns what CALL in it makes."""
    for item in index.returns(function):
        if item.value is None:
            continue
        for value in within(item.value):
            if value == call or (call.target is not None and isinstance(value, Name) and value.ref == call.target):
                return True
    return False
