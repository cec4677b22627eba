"""LINK: settings that are picked from an object by their names, or all that it has:
`{k: v for k, v in settings.__dict__.items() if k.startswith("CELERY_")}`, `vars(Config)`, `settings.model_dump()`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.model import Attribute, Call, Literal, Name, Opaque, Operation, Value
from celery_lint.project.code.expressions import called_on, last_name

_VARS, _NAMES = frozenset({"builtins.vars"}), frozenset({"builtins.vars", "builtins.dir"})
_DUMPS = frozenset({"model_dump", "dict"})


class Picked(Struct, frozen=True):
    """What is picked from the object OWNER: all whose names begin with PREFIX, under these names, or RENAMED (without
    the prefix, in small letters). COMPLETE: all of them, as far as can be seen."""

    owner: Value
    prefix: str
    renamed: bool
    complete: bool


def picked(value: Value) -> Picked | None:
    """What VALUE, a dict, has of the names of an object; None when it is made in another way."""
    whole = _whole(value)
    if whole is not None:
        return Picked(whole, "", False, True)
    if not isinstance(value, Opaque) or len(value.parts) != 3 or not isinstance(value.parts[2], Opaque):
        return None
    key, _, loop = value.parts
    assert isinstance(loop, Opaque)
    owner = _gone_over(loop.parts[1]) if len(loop.parts) > 1 else None
    if owner is None:
        return None
    filters = [part for given in loop.parts[2:] for part in _conditions(given) if not _is_plain(part)]
    prefixes = [found for found in map(_prefix, filters) if found is not None]
    return Picked(owner, prefixes[0] if prefixes else "", not isinstance(key, Name), len(prefixes) == len(filters))


def _gone_over(source: Value) -> Value | None:
    """The object whose names SOURCE goes over: `dir(x)`, `vars(x).items()`, `x.__dict__.items()`, `x.dict().items()`"""
    if not isinstance(source, Call):
        return None
    if _is_call_of(source, _NAMES):
        return source.arguments[0].value
    held = called_on(source.callee) if last_name(source.callee) == "items" else None
    return _whole(held) if held is not None else None


def _whole(value: Value) -> Value | None:
    """The object all of whose names the dict VALUE has: `vars(x)`, `x.__dict__`, `x.model_dump()`."""
    if isinstance(value, Call):
        if _is_call_of(value, _VARS):
            return value.arguments[0].value
        is_dict = isinstance(value.callee, Name) and value.callee.ref.startswith("builtins.")
        return called_on(value.callee) if last_name(value.callee) in _DUMPS and not is_dict else None
    if isinstance(value, Name) and value.ref.endswith(".__dict__"):
        return Name(value.ref.removesuffix(".__dict__"), value.span)
    return value.value if isinstance(value, Attribute) and value.name == "__dict__" else None


def _is_call_of(call: Call, names: frozenset[str]) -> bool:
    return isinstance(call.callee, Name) and call.callee.ref in names and len(call.arguments) == 1


def _conditions(value: Value) -> Iterator[Value]:
    """What is asked for in VALUE, a chain of `and`."""
    if isinstance(value, Operation) and value.operator == "and":
        yield from _conditions(value.left)
        yield from _conditions(value.right)
    else:
        yield value


def _prefix(condition: Value) -> str | None:
    """`name.startswith("CELERY_")`"""
    if not isinstance(condition, Call) or last_name(condition.callee) != "startswith" or len(condition.arguments) != 1:
        return None
    given = condition.arguments[0].value
    return given.value if isinstance(given, Literal) and isinstance(given.value, str) else None


def _is_plain(condition: Value) -> bool:
    """`name.isupper()`: it leaves out what is no setting anyway."""
    return isinstance(condition, Call) and last_name(condition.callee) == "isupper"
