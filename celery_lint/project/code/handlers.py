"""LINK: what becomes of an exception: the handlers of a `try`, what each catches, and how a block ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf

from msgspec import Struct

from celery_lint.facts.model import Block, Call, Items, Jump, Literal, Name, Raise, Return
from celery_lint.finding import Location, Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import ClassRef, Symbols
from celery_lint.project.code.values import Evaluator, Placed

Outcome = OneOf["raise", "return", "break", "continue", "fall"]
Step = Return | Raise | Jump | Call | tuple[int, ...]

# Celery's own exceptions by what people import them as, each with everything that catches it.
BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
_CELERY = frozenset({"celery.exceptions.CeleryError"})
RETRY = frozenset({"celery.exceptions.Retry", "celery.exceptions.TaskPredicate"}) | _CELERY | BROAD
SOFT_LIMIT = BROAD | {
    "celery.exceptions.SoftTimeLimitExceeded", "billiard.exceptions.SoftTimeLimitExceeded",
    "billiard.SoftTimeLimitExceeded",
}  # fmt: skip
_NEVER_RETURN = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})
_DEPTH = 3
_SUPPRESS = frozenset({"contextlib.suppress"})


class Handler(Struct, frozen=True):
    """An `except` clause: the BLOCK and SPAN of its body. TYPES are the classes that it names, resolved, and written
    at TYPES_AT; None stands for one that cannot be told. NAME is what it binds."""

    path: str
    block: int
    span: Span
    is_bare: bool
    types: tuple[str | ClassRef | None, ...] = ()
    name: str | None = None
    types_at: Span | None = None

    @property
    def location(self) -> Location:
        """Where it is written, to point at: the classes that it names, or its body."""
        return Location(self.path, self.types_at or self.span)

    @property
    def is_broad(self) -> bool:
        """Whether it catches every `Exception`."""
        return self.is_bare or any(item in BROAD for item in self.types)

    def catches(self, names: frozenset[str] | frozenset[str | ClassRef]) -> bool | None:
        """Whether it catches an exception that is an instance of all the classes NAMES; None when that cannot be told.

        NAMES are the exception and all its bases, by their dotted names (`RETRY`, `SOFT_LIMIT`) or as classes.
        """
        if self.is_bare or any(item in names for item in self.types):
            return True
        return None if None in self.types else False


class Handlers:
    """Answers what handles an exception."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.symbols: Symbols = evaluator.symbols

    def of(self, index: FileIndex, number: int) -> tuple[Handler, ...]:
        """The handlers of the `try` whose body is block NUMBER, in order."""
        blocks = (each for each in parts_of_try(index, number) if index.block(each).kind == "except")
        return tuple(self._handler(index, each) for each in blocks)

    def around(self, index: FileIndex, number: int) -> Iterator[tuple[Handler, ...]]:
        """The handlers that an exception raised in block NUMBER meets, inside out, up to the end of its function."""
        for each in index.up(number):
            kind = index.block(each).kind
            if kind in ("function", "class", "module", "lambda"):
                return
            if kind == "try":
                yield self.of(index, each)

    def catching(self, index: FileIndex, number: int, names: frozenset[str]) -> Handler | None:
        """The handler that catches the exception NAMES (see `Handler.catches`) when block NUMBER raises it, whatever
        it does then; None as soon as that cannot be told."""
        for handlers in self.around(index, number):
            for handler in handlers:
                caught = handler.catches(names)
                if caught is not False:
                    return handler if caught else None
        return None

    def suppressing(self, index: FileIndex, number: int, names: frozenset[str]) -> Location | None:
        """The `with contextlib.suppress(…)` that swallows the exception NAMES when block NUMBER raises it."""
        for each in index.up(number):
            block = index.block(each)
            if block.kind in ("function", "class", "module", "lambda"):
                return None
            for item in block.items:
                call = item.value
                if not isinstance(call, Call) or self.symbols.external(index.path, call.callee) not in _SUPPRESS:
                    continue
                types = [name for a in call.arguments for name in self._types(Placed(index.path, each, a.value))]
                if any(name in names for name in types):
                    return Location(index.path, call.span)
        return None

    def reraises(self, index: FileIndex, handler: Handler) -> bool:
        """Whether HANDLER may raise the very exception that it caught."""
        for number in index.below(handler.block):
            if any(_is_same(item, handler) for item in index.raises_in(number)):
                return True
            if any(_gets_exception(index, call) and self._may_raise(index, call) for call in index.calls_in(number)):
                return True
        return False

    def _may_raise(self, index: FileIndex, call: Call) -> bool:
        function = self.symbols.function(index.path, call.block, call.callee)
        return function is not None and bool(self.symbols.index(function).raises(self.symbols.fact(function)))

    def _handler(self, index: FileIndex, number: int) -> Handler:
        block = index.block(number)
        if block.value is None:
            return Handler(index.path, number, block.span, True, (), block.name)
        types = tuple(self._types(Placed(index.path, block.parent, block.value)))
        return Handler(index.path, number, block.span, False, types, block.name, block.value.span)

    def _types(self, placed: Placed, depth: int = 0) -> Iterator[str | ClassRef | None]:
        value = placed.value
        if isinstance(value, Items):
            for item in value.items:
                yield from self._types(placed.at(item), depth + 1)
            return
        found = self.symbols.class_of(placed.path, placed.block, value)
        if isinstance(found, ClassRef):
            yield found
        elif found is not None:
            yield found.name
        else:
            followed = self.evaluator.follow(placed)
            if followed == placed or depth > 5:
                yield None
            else:
                yield from self._types(followed, depth + 1)

    # how a block ends

    def outcomes(self, index: FileIndex, number: int, depth: int = 0) -> frozenset[Outcome]:
        """The ways in which control may leave block NUMBER on purpose; "fall" is by its end."""
        found: set[Outcome] = set()
        for step in _steps(index, number):
            ends = self._step(index, step, depth)
            found |= ends - {"fall"}
            if "fall" not in ends:
                return frozenset(found)
        return frozenset(found | {"fall"})

    def _step(self, index: FileIndex, step: Step, depth: int) -> frozenset[Outcome]:
        match step:
            case Return():
                raises = isinstance(step.value, Call) and _retries(step.value)
                return frozenset({"raise" if raises else "return"})
            case Raise():
                return frozenset({"raise"})
            case Jump():
                return frozenset({step.kind if step.kind != "pass" else "fall"})
            case Call():
                return self._call(index, step, depth)
        return self._compound(index, step, depth)

    def _call(self, index: FileIndex, call: Call, depth: int) -> frozenset[Outcome]:
        """A call is a way out when it never returns, or when it gets the exception and may raise it."""
        if _retries(call) or self.symbols.external(index.path, call.callee) in _NEVER_RETURN:
            return frozenset({"raise"})
        function = self.symbols.function(index.path, call.block, call.callee) if depth < _DEPTH else None
        if function is None:
            return frozenset({"fall"})
        ends = self.outcomes(self.symbols.index(function), function.block, depth + 1)
        if ends == {"raise"}:
            return ends
        return frozenset({"raise", "fall"}) if "raise" in ends and _gets_exception(index, call) else frozenset({"fall"})

    def _compound(self, index: FileIndex, blocks: tuple[int, ...], depth: int) -> frozenset[Outcome]:
        first = index.block(blocks[0])
        if first.kind == "try":
            return self._try(index, blocks, depth)
        ends = frozenset[Outcome]().union(*(self.outcomes(index, each, depth) for each in blocks))
        if first.kind in ("for", "while"):
            endless = first.kind == "while" and isinstance(first.value, Literal) and bool(first.value.value)
            stays = endless and "break" not in ends
            return (ends - {"break", "continue", "fall"}) | (frozenset() if stays else {"fall"})
        if first.kind == "with":
            return ends | {"fall"} if self._suppresses(index, first) else ends
        is_whole = first.kind == "if" and len(blocks) > 1
        return ends if is_whole else ends | {"fall"}

    def _try(self, index: FileIndex, blocks: tuple[int, ...], depth: int) -> frozenset[Outcome]:
        by_kind = {kind: [each for each in blocks if index.block(each).kind == kind] for kind in _PARTS}
        body = self.outcomes(index, by_kind["try"][0], depth)
        if any(handler.is_broad for handler in self.of(index, by_kind["try"][0])):
            body -= {"raise"}
        if "fall" in body and by_kind["else"]:
            body = (body - {"fall"}) | self.outcomes(index, by_kind["else"][0], depth)
        ends = body.union(*(self.outcomes(index, each, depth) for each in by_kind["except"]))
        for each in by_kind["finally"]:
            last = self.outcomes(index, each, depth)
            ends = ends | (last - {"fall"}) if "fall" in last else last
        return ends

    def _suppresses(self, index: FileIndex, block: Block) -> bool:
        return any(
            isinstance(item.value, Call) and self.symbols.external(index.path, item.value.callee) in _SUPPRESS
            for item in block.items
        )


_PARTS = ("try", "except", "else", "finally")


def parts_of_try(index: FileIndex, number: int) -> tuple[int, ...]:
    """The blocks of the `try` whose body is block NUMBER, that body first."""
    found = [number]
    for each in index.blocks_in(index.block(number).parent):
        if each <= number:
            continue
        kind = index.block(each).kind
        if kind not in ("except", "else", "finally", "lambda"):
            break
        if kind != "lambda":
            found.append(each)
    return tuple(found)


def _is_same(item: Raise, handler: Handler) -> bool:
    """`raise`, `raise e`, `raise e.with_traceback(…)`"""
    value = item.value.callee if isinstance(item.value, Call) else item.value
    if value is None:
        return True
    if not isinstance(value, Name) or handler.name is None:
        return False
    return value.ref == handler.name or value.ref == f"{handler.name}.with_traceback"


def _retries(call: Call) -> bool:
    """Whether it is a call like `self.retry()`, which raises."""
    return last_name(call.callee) == "retry" and throws(call) is not False


def throws(call: Call) -> bool | None:
    """Whether the `retry` call CALL raises Retry; None when that cannot be told."""
    given = call.argument(3, "throw")
    if given is None:
        return None if any(argument.star for argument in call.arguments) else True
    return bool(given.value.value) if isinstance(given.value, Literal) else None


def _gets_exception(index: FileIndex, call: Call) -> bool:
    """Whether a handler around CALL gives it the exception."""
    caught = {index.block(number).name for number in index.up(call.block) if index.block(number).kind == "except"}
    return any(isinstance(argument.value, Name) and argument.value.ref in caught for argument in call.arguments)


def _steps(index: FileIndex, number: int) -> list[Step]:
    """What stands directly in block NUMBER and may decide where control goes, in order; the blocks of one statement
    are one step."""
    plain: Iterable[Return | Raise | Jump | Call] = (
        *index.returns_in(number), *index.raises_in(number), *index.jumps_in(number), *index.discarded_in(number),
    )  # fmt: skip
    found: list[tuple[int, Return | Raise | Jump | Call | tuple[int, ...]]] = [
        (each.span.start, each) for each in plain
    ]
    statements: list[list[int]] = []
    for each in index.blocks_in(number):
        kind = index.block(each).kind
        before = index.block(statements[-1][0]).kind if statements else None
        if kind in ("except", "finally", "else") or kind == before == "case":
            statements[-1].append(each)
        elif kind not in ("lambda", "function", "class"):
            statements.append([each])
    found.extend((index.block(blocks[0]).span.start, tuple(blocks)) for blocks in statements)
    return [step for _, step in sorted(found, key=lambda item: item[0])]
