"""What base classes do around the tasks that they are bases of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal as OneOf

from celery_lint.facts.model import Argument, Call, Name
from celery_lint.project.code.index import last_name
from celery_lint.project.code.symbols import ClassRef, FunctionRef, Symbols

Star = OneOf["", "*", "**"]

_ON = frozenset({"__call__", "run"})


def calls_otherwise(base: ClassRef, symbols: Symbols) -> bool:
    """Whether BASE calls its tasks in a way of its own: with other arguments, or with another value coming back.

    `__call__` that enters a context, hands all on (`return super().__call__(*args, **kwargs)`) and changes nothing is
    Flask's way, and no way of its own.
    """
    if any(symbols.method(base, name) is not None for name in ("__new__", "run")):
        return True
    for item in symbols.lineage(base):
        if isinstance(item, ClassRef):
            own = symbols.files.python(item.path).methods.get((item.block, "__call__"))
            if own is not None and not _hands_on(FunctionRef(item.path, own.block), symbols):
                return True
    return False


def _hands_on(ref: FunctionRef, symbols: Symbols) -> bool:
    fact, index = symbols.fact(ref), symbols.index(ref)
    stars: dict[Star, str] = {item.star: f"%{item.name}" for item in fact.parameters if item.star}
    plain = [item for item in fact.parameters if not item.star]
    returns = index.returns(fact)
    if fact.is_async or fact.is_generator or len(plain) != 1 or set(stars) != {"*", "**"} or not returns:
        return False
    changed = any(assigned.target in stars.values() for assigned in index.assignments(fact))
    return not changed and all(_is_same_call(item.value, plain[0].name, stars) for item in returns)


def _is_same_call(value: object, own: str, stars: Mapping[Star, str]) -> bool:
    """`super().__call__(*args, **kwargs)`, `Task.__call__(self, *args, **kwargs)`, `self.run(*args, **kwargs)`."""
    if not isinstance(value, Call) or last_name(value.callee) not in _ON:
        return False
    arguments = list(value.arguments)
    unbound = isinstance(value.callee, Name) and value.callee.ref != f"%{own}.run"
    if unbound and arguments and not arguments[0].star and _is(arguments[0], f"%{own}"):
        arguments.pop(0)
    return len(arguments) == 2 and all(
        argument.star in stars and _is(argument, stars[argument.star]) for argument in arguments
    )


def _is(argument: Argument, ref: str) -> bool:
    return argument.keyword is None and isinstance(argument.value, Name) and argument.value.ref == ref
