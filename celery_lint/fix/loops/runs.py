"""The runs of one function, and which of them share a loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import libcst as cst
from msgspec import Struct

from celery_lint.fix.code import Code
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.names import Names
from celery_lint.fix.outcome import Withheld
from celery_lint.remedy import RunCoroutines

_COROUTINES = {"asyncio.wait_for", "asyncio.sleep", "asyncio.wait", "asyncio.to_thread"}
# Steps of an asynchronous generator can be awaited, but are no coroutines: asyncio.run refuses them.
_STEPS = {"anext", "__anext__", "asend", "athrow"}
_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp)


class Run(Struct, frozen=True, eq=False):
    """One `loop.run_until_complete(argument)`."""

    call: cst.Call
    argument: Literal["coroutine", "awaitable", "unknown"]

    @property
    def loop(self) -> cst.BaseExpression:
        """What the method is called on."""
        assert isinstance(self.call.func, cst.Attribute)
        return self.call.func.value

    @property
    def awaited(self) -> cst.BaseExpression:
        """The argument."""
        return self.call.args[0].value


class Lifetime(Struct, frozen=True):
    """The runs that share one loop. START is the statement that sets it, None for the current loop; MANY says
    that more than one run may happen on it."""

    start: cst.CSTNode | None
    runs: tuple[Run, ...]
    many: bool


def read_runs(code: Code, names: Names, remedy: RunCoroutines) -> tuple[Run, ...]:
    """The runs a remedy asks to rewrite, checked to be in one plain function."""
    runs = tuple(
        _read_run(code, names, code.find(item.span, cst.Call), item.argument)
        for item in sorted(remedy.runs, key=lambda item: item.span)
    )
    functions = {code.function(run.call) for run in runs}
    if len(functions) != 1:
        raise Withheld("the loop is run in several functions")
    _check_function(code, functions.pop())
    return runs


def _read_run(code: Code, names: Names, call: cst.Call, argument: str) -> Run:
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "run_until_complete":
        raise Withheld(f"line {code.number(call)} runs no loop")
    if len(call.args) != 1 or call.args[0].star:
        raise Withheld(f"the arguments of the run on line {code.number(call)} are unusual")
    if any(isinstance(around, cst.GeneratorExp) for around in code.ancestors(call)):
        raise Withheld(f"the loop is run inside a generator expression (line {code.number(call)})")
    called = names.called(call.args[0].value) or ""
    if called in _COROUTINES:
        return Run(call, "coroutine")
    if called.rpartition(".")[2] in _STEPS:
        return Run(call, "awaitable")
    return Run(call, "coroutine" if argument == "coroutine" else "awaitable" if argument == "awaitable" else "unknown")


def _check_function(code: Code, function: cst.CSTNode) -> None:
    line = code.number(function)
    if isinstance(function, cst.Lambda):
        raise Withheld(f"the loop is run inside a lambda (line {line})")
    if isinstance(function, cst.ClassDef):
        raise Withheld(f"the loop is run in a class body (line {line})")
    if isinstance(function, cst.FunctionDef) and function.asynchronous is not None:
        raise Withheld(f"`{function.name.value}` is a coroutine and has to `await` instead")


def check_arguments(code: Code, runs: Iterable[Run]) -> None:
    """Refuse runs of something that may be no coroutine."""
    for run in runs:
        if run.argument == "unknown":
            written = code.text_of(run.awaited)
            shown = written if "\n" not in written and len(written) <= 40 else "the argument"
            raise Withheld(
                f"`{shown}` may be no coroutine, and asyncio.run takes only those (line {code.number(run.call)})"
            )


# Which runs share a loop


def lifetimes(code: Code, plumbing: Plumbing, runs: Sequence[Run]) -> tuple[Lifetime, ...]:
    """RUNS grouped by the loop they run on."""
    groups: dict[int, tuple[cst.CSTNode | None, list[Run]]] = {}
    for run in runs:
        own = plumbing.source(run.loop)
        start = run.call if own == "new" else None if own == "current" else _start(code, plumbing, run)
        groups.setdefault(id(start), (start, []))[1].append(run)
    return tuple(
        Lifetime(start, tuple(members), start is not members[0].call and _many(code, start, members))
        for start, members in groups.values()
    )


def _start(code: Code, plumbing: Plumbing, run: Run) -> cst.CSTNode:
    """The statement that sets the loop of RUN, on the way to it."""
    node: cst.CSTNode = run.call
    for around in code.ancestors(run.call):
        for sibling in _before(around, node):
            if plumbing.sets_loop(sibling):
                if plumbing.can_go(sibling):
                    return sibling
                raise Withheld(f"the loop is set up on one path only (line {code.number(sibling)})")
        if around is code.function(run.call):
            break
        node = around
    raise Withheld(f"the loop comes from elsewhere (line {code.number(run.call)})")


def _before(around: cst.CSTNode, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The statements that have run before NODE inside AROUND, the last one first."""
    if isinstance(around, cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite | cst.SimpleStatementLine):
        before: list[cst.CSTNode] = list(around.body)
        for sibling in reversed(before[: before.index(node)]):
            yield from reversed(sibling.body) if isinstance(sibling, cst.SimpleStatementLine) else [sibling]
    elif isinstance(around, cst.Try) and node is not around.body:
        yield from reversed(around.body.body)


class _Count(NamedTuple):
    """How many runs happen at most on the way through, and on a way that leaves."""

    through: int
    leaving: int = 0
    ends: bool = False

    @property
    def most(self) -> int:
        return self.leaving if self.ends else max(self.through, self.leaving)


_LEAVE = (cst.Return, cst.Raise, cst.Continue, cst.Break)


def _many(code: Code, start: cst.CSTNode | None, runs: Sequence[Run]) -> bool:
    """Whether one loop may be run more than once."""
    return (
        any(_repeats(code, start, run) for run in runs)
        or _Counter(code, runs).count(code.function(runs[0].call)).most > 1
    )


def _repeats(code: Code, start: cst.CSTNode | None, run: Run) -> bool:
    node: cst.CSTNode = run.call
    for around in code.ancestors(run.call):
        if around is code.function(run.call) or (start is not None and code.contains(around, start)):
            return False
        if isinstance(around, _COMPREHENSIONS):
            return True
        if isinstance(around, cst.While) or (isinstance(around, cst.For) and node is around.body):
            return True
        node = around
    return False


class _Counter:
    def __init__(self, code: Code, runs: Sequence[Run]) -> None:
        self.code = code
        self.calls = {run.call for run in runs}

    def count(self, node: cst.CSTNode | None) -> _Count:
        if node is None:
            return _Count(0)
        if isinstance(node, cst.Module | cst.IndentedBlock | cst.SimpleStatementSuite | cst.SimpleStatementLine):
            return self._sequence(node.body)
        if isinstance(node, cst.FunctionDef | cst.Else | cst.Finally | cst.ExceptHandler):
            return self._sequence([node.body])
        if isinstance(node, cst.If):
            return self._plus(self._plain(node.test), self._either(self.count(node.body), self.count(node.orelse)))
        if isinstance(node, cst.Try | cst.TryStar):
            return self._try(node)
        if isinstance(node, cst.Match):
            return self._plus(self._plain(node.subject), self._either(*(self.count(case.body) for case in node.cases)))
        if isinstance(node, cst.With):
            return self._sequence([*node.items, node.body])
        return _Count(self._plain(node).through, self._plain(node).through, isinstance(node, _LEAVE))

    def _plain(self, node: cst.CSTNode) -> _Count:
        return _Count(sum(call in self.calls for call in self.code.nodes(cst.Call, node)))

    def _sequence(self, nodes: Sequence[cst.CSTNode]) -> _Count:
        total = _Count(0)
        for node in nodes:
            total = self._plus(total, self.count(node))
            if total.ends:
                break
        return total

    def _plus(self, one: _Count, two: _Count) -> _Count:
        return _Count(one.through + two.through, max(one.leaving, one.through + two.leaving), two.ends)

    def _either(self, *branches: _Count) -> _Count:
        through = [branch.through for branch in branches if not branch.ends]
        return _Count(max(through, default=0), max((b.leaving for b in branches), default=0), not through)

    def _try(self, node: cst.Try | cst.TryStar) -> _Count:
        body = self.count(node.body)
        failed = [self._plus(_Count(body.most), self.count(handler)) for handler in node.handlers]
        whole = body if body.ends else self._plus(body, self.count(node.orelse))
        branches = self._either(whole, *failed)
        final = self.count(node.finalbody)
        return _Count(branches.through + final.most, branches.leaving + final.most, branches.ends)
