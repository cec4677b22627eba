"""What a value is without running anything."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from datetime import timedelta

from celery_lint.facts.model import (
    Attribute,
    Call,
    Entry,
    Function,
    Items,
    Literal,
    Name,
    Opaque,
    Operation,
    Subscript,
    Text,
)  # fmt: skip
from celery_lint.facts.model import Mapping as Dict
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.following import DEPTH, Follower
from celery_lint.project.code.placed import Evaluated, Known, Placed, Scalar, Unknown
from celery_lint.project.code.symbols import FunctionRef

__all__ = ["Evaluated", "Evaluator", "Known", "Placed", "Scalar", "Unknown"]

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
}  # fmt: skip
_TIMEDELTA = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
_ENVIRONMENT = frozenset(
    {"os.environ.get", "os.getenv", "os.environ.setdefault", "decouple.config", "environs.env", "os.environ.pop"}
)


class Evaluator(Follower):
    """Evaluates placed values."""

    _steps = _spreads = 0

    def _is_too_much(self, depth: int) -> bool:
        """Whether to give up: `b = a + a`, `c = b + b` and so on takes twice as long with each line."""
        self._steps = self._steps + 1 if depth else 0
        return depth > DEPTH or self._steps > _MOST_STEPS

    # scalars

    def scalar(self, placed: Placed, depth: int = 0) -> Evaluated:
        """The string, number, boolean or None that PLACED is."""
        if self._is_too_much(depth):
            return Unknown("it refers to itself")
        placed = self.follow(placed)
        match placed.value:
            case Literal():
                return Known(placed.value.value)
            case Text():
                return self._text(placed, placed.value, depth)
            case Operation():
                return self._operation(placed, placed.value, depth)
            case Call():
                return self._call(placed, placed.value, depth)
            case Subscript():
                return self._subscript(placed, placed.value, depth)
        return Unknown("it is computed at run time")

    def text(self, placed: Placed) -> Known[str] | Unknown:
        """The string that PLACED is."""
        found = self.scalar(placed)
        if isinstance(found, Known) and isinstance(found.value, str):
            return Known(found.value, found.from_environment)
        return found if isinstance(found, Unknown) else Unknown("it is no string")

    def _text(self, placed: Placed, value: Text, depth: int) -> Evaluated:
        known = [self.scalar(placed.at(part), depth + 1) for part in value.parts]
        pieces = [part for part in known if isinstance(part, Known)]
        if len(pieces) < len(known):
            return Unknown("a part of the string is computed at run time")
        return Known("".join(str(part.value) for part in pieces), any(part.from_environment for part in pieces))

    def _operation(self, placed: Placed, value: Operation, depth: int) -> Evaluated:
        left = self.scalar(placed.at(value.left), depth + 1)
        right = self.scalar(placed.at(value.right), depth + 1)
        if value.operator == "or":
            if isinstance(left, Known):
                return left if left.value or not isinstance(right, Known) else Known(right.value, left.from_environment)
            is_environment = isinstance(value.left, Call | Subscript) and isinstance(right, Known)
            return (
                Known(right.value, True) if is_environment and isinstance(right, Known) else Unknown("it is computed")
            )
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown("it is computed at run time")
        return _calculate(value.operator, left, right)

    def _call(self, placed: Placed, call: Call, depth: int) -> Evaluated:
        name = self.symbols.external(placed.path, call.callee)
        if name in ("builtins.int", "builtins.float", "builtins.str"):
            return self._converted(placed, call, name, depth)
        if name == "datetime.timedelta":
            return self._timedelta(placed, call)
        if last_name(call.callee) == "total_seconds":
            return self._total_seconds(placed, call, depth)
        if name is not None and (name in _ENVIRONMENT or _reads_environment(name)):
            default = call.argument(1, "default")
            known = self.scalar(placed.at(default.value), depth + 1) if default is not None else None
            return Known(known.value, True) if isinstance(known, Known) else Unknown("it comes from the environment")
        if name in ("pydantic.Field", "builtins.getattr"):
            default = call.argument(0 if name == "pydantic.Field" else 2, "default")
            if default is not None:
                known = self.scalar(placed.at(default.value), depth + 1)
                return Known(known.value, True) if isinstance(known, Known) else known
        function = self.symbols.function(placed.path, placed.block, call.callee)
        returned = self.returned(function, placed, call) if function is not None else None
        return self.scalar(returned, depth + 1) if returned is not None else Unknown("it is computed at run time")

    def returned(self, function: FunctionRef, placed: Placed, call: Call) -> Placed | None:
        """The one expression that calling FUNCTION returns, with its parameters bound to CALL's arguments."""
        index = self.symbols.index(function)
        fact = self.symbols.fact(function)
        returns = index.returns(fact)
        if len(returns) != 1 or returns[0].value is None or fact.is_generator:
            return None
        return Placed(function.path, returns[0].block, returns[0].value, self.bind(fact, placed, call))

    def bind(self, fact: Function, placed: Placed, call: Call) -> dict[str, Placed]:
        """The parameters of FACT, each with the argument that CALL gives it or its default."""
        bound: dict[str, Placed] = {}
        plain = [parameter for parameter in fact.parameters if not parameter.star]
        skip = 1 if plain and plain[0].name in ("self", "cls") else 0
        for position, parameter in enumerate(plain[skip:]):
            argument = call.argument(None if parameter.keyword_only else position, parameter.name)
            if argument is not None:
                bound[parameter.name] = placed.at(argument.value)
            elif parameter.default is not None and not call.is_open:
                bound[parameter.name] = Placed(placed.path, fact.outer, parameter.default)
        collecting = next((item.name for item in fact.parameters if item.star == "**"), None)
        if collecting is not None and not call.is_open:
            names = {parameter.name for parameter in plain}
            bound[collecting] = placed.at(_mapping(call, names))
        return bound

    def _converted(self, placed: Placed, call: Call, name: str, depth: int) -> Evaluated:
        if not call.arguments:
            return Unknown("it is empty")
        inner = self.scalar(placed.at(call.arguments[0].value), depth + 1)
        if isinstance(inner, Unknown):
            return inner
        if name == "builtins.int" and isinstance(inner.value, float) and math.isfinite(inner.value):
            return Known(int(inner.value), inner.from_environment)
        convert: Callable[[str], Scalar] = {"builtins.int": int, "builtins.float": float, "builtins.str": str}[name]
        try:
            return Known(convert(str(inner.value)), inner.from_environment)
        except ValueError:
            return Unknown("it is no number")

    def _timedelta(self, placed: Placed, call: Call) -> Evaluated:
        units: dict[str, float] = {}
        for position, argument in enumerate(call.arguments):
            known = self.scalar(placed.at(argument.value))
            name = argument.keyword or (_TIMEDELTA[position] if not argument.star and position < 7 else None)
            if name is None or not isinstance(known, Known) or not isinstance(known.value, int | float):
                return Unknown("it is computed at run time")
            units[name] = known.value
        try:
            return Known(timedelta(**units).total_seconds())
        except (TypeError, OverflowError):
            return Unknown("it is no valid timedelta")

    def _total_seconds(self, placed: Placed, call: Call, depth: int) -> Evaluated:
        """A timedelta is its seconds here, so it stays what it is."""
        match call.callee:
            case Attribute(value=owner):
                found = self.scalar(placed.at(owner), depth + 1)
            case Name(ref=ref, span=span) if ref.count("."):
                found = self.scalar(placed.at(Name(ref.rpartition(".")[0], span)), depth + 1)
            case _:
                return Unknown("it is computed at run time")
        is_number = isinstance(found, Known) and isinstance(found.value, int | float)
        return found if is_number else Unknown("it is computed at run time")

    def _subscript(self, placed: Placed, value: Subscript, depth: int) -> Evaluated:
        if isinstance(value.value, Name) and value.value.ref == "os.environ":
            return Unknown("it comes from the environment")
        owner = self.follow(placed.at(value.value))
        index = self.scalar(placed.at(value.index), depth + 1)
        if not isinstance(index, Known):
            return Unknown("it is computed at run time")
        match owner.value:
            case Dict():
                for entry in owner.value.entries:
                    if isinstance(entry.key, Literal) and entry.key.value == index.value:
                        return self.scalar(owner.at(entry.value), depth + 1)
            case Items() if isinstance(index.value, int) and -len(owner.value.items) <= index.value < len(
                owner.value.items
            ):
                return self.scalar(owner.at(owner.value.items[index.value]), depth + 1)
        return Unknown("it is computed at run time")

    # collections

    def entries(self, placed: Placed, depth: int = 0) -> Iterator[tuple[Known[str] | Unknown, Placed, Placed]]:
        """(key, where the key is written, value) of a dict; an Unknown key stands for what cannot be seen."""
        if depth == 0:
            self._spreads = 0
        placed = self.follow(placed)
        match placed.value:
            case Dict():
                for entry in placed.value.entries:
                    if entry.key is None:
                        yield from self._spread(placed.at(entry.value), depth)
                    else:
                        yield self.text(placed.at(entry.key)), placed.at(entry.key), placed.at(entry.value)
            case Operation(operator="|"):
                yield from self._spread(placed.at(placed.value.left), depth)
                yield from self._spread(placed.at(placed.value.right), depth)
            case Call() if self.symbols.external(placed.path, placed.value.callee) in (
                "builtins.dict",
                "collections.OrderedDict",
            ):
                yield from self._dict_call(placed, placed.value, depth)
            case Call():
                function = self.symbols.function(placed.path, placed.block, placed.value.callee)
                returned = self.returned(function, placed, placed.value) if function is not None else None
                yield from self._spread(returned or placed, depth) if returned else [_open(placed)]
            case _:
                yield _open(placed)

    def _spread(self, placed: Placed, depth: int) -> Iterator[tuple[Known[str] | Unknown, Placed, Placed]]:
        self._spreads += 1
        if depth > DEPTH or self._spreads > _MOST_STEPS:
            yield _open(placed)
            return
        yield from self.entries(placed, depth + 1)

    def _dict_call(
        self, placed: Placed, call: Call, depth: int
    ) -> Iterator[tuple[Known[str] | Unknown, Placed, Placed]]:
        for argument in call.arguments:
            if argument.keyword is not None:
                name = placed.at(Literal(argument.keyword, argument.span))
                yield Known(argument.keyword), name, placed.at(argument.value)
            else:
                yield from self._spread(placed.at(argument.value), depth)

    def items(self, placed: Placed, depth: int = 0) -> list[Placed] | None:
        """The items of a list, tuple or set; None when they cannot all be seen."""
        if self._is_too_much(depth):  # `NAMES = NAMES + [...]`
            return None
        placed = self.follow(placed)
        if isinstance(placed.value, Operation) and placed.value.operator == "+":
            left, right = (self.items(placed.at(side), depth + 1) for side in (placed.value.left, placed.value.right))
            return [*left, *right] if left is not None and right is not None else None
        if not isinstance(placed.value, Items):
            return None
        found: list[Placed] = []
        for item in placed.value.items:
            if isinstance(item, Opaque):
                inner = self.items(placed.at(item.parts[0]), depth + 1) if len(item.parts) == 1 else None
                if inner is None:
                    return None
                found.extend(inner)
            else:
                found.append(placed.at(item))
        return found

    def texts(self, placed: Placed) -> list[str] | None:
        """The strings of a list, tuple or set of strings, or the one string; None when not all can be seen."""
        single = self.text(placed)
        if isinstance(single, Known):
            return [single.value]
        items = self.items(placed)
        if items is None:
            return None
        known = [self.text(item) for item in items]
        strings = [item.value for item in known if isinstance(item, Known)]
        return strings if len(strings) == len(known) else None


def _open(placed: Placed) -> tuple[Unknown, Placed, Placed]:
    return Unknown("it is computed at run time"), placed, placed


def _mapping(call: Call, taken: set[str]) -> Dict:
    extra = [a for a in call.arguments if a.keyword is not None and a.keyword not in taken]
    return Dict(tuple(Entry(Literal(a.keyword, a.span), a.value, a.span) for a in extra), call.span)


def _reads_environment(name: str) -> bool:
    head, _, last = name.rpartition(".")
    return head.endswith(("environ", ".env")) and last in ("get", "str", "int", "bool", "float", "list")


_MOST_STEPS = 3_000
# Neither `float` nor `str` can be relied on with greater numbers, and texts that double themselves fill all memory.
_MOST, _LONGEST = 2**63 - 1, 100_000


def _calculate(sign: str, left: Known[Scalar], right: Known[Scalar]) -> Evaluated:
    a, b = left.value, right.value
    from_environment = left.from_environment or right.from_environment
    if isinstance(a, str) and isinstance(b, str) and sign == "+" and len(a) + len(b) <= _LONGEST:
        return Known(a + b, from_environment)
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return Unknown("it is computed at run time")
    calculate = _ARITHMETIC.get(sign)
    try:
        result = calculate(a, b) if calculate is not None else None
    except (ZeroDivisionError, OverflowError):
        return Unknown("it is computed at run time")
    if result is None or not -_MOST <= result <= _MOST:
        return Unknown("it is computed at run time")
    return Known(result, from_environment)
