"""One file's facts, arranged for the questions that are asked of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import TypeVar

from celery_lint.facts.model import (
    Assignment,
    Block,
    Call,
    Class,
    Evaluation,
    Function,
    Import,
    Jump,
    Literal,
    Loop,
    Name,
    Operation,
    PythonFacts,
    Raise,
    Return,
    Value,
)  # fmt: skip
from celery_lint.project.code.expressions import attribute_named, last_name, values_once, within

Definition = Function | Class | Assignment

F = TypeVar("F", Call, Assignment, Return, Raise, Jump, Loop, Evaluation)


def _by_block(facts: Iterable[F]) -> dict[int, list[F]]:
    found: dict[int, list[F]] = defaultdict(list)
    for fact in facts:
        found[fact.block].append(fact)
    return found


def _holds(block: Block, offset: int) -> bool:
    return block.kind == "module" or block.span.start <= offset < block.span.end


class FileIndex:
    """The facts of one Python file by name, block and function."""

    def __init__(self, facts: PythonFacts) -> None:
        self.facts = facts
        self.path = facts.path
        self._values: dict[int, tuple[Value, ...]] = {}
        self._attributes_read: dict[int, frozenset[str]] = {}

    def block(self, number: int) -> Block:
        """The block with that number."""
        return self.facts.blocks[number]

    def up(self, number: int) -> Iterator[int]:
        """NUMBER and the blocks around it, inside out."""
        while number >= 0:
            yield number
            number = self.facts.blocks[number].parent

    @cached_property
    def functions_by_block(self) -> dict[int, Function]:
        """The functions by the number of their body's block."""
        return {function.block: function for function in self.facts.functions}

    @cached_property
    def classes_by_block(self) -> dict[int, Class]:
        """The classes by the number of their body's block."""
        return {item.block: item for item in self.facts.classes}

    @cached_property
    def _function_around(self) -> list[Function | None]:
        """By block: the innermost function around it. A block's parent is before it."""
        found: list[Function | None] = []
        for number, block in enumerate(self.facts.blocks):
            function = self.functions_by_block.get(number)
            outer = found[block.parent] if block.parent >= 0 else None
            found.append(function if function is not None else outer)
        return found

    def function_at(self, number: int) -> Function | None:
        """The innermost function whose body holds block NUMBER."""
        return self._function_around[number] if number >= 0 else None

    def class_of(self, function: Function) -> Class | None:
        """The class that FUNCTION is a method of."""
        for block in self.up(function.outer):
            if block in self.classes_by_block:
                return self.classes_by_block[block]
            if block in self.functions_by_block:
                return None
        return None

    def kinds(self, number: int) -> Iterator[str]:
        """The kinds of the blocks around NUMBER, up to the function they stand in."""
        for block in self.up(number):
            kind = self.facts.blocks[block].kind
            if kind in ("function", "module", "class"):
                return
            yield kind

    def is_import_time(self, number: int) -> bool:
        """Whether code in block NUMBER runs when the module is imported."""
        for block in self.up(number):
            if self.facts.blocks[block].kind in ("function", "lambda") or self.is_main_guard(block):
                return False
        return True

    def is_main_guard(self, number: int) -> bool:
        """Whether the block is an `if __name__ == "__main__"`."""
        block = self.facts.blocks[number]
        test = block.value
        return (
            block.kind == "if"
            and isinstance(test, Operation)
            and test.operator == "=="
            and any(isinstance(side, Name) and side.ref == "builtins.__name__" for side in (test.left, test.right))
        )

    @cached_property
    def definitions(self) -> dict[str, list[Definition]]:
        """What is defined at the top level (or in the body of a class, by qualified name)."""
        found: dict[str, list[Definition]] = defaultdict(list)
        defined: tuple[Function | Class, ...] = (*self.facts.functions, *self.facts.classes)
        for item in defined:
            if self.function_at(item.outer) is None:
                found[item.qualname].append(item)
        for assignment in self.facts.assignments:
            if assignment.target is not None and assignment.target.startswith("@"):
                found[assignment.target[1:]].append(assignment)
        for item in self.facts.classes:
            if self._fills_placeholder(item, found.get(item.name, [])):
                found[item.name] = [item]
        return found

    def _fills_placeholder(self, item: Class, same: list[Definition]) -> bool:
        """`Base = None` at the top, and a function that says `global Base` and defines the class."""
        return (
            self.function_at(item.outer) is not None
            and len(same) == 1
            and isinstance(same[0], Assignment)
            and isinstance(same[0].value, Literal)
            and same[0].value.value is None
        )

    @cached_property
    def local_functions(self) -> dict[tuple[int, str], Function]:
        """Functions defined inside functions, by the enclosing function's block and their name."""
        found: dict[tuple[int, str], Function] = {}
        for function in self.facts.functions:
            outer = self.function_at(function.outer)
            if outer is not None and self.class_of(function) is None:
                found[(outer.block, function.name)] = function
        return found

    @cached_property
    def imported(self) -> dict[str, Import]:
        """Imports at the top level by the name they bind."""
        found: dict[str, Import] = {}
        for item in self.facts.imports:
            if self.function_at(item.block) is None and item.name != "*":
                name = item.alias or item.name or item.module.partition(".")[0]
                found.setdefault(name, item)
        return found

    @cached_property
    def star_imports(self) -> tuple[str, ...]:
        """Modules of which everything is imported."""
        return tuple(item.module for item in self.facts.imports if item.name == "*")

    def _by_function(self, facts: Iterable[F]) -> dict[int, list[F]]:
        """FACTS by the block of the function that holds them; -1 for those that none holds."""
        found: dict[int, list[F]] = defaultdict(list)
        for fact in facts:
            function = self.function_at(fact.block)
            found[function.block if function is not None else -1].append(fact)
        return found

    @cached_property
    def calls_by_function(self) -> dict[int, list[Call]]:
        """The calls of each function by its block; -1 for those that no function holds."""
        return self._by_function(self.facts.calls)

    @cached_property
    def _places_by_name(self) -> dict[str | None, list[int]]:
        """The places of calls in the facts, by the last name of what is called."""
        found: dict[str | None, list[int]] = defaultdict(list)
        for place, call in enumerate(self.facts.calls):
            found[last_name(call.callee)].append(place)
        return found

    def calls_named(self, *names: str) -> list[Call]:
        """The calls of what has one of NAMES for its `last_name`, in the order of the facts."""
        places = self._places_by_name
        found = chain.from_iterable(places.get(name, ()) for name in frozenset(names))
        return [self.facts.calls[place] for place in (found if len(names) == 1 else sorted(found))]

    @cached_property
    def assignments_by_function(self) -> dict[int, list[Assignment]]:
        """The assignments of each function by its block; -1 for those that no function holds."""
        return self._by_function(self.facts.assignments)

    @cached_property
    def returns_by_function(self) -> dict[int, list[Return]]:
        """The `return`s of each function by its block."""
        return self._by_function(self.facts.returns)

    @cached_property
    def _raises_by_function(self) -> dict[int, list[Raise]]:
        return self._by_function(self.facts.raises)

    @cached_property
    def _loops_by_function(self) -> dict[int, list[Loop]]:
        return self._by_function(self.facts.loops)

    @cached_property
    def _evaluations_by_function(self) -> dict[int, list[Evaluation]]:
        return self._by_function(self.facts.evaluations)

    @cached_property
    def _assignments_by_block(self) -> dict[int, list[Assignment]]:
        return _by_block(self.facts.assignments)

    def assigned_in(self, block: int) -> list[Assignment]:
        """The assignments that stand directly in BLOCK: for the body of a class, its attributes."""
        return self._assignments_by_block.get(block, [])

    @cached_property
    def methods(self) -> dict[tuple[int, str], Function]:
        """The functions directly in a block, by that block and their name; of several the first."""
        found: dict[tuple[int, str], Function] = {}
        for function in self.facts.functions:
            found.setdefault((function.outer, function.name), function)
        return found

    def calls(self, function: Function) -> list[Call]:
        """The calls in the body of FUNCTION, without those of functions inside it."""
        return self.calls_by_function.get(function.block, [])

    def assignments(self, function: Function) -> list[Assignment]:
        """The assignments in the body of FUNCTION, without those of functions inside it."""
        return self.assignments_by_function.get(function.block, [])

    def returns(self, function: Function) -> list[Return]:
        """The `return`s of FUNCTION."""
        return self.returns_by_function.get(function.block, [])

    def raises(self, function: Function) -> list[Raise]:
        """The `raise`s of FUNCTION."""
        return self._raises_by_function.get(function.block, [])

    def loops(self, function: Function) -> list[Loop]:
        """The `for`s of FUNCTION, of statements and comprehensions."""
        return self._loops_by_function.get(function.block, [])

    def loop_of(self, name: Name, block: int) -> Loop | None:
        """The innermost `for` around NAME, which stands in BLOCK, that binds it."""
        function = self.function_at(block)
        around = [
            loop
            for loop in self._loops_by_function.get(function.block if function is not None else -1, [])
            if loop.span.start <= name.span.start < loop.span.end
            and any(isinstance(value, Name) and value.ref == name.ref for value in within(loop.target))
        ]
        return max(around, key=lambda loop: loop.span.start, default=None)

    # what stands directly in a block

    @cached_property
    def _returns_by_block(self) -> dict[int, list[Return]]:
        return _by_block(self.facts.returns)

    @cached_property
    def _raises_by_block(self) -> dict[int, list[Raise]]:
        return _by_block(self.facts.raises)

    @cached_property
    def _jumps_by_block(self) -> dict[int, list[Jump]]:
        return _by_block(self.facts.jumps)

    @cached_property
    def _calls_by_block(self) -> dict[int, list[Call]]:
        return _by_block(self.facts.calls)

    @cached_property
    def _blocks_by_block(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for number, block in enumerate(self.facts.blocks):
            found[block.parent].append(number)
        return found

    def returns_in(self, block: int) -> list[Return]:
        """The `return`s directly in BLOCK."""
        return self._returns_by_block.get(block, [])

    def raises_in(self, block: int) -> list[Raise]:
        """The `raise`s directly in BLOCK."""
        return self._raises_by_block.get(block, [])

    def jumps_in(self, block: int) -> list[Jump]:
        """The `break`s, `continue`s and `pass`es directly in BLOCK."""
        return self._jumps_by_block.get(block, [])

    def calls_in(self, block: int) -> list[Call]:
        """The calls directly in BLOCK."""
        return self._calls_by_block.get(block, [])

    def discarded_in(self, block: int) -> list[Call]:
        """The calls that are statements directly in BLOCK."""
        return [call for call in self.calls_in(block) if call.use == "discarded"]

    def block_at(self, offset: int) -> int:
        """The innermost block around the byte at OFFSET."""
        # What is inside a block comes behind it.
        return max(number for number, block in enumerate(self.facts.blocks) if _holds(block, offset))

    def below(self, block: int) -> Iterator[int]:
        """BLOCK and the blocks inside it, without those of functions and classes defined there."""
        yield block
        for inner in self.blocks_in(block):
            if self.facts.blocks[inner].kind not in ("function", "class"):
                yield from self.below(inner)

    def blocks_in(self, block: int) -> list[int]:
        """The blocks directly in BLOCK, in order."""
        return self._blocks_by_block.get(block, [])

    @cached_property
    def _inside(self) -> dict[int, list[Function]]:
        found: dict[int, list[Function]] = defaultdict(list)
        for function in self.facts.functions:
            for block in self.up(function.outer):
                if block in self.functions_by_block:
                    found[block].append(function)
        return found

    def inside(self, function: Function) -> list[Function]:
        """The functions defined inside FUNCTION, at any depth."""
        return self._inside.get(function.block, [])

    @cached_property
    def set_on_self(self) -> dict[tuple[int, str], list[Assignment]]:
        """What the code of a class assigns to `self.NAME`, by the block of the class and NAME."""
        found: dict[tuple[int, str], list[Assignment]] = defaultdict(list)
        for assignment in self.facts.assignments:
            owner, _, name = (assignment.target or "").rpartition(".")
            if owner == "%self":
                for block in self.up(assignment.block):
                    if block in self.classes_by_block:
                        found[(block, name)].append(assignment)
        return found

    @cached_property
    def _blocks_by_function(self) -> dict[int, list[Block]]:
        """The blocks in each function by its block, without its own."""
        found: dict[int, list[Block]] = defaultdict(list)
        for number, block in enumerate(self.facts.blocks):
            function = self.function_at(number)
            if function is not None and function.block != number:
                found[function.block].append(block)
        return found

    def blocks_of(self, function: Function) -> list[Block]:
        """The blocks of FUNCTION, without its own and those of functions inside it."""
        return self._blocks_by_function.get(function.block, [])

    def values(self, function: Function) -> tuple[Value, ...]:
        """Every value that the body of FUNCTION reads, without what functions inside it read."""
        known = self._values.get(function.block)
        if known is None:
            known = self._values[function.block] = tuple(values_once(self.calls(function), self._read(function)))
        return known

    def attributes_read(self, function: Function) -> frozenset[str]:
        """The names of the attributes that the body of FUNCTION reads; strings may name some (`getattr(self, "x")`)."""
        known = self._attributes_read.get(function.block)
        if known is None:
            names = (attribute_named(value) for value in self.values(function))
            known = self._attributes_read[function.block] = frozenset(name for name in names if name is not None)
        return known

    def _read(self, function: Function) -> Iterator[Value | None]:
        """The outermost values that FUNCTION reads beside its calls."""
        for assignment in self.assignments(function):
            yield assignment.value
        for returned in self.returns(function):
            yield returned.value
        for raised in self.raises(function):
            yield from (raised.value, raised.cause)
        for evaluation in self._evaluations_by_function.get(function.block, []):
            yield evaluation.value
        for block in self.blocks_of(function):
            yield from (item.value for item in block.items)
            if block.kind != "else":  # its value is the test of its `if`
                yield block.value
