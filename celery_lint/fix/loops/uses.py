"""What else a function does with its loop: whatever `asyncio.run` could not take over."""

from __future__ import annotations

from collections.abc import Collection

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.names import written
from celery_lint.fix.outcome import Withheld

_PLUMBING = {"run_until_complete", "close", "stop", "is_closed", "is_running"}
_SHUTDOWN = {"shutdown_asyncgens", "shutdown_default_executor"}


def check_uses(code: Code, plumbing: Plumbing, function: cst.CSTNode, allowed: Collection[cst.CSTNode]) -> None:
    """Refuse when a loop of FUNCTION is used for more than to run coroutines. ALLOWED uses are taken care of."""
    for name in _uses(code, plumbing, function):
        if name not in allowed:
            reason = _escape(code, plumbing, function, name)
            if reason is not None:
                raise Withheld(f"{reason} (line {code.number(name)})")


def check_nothing_left(draft: Draft, plumbing: Plumbing, function: cst.CSTNode) -> None:
    """Refuse when some use of a loop would survive the change and find no loop."""
    for name in _uses(draft.code, plumbing, function):
        if not draft.covers(draft.code.extent(name)):
            raise Withheld(f"the loop is still needed elsewhere (line {draft.code.number(name)})")
    for call in draft.code.nodes(cst.Call, function):
        asks = plumbing.source(call) == "current" and draft.code.function(call) is function
        if asks and not draft.covers(draft.code.extent(call)) and not _is_probe(draft.code, call):
            raise Withheld(f"the function also asks for the current loop (line {draft.code.number(call)})")


def _is_probe(code: Code, call: cst.Call) -> bool:
    """`asyncio.get_running_loop()` on its own only finds out whether a loop is running."""
    return written(call.func).endswith("get_running_loop")


def _uses(code: Code, plumbing: Plumbing, function: cst.CSTNode) -> list[cst.Name]:
    return [
        name
        for name in code.nodes(cst.Name, function)
        if plumbing.is_loop(name) and _is_use(code, name) and not _is_foreign(code, function, name)
    ]


def _is_foreign(code: Code, function: cst.CSTNode, name: cst.Name) -> bool:
    """Whether NAME is a variable of a nested function."""
    scope = code.function(name)
    parent = code.parent(name)
    if isinstance(parent, cst.Param):
        return code.parent(code.parent(parent)) is not function
    return scope is not function and _is_own(code, scope, name.value)


def _is_use(code: Code, name: cst.Name) -> bool:
    parent = code.parent(name)
    if isinstance(parent, cst.Attribute):
        return parent.value is name
    if isinstance(parent, cst.Arg):
        return parent.value is name
    return not isinstance(parent, cst.ImportAlias | cst.AsName)


def _escape(code: Code, plumbing: Plumbing, function: cst.CSTNode, name: cst.Name) -> str | None:
    scope = code.function(name)
    parent = code.parent(name)
    if isinstance(parent, cst.Param):
        return "the loop is a parameter"
    if isinstance(parent, cst.NameItem):
        return "the loop is shared with other functions"
    if scope is not function:
        inner = f"`{scope.name.value}`" if isinstance(scope, cst.FunctionDef | cst.ClassDef) else "a lambda"
        return f"the loop is also used inside {inner}"
    if isinstance(parent, cst.Attribute):
        return _method(code, plumbing, parent)
    if isinstance(parent, cst.AssignTarget | cst.AnnAssign):
        return _assigned(code, plumbing, parent, name)
    if any(plumbing.can_go(around) for around in _statements(code, name)):
        return None
    if isinstance(parent, cst.Arg):
        call = code.parent(parent)
        called = written(call.func) if isinstance(call, cst.Call) else ""
        return f"the loop is also passed to {called}" if called else "the loop is also passed on"
    if isinstance(parent, cst.Return):
        return "the loop is returned"
    if isinstance(parent, cst.Assign):
        return f"the loop is also kept in `{code.text_of(parent.targets[0].target)}`"
    return "the loop is also used in another way"


def _is_own(code: Code, scope: cst.CSTNode, name: str) -> bool:
    """Whether SCOPE has a parameter of that name."""
    parameters = scope.params if isinstance(scope, cst.FunctionDef | cst.Lambda) else None
    return parameters is not None and any(param.name.value == name for param in code.nodes(cst.Param, parameters))


def _method(code: Code, plumbing: Plumbing, attribute: cst.Attribute) -> str | None:
    method = attribute.attr.value
    if method not in _PLUMBING | _SHUTDOWN:
        return f"the loop is also used by {method}"
    if method in ("close", "stop", "run_until_complete"):
        return None
    if any(plumbing.can_go(around) for around in _statements(code, attribute)):
        return None
    if method == "is_running":
        return "the code also handles a loop that is already running"
    return f"the code depends on {method}() of the loop"


def _assigned(code: Code, plumbing: Plumbing, target: cst.CSTNode, name: cst.Name) -> str | None:
    assign = target if isinstance(target, cst.AnnAssign) else code.parent(target)
    if plumbing.can_go(assign):
        return None
    if isinstance(assign, cst.Assign) and len(assign.targets) > 1:
        other = next(item.target for item in assign.targets if item.target is not name)
        return f"the loop is also kept in `{code.text_of(other)}`"
    return "it is not known where the loop comes from"


def _statements(code: Code, node: cst.CSTNode) -> list[cst.CSTNode]:
    """The statements around NODE, small ones included."""
    return [
        around
        for around in code.ancestors(node)
        if isinstance(around, cst.BaseSmallStatement | cst.BaseStatement)
        and not isinstance(around, cst.FunctionDef | cst.ClassDef)
    ]
