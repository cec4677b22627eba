"""Takes the loop plumbing out of a function, and puts the runs that share a loop into one `asyncio.Runner`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import libcst as cst

from celery_lint.fix.code import Block, Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.loops.runs import Lifetime, Run
from celery_lint.fix.reshape import Reshape


def reshape(
    draft: Draft,
    plumbing: Plumbing,
    runs: Sequence[Run],
    handlers: Collection[cst.ExceptHandler],
    headers: Mapping[Lifetime, str],
) -> None:
    """Change the function of RUNS. HANDLERS go; HEADERS are the `with`s of the lifetimes that get a runner."""
    code = draft.code

    def leads(statement: cst.CSTNode) -> bool:
        return plumbing.sets_loop(statement) or not code.text_of(statement).endswith((".close()", "(None)"))

    focus = [_line(code, run) for run in runs]
    change = Reshape(draft, can_go=plumbing.can_go, leads=leads, handlers=handlers, focus=focus)
    for lifetime, header in headers.items():
        block = _common_block(code, lifetime)
        inside = [
            statement for statement in block.body if any(code.contains(statement, run.call) for run in lifetime.runs)
        ]
        change.surround(block, inside, header, [_line(code, run) for run in lifetime.runs])
    function = code.function(runs[0].call)
    assert isinstance(function, cst.FunctionDef | cst.Module)
    change.apply(function)


def _line(code: Code, run: Run) -> int:
    return code.first_line(code.statement(run.call))


def _common_block(code: Code, lifetime: Lifetime) -> Block:
    """The innermost block that holds all runs, outside of the loops that repeat them."""
    paths = [[around for around in code.ancestors(run.call) if isinstance(around, Block)] for run in lifetime.runs]
    block = next(block for block in paths[0] if all(block in path for path in paths))
    around: list[cst.CSTNode] = [block, *code.ancestors(block)]
    repeated: cst.CSTNode | None = None
    for node in around[: around.index(code.function(lifetime.runs[0].call))]:
        if lifetime.start is not None and code.contains(node, lifetime.start):
            break
        if isinstance(node, cst.For | cst.While):
            repeated = node
    return code.block(repeated) if repeated is not None else block
