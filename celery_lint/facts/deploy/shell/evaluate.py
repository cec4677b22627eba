"""Walk a script as a shell would and say which simple commands it may run, under which conditions."""

from __future__ import annotations

from itertools import takewhile

from msgspec import Struct, field

from celery_lint.facts.deploy.shell.conditions import condition, is_test, matches, negated, tests_for_empty
from celery_lint.facts.deploy.shell.expand import Expander, Scope, Value
from celery_lint.facts.deploy.shell.parser import parse
from celery_lint.facts.deploy.shell.tree import (
    Assign,
    Case,
    Chain,
    FunctionDefinition,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Simple,
)
from celery_lint.facts.deploy.text import LONGEST_VALUE, DeployFile, Spanned, joined, spread
from celery_lint.facts.model import Condition

MOST_STEPS = 5_000
MOST_ROUNDS = 20
DEEPEST_CALL = 4
_DECLARATIONS = frozenset(["export", "declare", "local", "readonly", "typeset"])


class Run(Struct, frozen=True):
    """A simple command that the script may run: its words, and what is set for it alone or exported to it."""

    words: tuple[Spanned, ...]
    environment: dict[str, str | None]
    conditions: tuple[Condition, ...]
    workdir: str | None


def runs(file: DeployFile, text: Spanned, scope: Scope) -> list[Run]:
    """The simple commands of the shell script TEXT, in order. SCOPE is what the shell knows at its start."""
    evaluator = _Evaluator(file, Expander(file, text), scope)
    evaluator.block(parse(text.value))
    evaluator.uncalled_functions()
    return _without_repeats(evaluator.found)


def _without_repeats(found: list[Run]) -> list[Run]:
    """FOUND, where the same command in several branches of one `if` is one command."""
    kept = dict[tuple[str, ...], Run]()
    for index, run in enumerate(found):
        key = tuple(word.value for word in run.words) if run.conditions else (str(index),)
        kept.setdefault((*key, "" if run.conditions else "unconditional"), run)
    return list(kept.values())


class _Evaluator(Struct):
    file: DeployFile
    expander: Expander
    scope: Scope
    found: list[Run] = field(default_factory=list)
    conditions: tuple[Condition, ...] = ()
    called: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    steps: int = 0

    def block(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            self.steps += 1
            if self.steps > MOST_STEPS:
                return
            self.node(node)

    def node(self, node: Node) -> None:
        match node:
            case Simple():
                self.simple(node)
            case Chain():
                self.chain(node)
            case Pipeline(steps=steps):
                self.block(steps)
            case If():
                self.conditional(node)
            case Case():
                self.case(node)
            case Loop():
                self.loop(node)
            case Group(body=body, subshell=subshell):
                outer = self.scope
                self.scope = outer.copy() if subshell else outer
                self.block(body)
                self.scope = outer
            case FunctionDefinition(name=name, body=body):
                self.scope.functions[name] = body

    def simple(self, node: Simple) -> None:
        if not node.words:
            for assign in node.assigns:
                self.assign(assign, self.scope)
            return
        words = tuple(field for word in node.words for field in self.expander.fields(word, self.scope))
        name = words[0].value if words else ""
        if name in _DECLARATIONS:
            self.declare(name, node, words)
        elif name in self.scope.functions and name not in self.calls and len(self.calls) < DEEPEST_CALL:
            self.call(name, words[1:])
        elif name in ("cd", "pushd"):
            self.scope.workdir = self.file.known(words[1].value) if len(words) == 2 else None
        elif words:
            self.found.append(Run(words, self.environment(node.assigns), self.conditions, self.scope.workdir))

    def declare(self, name: str, node: Simple, words: tuple[Spanned, ...]) -> None:
        for assign in node.assigns:
            self.assign(assign, self.scope)
        exports = name == "export" or any(word.value.startswith("-") and "x" in word.value for word in words[1:])
        if exports:
            self.scope.exported |= {assign.name for assign in node.assigns} | {word.value for word in words[1:]}

    def environment(self, assigns: tuple[Assign, ...]) -> dict[str, str | None]:
        """What a command gets that has ASSIGNS in front of it."""
        scope = self.scope.copy()
        for assign in assigns:
            self.assign(assign, scope)
            scope.exported.add(assign.name)
        exported = {name: scope.variables[name] for name in sorted(scope.exported) if name in scope.variables}
        return {name: self.file.known(value.value) for name, value in exported.items() if isinstance(value, Spanned)}

    def assign(self, assign: Assign, scope: Scope) -> None:
        value: Value
        if isinstance(assign.value, tuple):
            value = tuple(item for word in assign.value for item in self.expander.fields(word, scope))
        else:
            value = self.expander.single(assign.value, scope)
        scope.variables[assign.name] = self.appended(scope, assign.name, value) if assign.append else value

    def appended(self, scope: Scope, name: str, value: Value) -> Value:
        before = scope.variables.get(name)
        if isinstance(before, tuple) or isinstance(value, tuple):
            return (*_items(before), *_items(value))[:LONGEST_VALUE]
        start = spread(self.file.hole(name), value.place) if before is None else before
        if len(start) + len(value) > LONGEST_VALUE:
            return spread(self.file.hole(), value.place)
        return joined([start, value])

    def call(self, name: str, arguments: tuple[Spanned, ...]) -> None:
        conditions = self.conditions
        outer, self.scope.positional = self.scope.positional, arguments
        self.called.add(name)
        self.calls.append(name)
        self.node(self.scope.functions[name])
        self.calls.pop()
        self.conditions = conditions
        self.scope.positional = outer

    def uncalled_functions(self) -> None:
        """Functions that something else may call: a sourced script, a trap."""
        for name in [name for name in self.scope.functions if name not in self.called]:
            self.conditions = ()
            self.node(self.scope.functions[name])

    def chain(self, node: Chain) -> None:
        self.node(node.steps[0])
        before, previous = self.conditions, node.steps[0]
        for operator, step in zip(node.operators, node.steps[1:], strict=True):
            if operator == "&&" and not is_test(previous):
                # `migrate && celery …` is how things are started, not a choice between two.
                self.node(step)
            else:
                self.after_test(previous, operator, step)
            previous = step
        self.conditions = before

    def after_test(self, previous: Node, operator: str, step: Node) -> None:
        """STEP, which runs when the test PREVIOUS holds (or not, for `||`)."""
        found = condition((previous,), self.expander, self.scope)
        found = found if operator == "&&" else negated(found)
        empty = tests_for_empty((previous,)) if operator == "&&" else None
        if found is not False:
            after = self.alone((step,), found)
            self.scope = after if found is True else self.merged([after, self.scope], empty)
            self.conditions = _and(self.conditions, found)

    def merged(self, scopes: list[Scope], empty: str | None = None) -> Scope:
        """What is known when any of SCOPES may be the case."""
        first = scopes[0]
        if len(scopes) == 1:
            return first
        result = first.copy()
        for other in scopes[1:]:
            result.functions.update(other.functions)
            result.exported |= other.exported
        if len({scope.workdir for scope in scopes}) > 1:
            result.workdir = None
        for name in sorted({name for scope in scopes for name in scope.variables}):
            values = [scope.variables.get(name) for scope in scopes]
            result.variables[name] = self.one_of(name, values, is_default=name == empty)
        return result

    def one_of(self, name: str, values: list[Value | None], is_default: bool) -> Value:
        first = values[0]
        if first is not None and all(value is not None and _texts(value) == _texts(first) for value in values):
            return first
        place = (0, 0) if not isinstance(first, Spanned) else first.place
        if is_default and isinstance(first, Spanned) and values[1:] == [None]:
            return spread(self.file.hole(name, first.value), place)
        return spread(self.file.hole(), place)

    def conditional(self, node: If) -> None:
        outer, ends, leaves = self.conditions, list[Scope](), list[Condition | bool]()
        empty = None
        for nodes, body in node.branches:
            self.block(nodes)
            test = condition(nodes, self.expander, self.scope)
            empty = tests_for_empty(nodes) if len(node.branches) == 1 and node.orelse is None else None
            if test is not False:
                end = self.alone(body, test)
                leaves.append(negated(test) if _leaves(body) else False)
                ends.extend([] if _leaves(body) or _fails(body) else [end])
            if test is True:
                break
            self.conditions = _and(self.conditions, negated(test))
        else:
            ends.append(self.alone(node.orelse or (), True))
        self.conditions = outer
        for left in takewhile(lambda left: left is not False, leaves):
            self.conditions = _and(self.conditions, left)
        self.scope = self.merged(ends, empty) if ends else self.scope

    def alone(self, body: tuple[Node, ...], test: Condition | bool) -> Scope:
        """The scope at the end of BODY, run in a copy of this one."""
        conditions, scope = self.conditions, self.scope
        self.conditions, self.scope = _and(conditions, test), scope.copy()
        self.block(body)
        end = self.scope
        self.conditions, self.scope = conditions, scope
        return end

    def case(self, node: Case) -> None:
        outer, ends, earlier = self.conditions, list[Scope](), list[str]()
        for words, body in node.branches:
            patterns = tuple(self.expander.single(word, self.scope).value for word in words)
            if "*" in patterns:
                test = matches(node.subject, tuple(earlier), self.expander, self.scope, negated=True)
            else:
                test = matches(node.subject, patterns, self.expander, self.scope)
            earlier.extend(patterns)
            if test is not False:
                ends.append(self.alone(body, test))
            if "*" in patterns or test is True:
                break
        else:
            ends.append(self.scope)
        self.conditions = outer
        self.scope = self.merged(ends) if ends else self.scope

    def loop(self, node: Loop) -> None:
        if node.variable is None:
            self.block(node.condition)
            self.scope = self.merged([self.alone(node.body, True), self.scope])
            return
        values = [item for word in node.words or () for item in self.expander.fields(word, self.scope)]
        if not values or len(values) > MOST_ROUNDS:
            values = [spread(self.file.hole(), (0, 0))]
        for value in values:
            self.scope.variables[node.variable] = value
            self.block(node.body)


def _leaves(body: tuple[Node, ...]) -> bool:
    """Whether BODY does the whole job of the script, so that what follows is for other cases."""
    return _last_word(body) in ("exec", "exit", "return") and not _fails(body)


def _fails(body: tuple[Node, ...]) -> bool:
    """Whether BODY ends the script with an error, as a guard does."""
    last = body[-1] if body else None
    status = last.words[1].plain if isinstance(last, Simple) and len(last.words) > 1 else None
    return _last_word(body) in ("exit", "return") and status != "0" and status is not None


def _last_word(body: tuple[Node, ...]) -> str | None:
    last = body[-1] if body else None
    return last.words[0].plain if isinstance(last, Simple) and last.words else None


def _and(conditions: tuple[Condition, ...], test: Condition | bool) -> tuple[Condition, ...]:
    return (*conditions, test) if isinstance(test, Condition) else conditions


def _items(value: Value | None) -> tuple[Spanned, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _texts(value: Value) -> tuple[str, ...] | str:
    return value.value if isinstance(value, Spanned) else tuple(item.value for item in value)
