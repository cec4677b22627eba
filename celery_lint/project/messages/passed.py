"""LINK: what a parameter without an annotation is given: the arguments of all calls, and of the signals it receives."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Assignment, Call, Function, Name, Parameter, Value
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.refs import FunctionRef, Internal
from celery_lint.project.code.symbols import Symbols

# A function that more files mention is no helper of anybody.
_FILES = 8
_SIGNALS = frozenset({"django.dispatch.Signal", "django.dispatch.dispatcher.Signal", "blinker.Signal"})
_SENDS = frozenset({"send", "send_robust", "asend", "asend_robust"})


class Passed:
    """Finds what functions are given."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.files = symbols.files

    def to(self, path: str, function: Function, parameter: Parameter) -> list[Placed]:
        """The arguments that PARAMETER of a plain function gets; empty when a call leaves it to its default, gives
        it in a way that is not seen, or when nobody calls the function."""
        index = self.files.python(path)
        if function.decorators or index.class_of(function) is not None or index.function_at(function.outer) is not None:
            return []
        paths = list(self.files.holding(function.name))
        if len(paths) > _FILES:
            return []
        position = function.parameters.index(parameter)
        found: list[Placed | None] = []
        for other in paths:
            found.extend(self._in_file(other, FunctionRef(path, function.block), function.name, position, parameter))
        given = [each for each in found if each is not None]
        return given if len(given) == len(found) else []

    def _in_file(
        self, path: str, ref: FunctionRef, name: str, position: int, parameter: Parameter
    ) -> Iterator[Placed | None]:
        for call in self.files.python(path).calls_named(name, "connect"):
            if last_name(call.callee) == name and self._leads_to(path, call, call.callee, ref):
                given = call.argument(None if parameter.keyword_only else position, parameter.name)
                yield Placed(path, call.block, given.value) if given is not None else None
            first = call.argument(0, "receiver")
            connects = last_name(call.callee) == "connect" and first is not None and last_name(first.value) == name
            if connects and first is not None and self._leads_to(path, call, first.value, ref):
                yield from self._sent(path, call, parameter.name)

    def _leads_to(self, path: str, call: Call, value: Value, ref: FunctionRef) -> bool:
        return self.symbols.function(path, call.block, value) == ref

    def _sent(self, path: str, connect: Call, name: str) -> Iterator[Placed | None]:
        """What `send` gives the receivers of a signal of the project for the keyword NAME."""
        signal = self._signal(path, connect)
        if signal is None or signal.fact is None or not isinstance(signal.fact, Assignment):
            yield None
            return
        called = (signal.fact.target or "").lstrip("@")
        for other in self.files.holding(called):
            for call in self.files.python(other).calls_named(*_SENDS):
                if self._signal(other, call) == signal:
                    given = call.argument(None, name)
                    yield Placed(other, call.block, given.value) if given is not None else None

    def _signal(self, path: str, call: Call) -> Internal | None:
        """`paid` of `paid.connect(…)` and `paid.send(…)`."""
        if not isinstance(call.callee, Name):
            return None
        target = self.symbols.target(path, call.callee.ref.rpartition(".")[0])
        if not isinstance(target, Internal) or target.rest or not isinstance(target.fact, Assignment):
            return None
        made = target.fact.value
        name = self.symbols.external(target.path, made.callee) if isinstance(made, Call) else None
        return target if name in _SIGNALS else None
