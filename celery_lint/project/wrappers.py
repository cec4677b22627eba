"""Decorators that call the function they wrap with the very arguments they are called with."""

from __future__ import annotations

from collections.abc import Sequence

from celery_lint.facts.model import Argument, Call, Function, Name
from celery_lint.project.index import FileIndex, within
from celery_lint.project.placed import Placed
from celery_lint.project.symbols import Symbols

_KNOWN = frozenset({"django.db.transaction.atomic"})
_CONTEXT_MANAGERS = frozenset({"contextlib.contextmanager"})


def passes_arguments_on(decorator: Placed, symbols: Symbols) -> bool:
    """Whether what DECORATOR puts around a function surely hands all arguments on to it, and adds none."""
    value = decorator.value
    callee = value.callee if isinstance(value, Call) else value
    if symbols.external(decorator.path, callee) in _KNOWN:
        return True
    ref = symbols.function(decorator.path, decorator.block, callee)
    if ref is None:
        return False
    index, fact = symbols.index(ref), symbols.fact(ref)
    if isinstance(value, Call):
        return _is_context_manager(index, fact, symbols) or _makes_decorator(index, fact)
    return _is_decorator(index, fact)


def _is_context_manager(index: FileIndex, fact: Function, symbols: Symbols) -> bool:
    """`@contextmanager`: calling what it makes gives a decorator too."""
    return any(symbols.external(index.path, each) in _CONTEXT_MANAGERS for each in fact.decorators)


def _makes_decorator(index: FileIndex, fact: Function) -> bool:
    """A function that always returns the one decorator it defines."""
    inner = _returned(index, fact)
    return inner is not None and _is_decorator(index, inner)


def _is_decorator(index: FileIndex, fact: Function) -> bool:
    """A function that always returns the one wrapper it defines, which calls what the function is given."""
    wrapper = _returned(index, fact)
    if wrapper is None or not fact.parameters or not _takes_everything(wrapper):
        return False
    given = f"%{fact.parameters[0].name}"
    calls = [call for call in index.calls(wrapper) if isinstance(call.callee, Name) and call.callee.ref == given]
    stars = [f"%{parameter.name}" for parameter in wrapper.parameters]
    return (
        bool(calls) and all(_stars(call.arguments) == stars for call in calls) and not _changes(index, wrapper, stars)
    )


def _changes(index: FileIndex, wrapper: Function, stars: Sequence[str]) -> bool:
    """Whether a wrapper may change what it was called with: `kwargs.pop("trace")`, `kwargs["x"] = 1`."""
    owners = (call.callee.ref.rpartition(".")[0] for call in index.calls(wrapper) if isinstance(call.callee, Name))
    targets = [each.target_value for each in index.assignments(wrapper)]
    others = [each.value for each in index.facts.evaluations if index.function_at(each.block) == wrapper]
    written = (within(value) for value in (*targets, *others))
    return any(owner in stars for owner in owners) or any(
        isinstance(value, Name) and value.ref in stars for values in written for value in values
    )


def _returned(index: FileIndex, fact: Function) -> Function | None:
    """The function defined in FACT that each of its `return`s names."""
    returned = {each.value.ref if isinstance(each.value, Name) else None for each in index.returns(fact)}
    found = [each for each in index.inside(fact) if index.function_at(each.outer) == fact]
    return found[0] if len(found) == 1 and returned == {f"%{found[0].name}"} else None


def _takes_everything(wrapper: Function) -> bool:
    return [parameter.star for parameter in wrapper.parameters] == ["*", "**"] and not wrapper.is_async


def _stars(arguments: Sequence[Argument]) -> list[str | None]:
    """What is unpacked in a call, and None for all other arguments."""
    return [each.value.ref if each.star and isinstance(each.value, Name) else None for each in arguments]
