"""`except RuntimeError:` branches that make a new loop and run the same thing again.

    try:
        loop = asyncio.get_event_loop()
        result = loop.run_until_complete(work())
    except RuntimeError:
        loop = asyncio.new_event_loop()
        result = loop.run_until_complete(work())

`asyncio.run` needs no second attempt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.loops.runs import Run
from celery_lint.fix.outcome import Withheld

_TYPES = {"RuntimeError", "Exception", "BaseException"}


def repeated_handlers(code: Code, plumbing: Plumbing, runs: Sequence[Run]) -> tuple[cst.ExceptHandler, ...]:
    """The handlers that only repeat the body of their `try` on a new loop."""
    found = []
    for run in runs:
        for around in code.ancestors(run.call):
            if isinstance(around, cst.ExceptHandler) and around not in found and _gets_loop(code, plumbing, around):
                _check_same(code, plumbing, around)
                found.append(around)
            if around is code.function(run.call):
                break
    return tuple(found)


def _gets_loop(code: Code, plumbing: Plumbing, handler: cst.ExceptHandler) -> bool:
    """Whether HANDLER makes the loop that its `try` could not get."""
    attempt = code.parent(handler)
    if not isinstance(attempt, cst.Try) or not plumbing.sets_loop(handler):
        return False
    caught = {code.text_of(name) for name in code.nodes(cst.Name, handler.type)} if handler.type else _TYPES
    return bool(caught & _TYPES) and "current" in plumbing.kinds(attempt.body)


def _check_same(code: Code, plumbing: Plumbing, handler: cst.ExceptHandler) -> None:
    attempt = code.parent(handler)
    assert isinstance(attempt, cst.Try)
    if list(_work(code, plumbing, attempt.body)) != list(_work(code, plumbing, handler.body)):
        line = code.number(handler)
        raise Withheld(f"something else happens when there is no loop yet (line {line})")


def _work(code: Code, plumbing: Plumbing, body: cst.BaseSuite) -> Iterator[str]:
    """The statements of BODY without the plumbing, laid out alike."""
    for statement in body.body:
        if plumbing.can_go(statement):
            continue
        if isinstance(statement, cst.Try) and not statement.handlers and statement.orelse is None:
            final = statement.finalbody
            if final is not None and all(plumbing.can_go(small) for small in final.body.body):
                yield from _work(code, plumbing, statement.body)
                continue
        yield "".join(code.text_of(statement).split())
