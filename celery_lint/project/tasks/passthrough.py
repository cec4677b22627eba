"""Decorators and base classes that call the function of a task with the very arguments they are called with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from celery_lint.facts.model import Argument, Attribute, Call, Function, Name, Parameter
from celery_lint.project.code.expressions import last_name, within
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.symbols import FunctionRef, Symbols

_KNOWN = frozenset({"django.db.transaction.atomic"})
_CONTEXT_MANAGERS = frozenset({"contextlib.contextmanager"})
_READS = frozenset({"get", "items", "keys", "values", "copy", "index", "count"})
_LOGS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})


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
    if wrapper is None or not fact.parameters:
        return False
    given = f"%{fact.parameters[0].name}"
    calls = [call for call in index.calls(wrapper) if isinstance(call.callee, Name) and call.callee.ref == given]
    return _hands_on(index, wrapper, wrapper.parameters, calls)


def call_hands_on(method: FunctionRef, symbols: Symbols) -> bool:
    """Whether the `__call__` of a base class surely hands all arguments on to its task, and adds none."""
    index, fact = symbols.index(method), symbols.fact(method)
    calls = [call for call in index.calls(fact) if runs_task(call, fact.parameters)]
    return _hands_on(index, fact, fact.parameters[1:], calls)


def runs_task(call: Call, parameters: Sequence[Parameter]) -> bool:
    """Whether CALL, in a `__call__` with PARAMETERS, runs the task: `super().__call__(…)`, `self.run(…)`,
    `TaskBase.__call__(self, …)`."""
    callee, this = call.callee, f"%{parameters[0].name}" if parameters else ""
    if isinstance(callee, Attribute):
        return callee.name in ("__call__", "run") and last_name(getattr(callee.value, "callee", callee)) == "super"
    return isinstance(callee, Name) and (callee.ref == f"{this}.run" or callee.ref.endswith(".__call__"))


def _hands_on(index: FileIndex, fact: Function, parameters: Sequence[Parameter], calls: Sequence[Call]) -> bool:
    """Whether FACT takes anything (PARAMETERS) and makes CALLS with just that."""
    if [parameter.star for parameter in parameters] != ["*", "**"] or fact.is_async or not calls:
        return False
    stars = [f"%{parameter.name}" for parameter in parameters]
    given = [_given(call, fact.parameters) for call in calls]
    return all(_stars(arguments) == stars for arguments in given) and not _changes(index, fact, stars)


def _given(call: Call, parameters: Sequence[Parameter]) -> list[Argument]:
    """The arguments of CALL without the instance that a method of a class is given: `TaskBase.__call__(self, …)`."""
    this = {"%" + each.name for each in parameters[:1]}
    unbound = isinstance(call.callee, Name) and call.callee.ref.rpartition(".")[0] not in this
    return [each for each in call.arguments if not (unbound and _is_one_of(each, this))]


def _is_one_of(argument: Argument, refs: Collection[str]) -> bool:
    return isinstance(argument.value, Name) and not argument.star and argument.value.ref in refs


def _changes(index: FileIndex, wrapper: Function, stars: Sequence[str]) -> bool:
    """Whether a wrapper may change what it was called with: `kwargs.pop("x")`, `kwargs["x"] = 1`, `fill(kwargs)`."""
    for call in index.calls(wrapper):
        owner, _, method = call.callee.ref.rpartition(".") if isinstance(call.callee, Name) else ("", "", "")
        if owner in stars and method not in _READS:
            return True
        is_harmless = owner == "builtins" or method in _LOGS
        if not is_harmless and any(_is_one_of(each, stars) for each in call.arguments):
            return True
    targets = [each.target_value for each in index.assignments(wrapper)]
    others = [each.value for each in index.facts.evaluations if index.function_at(each.block) == wrapper]
    written = (value for each in (*targets, *others) for value in within(each))
    return any(isinstance(value, Name) and value.ref in stars for value in written)


def _returned(index: FileIndex, fact: Function) -> Function | None:
    """The function defined in FACT that each of its `return`s names."""
    returned = {each.value.ref if isinstance(each.value, Name) else None for each in index.returns(fact)}
    found = [each for each in index.inside(fact) if index.function_at(each.outer) == fact]
    return found[0] if len(found) == 1 and returned == {f"%{found[0].name}"} else None


def _stars(arguments: Sequence[Argument]) -> list[str | None]:
    """What is unpacked in a call, and None for all other arguments."""
    return [each.value.ref if each.star and isinstance(each.value, Name) else None for each in arguments]
