"""LINK: what a call does to a session that it is given, or that its object was made with: `repository.create(…)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf

from celery_lint.facts.model import Call, Function, Name
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.refs import FunctionRef
from celery_lint.project.code.symbols import Symbols

Effect = OneOf["writes", "may end"]

_WRITES = frozenset({"add", "add_all", "flush", "delete", "merge", "bulk_save_objects"})
_ENDS = frozenset({"commit", "rollback", "close"})
_SELF = "%self"


class Through:
    """Says what functions and methods of the project do to the sessions of those who call them."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._known: dict[tuple[FunctionRef, str], Effect | None] = {}

    def effects(self, index: FileIndex, call: Call) -> Iterator[tuple[str, Effect]]:
        """What CALL does to local variables that may hold a session, each by its name."""
        made_with = tuple(self._made_with(index, call))
        given = [argument for argument in call.arguments if _is_local(argument.value)]
        if not made_with and not given:
            return
        function = self.symbols.function(index.path, call.block, call.callee)
        fact = self.symbols.fact(function) if function is not None else None
        for argument in given:
            assert isinstance(argument.value, Name)
            name = _parameter(fact, call, argument.value) if fact is not None else None
            effect = self._effect(function, f"%{name}") if function is not None and name is not None else "may end"
            if effect is not None:
                yield argument.value.ref, effect
        for session in made_with:
            effect = self._effect(function, _SELF) if function is not None else "may end"
            if effect is not None:
                yield session, effect

    def _made_with(self, index: FileIndex, call: Call) -> Iterator[str]:
        """The local variables that the object whose method CALL is was made with: `repo = Repo(session)`."""
        owner = call.callee.ref.rpartition(".")[0] if isinstance(call.callee, Name) else ""
        assigned = self.symbols.assigned(index.path, call.block, owner) if owner.startswith("%") else []
        for made in (each.value for each in assigned):
            if isinstance(made, Call):
                yield from (each.value.ref for each in made.arguments if isinstance(each.value, Name))

    def _effect(self, function: FunctionRef, session: str) -> Effect | None:
        key = (function, session)
        if key not in self._known:
            self._known[key] = self._find_effect(function, session)
        return self._known[key]

    def _find_effect(self, function: FunctionRef, session: str) -> Effect | None:
        """What the body of FUNCTION does to the session that is called SESSION in it, or is an attribute of `self`."""
        index = self.symbols.index(function)
        calls = index.calls(self.symbols.fact(function))
        if any(last_name(call.callee) in _ENDS or _hands_on(call, session) for call in calls):
            return "may end"
        return "writes" if any(_writes(call, session) for call in calls) else None


def _is_local(value: object) -> bool:
    return isinstance(value, Name) and value.ref.startswith("%") and "." not in value.ref


def _parameter(fact: Function, call: Call, value: Name) -> str | None:
    """The parameter of FACT that CALL gives VALUE to."""
    plain = [parameter.name for parameter in fact.parameters if not parameter.star]
    skip = 1 if plain and plain[0] in ("self", "cls") else 0
    for position, argument in enumerate(call.arguments):
        if argument.value is value:
            if argument.keyword is not None:
                return argument.keyword if argument.keyword in plain else None
            return plain[position + skip] if not argument.star and position + skip < len(plain) else None
    return None


def _hands_on(call: Call, session: str) -> bool:
    """Whether CALL gives the session to somebody else."""
    given = (argument.value for argument in call.arguments)
    is_self = session == _SELF and isinstance(call.callee, Name) and call.callee.ref.count(".") == 1
    others = is_self and isinstance(call.callee, Name) and call.callee.ref.startswith(f"{_SELF}.")
    return others or any(isinstance(value, Name) and (value.ref + ".").startswith(f"{session}.") for value in given)


def _writes(call: Call, session: str) -> bool:
    owner, _, method = call.callee.ref.rpartition(".") if isinstance(call.callee, Name) else ("", "", "")
    return method in _WRITES and (owner == session if session != _SELF else owner.startswith(f"{_SELF}."))
