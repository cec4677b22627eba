"""One database session of a function: where it is used, how long it is needed, how it is closed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.outcome import Withheld

_PLAIN_RESULTS = {"count", "commit", "flush", "rollback", "add", "add_all", "delete"}


class Session:
    """The session that ASSIGNMENT puts into the variable NAME."""

    def __init__(self, code: Code, assignment: cst.Assign | cst.AnnAssign, name: str) -> None:
        self.code = code
        self.assignment = assignment
        self.name = name
        self.function = code.function(assignment)

    def check(self, *, is_async: bool) -> None:
        """Refuse sessions that a `with` cannot hold."""
        line = self.code.number(self.assignment)
        value = self.assignment.value
        if not isinstance(value, cst.Call):
            raise Withheld(f"`{self.name}` is not simply opened (line {line})")
        if isinstance(value.func, cst.Name) and value.func.value in ("next", "anext"):
            raise Withheld(f"`{self.name}` is taken from a generator (line {line})")
        if isinstance(self.assignment, cst.Assign) and len(self.assignment.targets) != 1:
            raise Withheld(f"`{self.name}` is one of several names for it (line {line})")
        if not isinstance(self.function, cst.FunctionDef):
            raise Withheld(f"`{self.name}` is opened outside of a function (line {line})")
        if is_async and self.function.asynchronous is None:
            raise Withheld(f"`async with` needs a coroutine, and `{self.function.name.value}` is none")
        for name in self._names:
            self._check_use(name)

    def _check_use(self, name: cst.Name) -> None:
        line, parent = self.code.number(name), self.code.parent(name)
        if isinstance(parent, cst.NameItem):
            raise Withheld(f"`{self.name}` is shared with other functions (line {line})")
        if self.code.function(name) is not self.function:
            raise Withheld(f"`{self.name}` is also used by a nested function (line {line})")
        if isinstance(parent, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.NamedExpr | cst.For | cst.AsName):
            assigned = parent.target if not isinstance(parent, cst.AsName) else parent.name
            if assigned is name and not self.code.contains(self.assignment, name):
                raise Withheld(f"`{self.name}` is assigned again (line {line})")
        if isinstance(parent, cst.Return):
            raise Withheld(f"`{self.name}` is returned (line {line})")
        if isinstance(parent, cst.Yield):
            raise Withheld(f"`{self.name}` is yielded (line {line})")
        if isinstance(parent, cst.Assign):
            raise Withheld(f"`{self.name}` is also kept under another name (line {line})")

    @cached_property
    def _names(self) -> list[cst.Name]:
        names = self.code.nodes(cst.Name, self.function)
        return [name for name in names if name.value == self.name and self._is_use(name)]

    def _is_use(self, name: cst.Name) -> bool:
        parent = self.code.parent(name)
        if isinstance(parent, cst.Attribute | cst.Arg):
            return parent.value is name
        return True

    @cached_property
    def uses(self) -> list[cst.Name]:
        """Every use of the variable but its assignment."""
        return [name for name in self._names if not self.code.contains(self.assignment, name)]

    # How long it is needed

    def is_needed_in(self, statement: cst.CSTNode) -> bool:
        """Whether STATEMENT uses the session, or before it is closed what was made from it."""
        start, end = self.code.extent(statement)
        if any(start <= self.code.extent(use).start < end for use in self.uses):
            return True
        if self._closed is not None and self._closed <= start:
            return False
        return any(name.value in self._made for name in self.code.nodes(cst.Name, statement))

    @cached_property
    def _closed(self) -> int | None:
        """Where the session is closed for good, when that happens on every path."""
        body = self.code.block(self.assignment).body
        for statement in body:
            if self.can_go(statement):
                return self.code.extent(statement).start
            final = statement.finalbody if isinstance(statement, cst.Try) else None
            if final is not None and any(self.can_go(small) for small in final.body.body):
                return self.code.extent(statement).end
        return None

    @cached_property
    def _made(self) -> frozenset[str]:
        """Names that hold something made from the session: a repository, a query, a row that may load more."""
        made: set[str] = set()
        while True:
            found = set(self._bound_from(made | {self.name})) - {self.name}
            if found <= made:
                return frozenset(made)
            made |= found

    def _bound_from(self, origins: set[str]) -> Iterator[str]:
        for assign in self.code.nodes(cst.Assign, self.function):
            if assign is self.assignment or self._is_plain(assign.value):
                continue
            names = self.code.nodes(cst.Name, assign.value)
            if any(name.value in origins and self._hands_on(name, assign.value) for name in names):
                for target in assign.targets:
                    if isinstance(target.target, cst.Name | cst.Tuple | cst.List):
                        yield from (name.value for name in self.code.nodes(cst.Name, target.target))

    def _hands_on(self, name: cst.Name, value: cst.BaseExpression) -> bool:
        """Whether what NAME holds goes on into VALUE: `user`, `user.load()`, but not `show(user.name)`."""
        parent = self.code.parent(name)
        if name.value == self.name or not isinstance(parent, cst.Attribute):
            return True
        call = self.code.parent(parent)
        return parent is value or (isinstance(call, cst.Call) and call.func is parent)

    def _is_plain(self, value: cst.BaseExpression) -> bool:
        """Whether VALUE is a result that has nothing to do with the session any more."""
        if isinstance(value, cst.Await):
            return self._is_plain(value.expression)
        func = value.func if isinstance(value, cst.Call) else None
        if isinstance(func, cst.Name):
            return func.value in ("len", "str", "int", "bool", "float", "sum")
        return isinstance(func, cst.Attribute) and func.attr.value in _PLAIN_RESULTS

    # How it is closed

    def can_go(self, node: cst.CSTNode) -> bool:
        """Whether NODE only closes the session: `session.close()`, also behind `if session:`."""
        if isinstance(node, cst.SimpleStatementLine | cst.SimpleStatementSuite | cst.IndentedBlock):
            return all(self.can_go(small) for small in node.body)
        if isinstance(node, cst.If):
            about = self.code.text_of(node.test) in (self.name, f"{self.name} is not None")
            return about and node.orelse is None and self.can_go(node.body)
        if isinstance(node, cst.Expr):
            value = node.value.expression if isinstance(node.value, cst.Await) else node.value
            func = value.func if isinstance(value, cst.Call) and not value.args else None
            return isinstance(func, cst.Attribute) and self.code.text_of(func) == f"{self.name}.close"
        return isinstance(node, cst.Del) and self.code.text_of(node.target) == self.name


def idle_handlers(code: Code, session: Session) -> tuple[cst.ExceptHandler, ...]:
    """Handlers that only close the session and raise again."""
    found = []
    for handler in code.nodes(cst.ExceptHandler, session.function):
        closing = [statement for statement in handler.body.body if session.can_go(statement)]
        others = [statement for statement in handler.body.body if statement not in closing]
        if closing and len(others) == 1 and code.text_of(others[0]) == "raise":
            found.append(handler)
    return tuple(found)
