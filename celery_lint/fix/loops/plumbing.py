"""Tells the statements that only make, install, question or close an event loop from the rest.

`asyncio.run` does all of that itself, so these statements go when the runs on the loop are rewritten. The
shapes are the ones that real tasks have: get-or-create blocks, `is_closed` guards, the cancelling of left-over
tasks, `shutdown_asyncgens` before `close`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.names import Names

_INSTALL = {"asyncio.set_event_loop", "asyncio.events.set_event_loop"}
_ALL_TASKS = {"asyncio.all_tasks", "asyncio.Task.all_tasks", "asyncio.tasks.all_tasks"}
_QUESTIONS = {"is_closed", "is_running"}
_ENDINGS = {"close", "stop"}
_SHUTDOWNS = {"shutdown_asyncgens", "shutdown_default_executor"}
_LOGGING = {"debug", "info", "warning", "warn", "error", "exception"}

_STATEMENTS = (cst.BaseSmallStatement, cst.SimpleStatementLine, cst.If, cst.Try, cst.For, cst.With)

Kind = Literal["new", "current"]


class Plumbing:
    """The loop plumbing of one function: VARIABLES hold its loops, GETTERS are calls of project helpers."""

    def __init__(self, code: Code, names: Names, variables: frozenset[str], getters: frozenset[cst.Call]) -> None:
        self.code = code
        self.names = names
        self.variables = variables
        self.getters = getters
        self.tasks = self._task_sets()

    def source(self, node: cst.CSTNode | None) -> Kind | None:
        """Whether NODE makes a new loop or asks for the current one; None when it is no source of a loop."""
        if not isinstance(node, cst.Call):
            return None
        if node in self.getters:
            return "current"
        called = self.names.called(node) or self._policy_call(node) or ""
        module, _, name = called.rpartition(".")
        if module not in ("asyncio", "asyncio.events") or node.args:
            return None
        if name == "new_event_loop":
            return "new"
        return "current" if name in ("get_event_loop", "get_running_loop") else None

    def _policy_call(self, node: cst.Call) -> str | None:
        func = node.func
        if isinstance(func, cst.Attribute) and self.names.called(func.value) == "asyncio.get_event_loop_policy":
            return f"asyncio.{func.attr.value}"
        return None

    def is_loop(self, node: cst.CSTNode | None) -> bool:
        """Whether NODE is one of the variables."""
        return isinstance(node, cst.Name) and node.value in self.variables

    def _task_sets(self) -> frozenset[str]:
        """Names that hold the loop's left-over tasks."""
        return frozenset(
            assign.targets[0].target.value
            for assign in self.code.nodes(cst.Assign)
            if len(assign.targets) == 1
            and isinstance(assign.targets[0].target, cst.Name)
            and self._is_all_tasks(assign.value)
        )

    def _is_all_tasks(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.ListComp | cst.SetComp):
            return self._is_all_tasks(node.for_in.iter)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("list", "tuple"):
            return len(node.args) == 1 and self._is_all_tasks(node.args[0].value)
        if not isinstance(node, cst.Call) or self.names.called(node) not in _ALL_TASKS:
            return False
        return any(self.is_loop(argument.value) for argument in node.args)

    # Statements that can go

    def can_go(self, node: cst.CSTNode) -> bool:
        """Whether NODE, a statement, is about the loop and about nothing else."""
        return self._is_dead(node) and self._concerns_loop(node)

    def is_part(self, node: cst.CSTNode) -> bool:
        """Whether NODE stands in a statement that can go."""
        return any(self.can_go(around) for around in self.code.ancestors(node) if isinstance(around, _STATEMENTS))

    def sets_loop(self, node: cst.CSTNode) -> bool:
        """Whether a loop is assigned in NODE."""
        return any(self._is_assigned(assign) for assign in self.assignments(node))

    def kinds(self, node: cst.CSTNode) -> set[Kind]:
        """Where the loops assigned in NODE come from."""
        found = (self.source(assign.value) for assign in self.assignments(node))
        return {kind for kind in found if kind is not None}

    def assignments(self, node: cst.CSTNode) -> list[cst.Assign | cst.AnnAssign]:
        """The assignments to the variables in NODE."""
        plain = [a for a in self.code.nodes(cst.Assign, node) if any(self.is_loop(t.target) for t in a.targets)]
        annotated = [a for a in self.code.nodes(cst.AnnAssign, node) if self.is_loop(a.target)]
        return [*plain, *annotated]

    def _is_assigned(self, node: cst.Assign | cst.AnnAssign) -> bool:
        return self.source(node.value) is not None

    def _concerns_loop(self, node: cst.CSTNode) -> bool:
        if any(name.value in self.variables | self.tasks for name in self.code.nodes(cst.Name, node)):
            return True
        return any(self.names.called(call) in _INSTALL for call in self.code.nodes(cst.Call, node))

    def _is_dead(self, node: cst.CSTNode | None, *, rescue: bool = False) -> bool:
        """RESCUE: inside a block that tries to get a loop, where raising and logging are part of it."""
        if node is None or isinstance(node, cst.Pass):
            return True
        if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite | cst.IndentedBlock):
            return self._all_dead(node.body, rescue=rescue)
        if isinstance(node, cst.Else | cst.Finally):
            return self._is_dead(node.body, rescue=rescue)
        if isinstance(node, cst.Assign | cst.AnnAssign | cst.Del | cst.Expr | cst.Raise):
            return self._is_dead_small(node, rescue=rescue)
        return self._is_dead_compound(node, rescue=rescue)

    def _all_dead(self, nodes: Sequence[cst.CSTNode], *, rescue: bool) -> bool:
        return all(self._is_dead(node, rescue=rescue) for node in nodes)

    def _is_dead_compound(self, node: cst.CSTNode, *, rescue: bool) -> bool:
        if isinstance(node, cst.If):
            bodies = (node.body, node.orelse)
            return self._is_question(node.test) and all(self._is_dead(body, rescue=rescue) for body in bodies)
        if isinstance(node, cst.Try):
            handlers = [handler.body for handler in node.handlers]
            parts = (node.body, *handlers, node.orelse, node.finalbody)
            return all(self._is_dead(part, rescue=bool(handlers)) for part in parts)
        if isinstance(node, cst.For):
            return node.orelse is None and self._is_tasks(node.iter) and self._cancels(node)
        if isinstance(node, cst.With):
            suppressed = (self.names.called(item.item) for item in node.items)
            return all(called == "contextlib.suppress" for called in suppressed) and self._is_dead(node.body)
        return False

    def _is_dead_small(self, node: cst.CSTNode, *, rescue: bool) -> bool:
        if isinstance(node, cst.Assign):
            target = node.targets[0].target
            if len(node.targets) == 1 and isinstance(target, cst.Name) and target.value in self.tasks:
                return True
            return len(node.targets) == 1 and self.is_loop(target) and self._is_loop_value(node.value)
        if isinstance(node, cst.AnnAssign):
            return self.is_loop(node.target) and (node.value is None or self._is_loop_value(node.value))
        if isinstance(node, cst.Del):
            return self.is_loop(node.target)
        if isinstance(node, cst.Raise):
            return rescue and (node.exc is None or self.names.called(node.exc) == "RuntimeError")
        return isinstance(node, cst.Expr) and self._is_dead_call(node.value, rescue=rescue)

    def _is_loop_value(self, node: cst.BaseExpression) -> bool:
        return self.source(node) is not None or (isinstance(node, cst.Name) and node.value == "None")

    def _is_dead_call(self, node: cst.BaseExpression, *, rescue: bool) -> bool:
        if not isinstance(node, cst.Call):
            return False
        if self.names.called(node) in _INSTALL:
            return len(node.args) == 1 and (self.is_loop(node.args[0].value) or self._is_loop_value(node.args[0].value))
        if not isinstance(node.func, cst.Attribute):
            return False
        method = node.func.attr.value
        if self.is_loop(node.func.value):
            return (method in _ENDINGS and not node.args) or (method == "run_until_complete" and self.tidies_up(node))
        return rescue and method in _LOGGING and not self._does_work(node)

    def _does_work(self, node: cst.Call) -> bool:
        """Whether a log call does more than to say something."""
        inner = [call for argument in node.args for call in self.code.nodes(cst.Call, argument)]
        return any(self.names.called(call) not in ("str", "repr") for call in inner)

    def tidies_up(self, run: cst.Call) -> bool:
        """Whether RUN is one that `asyncio.run` does by itself at the end."""
        value = run.args[0].value if len(run.args) == 1 else None
        if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
            return False
        if self.is_loop(value.func.value):
            return value.func.attr.value in _SHUTDOWNS
        gathered = self.names.called(value) == "asyncio.gather"
        return gathered and all(
            argument.keyword is not None or (argument.star == "*" and self._is_tasks(argument.value))
            for argument in value.args
        )

    def _is_tasks(self, node: cst.BaseExpression) -> bool:
        return self._is_all_tasks(node) or (isinstance(node, cst.Name) and node.value in self.tasks)

    def _cancels(self, node: cst.For) -> bool:
        """`for task in …: task.cancel()` (and the waiting for it)."""
        if not isinstance(node.target, cst.Name) or not isinstance(node.body, cst.IndentedBlock):
            return False
        expected = f"{node.target.value}.cancel()"
        return all(self.code.text_of(statement) == expected for statement in node.body.body)

    def _is_question(self, test: cst.BaseExpression) -> bool:
        """Whether TEST asks only about the loop: `loop is None`, `not loop.is_closed()`, `pending`."""
        if isinstance(test, cst.Name):
            return test.value in self.variables | self.tasks
        if isinstance(test, cst.UnaryOperation):
            return isinstance(test.operator, cst.Not) and self._is_question(test.expression)
        if isinstance(test, cst.BooleanOperation):
            return self._is_question(test.left) and self._is_question(test.right)
        if isinstance(test, cst.Comparison):
            return self.is_loop(test.left) and all(
                isinstance(item.operator, cst.Is | cst.IsNot) and self.code.text_of(item.comparator) == "None"
                for item in test.comparisons
            )
        func = test.func if isinstance(test, cst.Call) else None
        return isinstance(func, cst.Attribute) and self.is_loop(func.value) and func.attr.value in _QUESTIONS
