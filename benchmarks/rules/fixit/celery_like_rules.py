"""Five simple rules for Fixit, like five of celery-lint's."""

from __future__ import annotations

import fixit
import libcst as cst
import libcst.matchers as m

_NAMES = m.Name(m.MatchIfTrue(lambda name: "task" in name))
_DECORATOR = _NAMES | m.Attribute(attr=_NAMES)
_TASK = m.Decorator(_DECORATOR | m.Call(func=_DECORATOR))
_METHODS = m.OneOf(*(m.Name(name) for name in ("get", "post", "put", "patch", "delete", "head")))
_TIMEOUT = m.Arg(keyword=m.Name("timeout"))


class PrintInTask(fixit.LintRule):
    MESSAGE = "print in a task"

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[bool] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.tasks.append(any(m.matches(each, _TASK) for each in node.decorators))

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.tasks.pop()

    def visit_Call(self, node: cst.Call) -> None:
        if any(self.tasks) and m.matches(node.func, m.Name("print")):
            self.report(node)


class GetEventLoop(fixit.LintRule):
    MESSAGE = "asyncio.get_event_loop()"

    def visit_Call(self, node: cst.Call) -> None:
        if m.matches(node.func, m.Attribute(m.Name("asyncio"), m.Name("get_event_loop"))):
            self.report(node)


class RunUntilComplete(fixit.LintRule):
    MESSAGE = "run_until_complete()"

    def visit_Call(self, node: cst.Call) -> None:
        if m.matches(node.func, m.Attribute(attr=m.Name("run_until_complete"))):
            self.report(node)


class Sleep(fixit.LintRule):
    MESSAGE = "time.sleep()"

    def visit_Call(self, node: cst.Call) -> None:
        if m.matches(node.func, m.Attribute(m.Name("time"), m.Name("sleep"))):
            self.report(node)


class RequestWithoutTimeout(fixit.LintRule):
    MESSAGE = "a request without a timeout"

    def visit_Call(self, node: cst.Call) -> None:
        if not m.matches(node.func, m.Attribute(m.Name("requests"), _METHODS)):
            return
        if not any(m.matches(argument, _TIMEOUT) for argument in node.args):
            self.report(node)
