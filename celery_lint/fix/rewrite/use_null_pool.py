"""`create_async_engine(url, pool_size=20)` becomes `create_async_engine(url, poolclass=NullPool)`."""

from __future__ import annotations

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import put_last, remove, value_end
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top, ensure_import
from celery_lint.fix.names import Names
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import UseNullPool

# What QueuePool takes and NullPool refuses or has no use for (SQLAlchemy 2.0, `create_engine`).
_POOL_OPTIONS = ("pool_size", "max_overflow", "pool_timeout", "pool_recycle", "pool_pre_ping", "pool_use_lifo")


def rewrite(remedy: UseNullPool, files: Files) -> Rewrite:
    """The edits that give one engine a `NullPool` instead of its pool and the pool's options."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    call = draft.code.find(remedy.call, cst.Call)
    _check(draft, call)
    text = f"poolclass={_null_pool(draft)}"
    gone = [argument for argument in call.args if _option(argument) in _POOL_OPTIONS]
    if gone:
        first = gone[0]
        draft.replace(Extent(draft.code.extent(first).start, value_end(draft.code, first.value)), text)
        remove(draft, call, gone[1:])
    else:
        put_last(draft, call, [text])
    return Rewrite("Use a `NullPool`", Applicability.UNSAFE, drafts.edits())


def _option(argument: cst.Arg) -> str | None:
    return argument.keyword.value if argument.keyword is not None else None


def _check(draft: Draft, call: cst.Call) -> None:
    line = draft.code.number(call)
    for argument in call.args:
        if argument.star == "**":
            raise Withheld(
                f"the engine takes `{draft.code.text_of(argument)}`, which may hold pool options (line {line})"
            )
        if _option(argument) in ("poolclass", "pool"):
            raise Withheld(f"the engine has its own `{_option(argument)}` (line {line})")


def _null_pool(draft: Draft) -> str:
    """How `NullPool` is called in this file; imported when it is missing."""
    code = draft.code
    for module in ("sqlalchemy.pool", "sqlalchemy"):
        bound = bound_at_top(code, module, "NullPool")
        if bound is not None:
            return bound
    pool = bound_at_top(code, "sqlalchemy", "pool")
    if pool is not None:
        return f"{pool}.NullPool"
    names = Names(code)
    taken = any(node.name.value == "NullPool" for node in code.nodes(cst.ClassDef))
    if taken or names.imported.get("NullPool", "sqlalchemy.pool.NullPool") != "sqlalchemy.pool.NullPool":
        raise Withheld("something else is called NullPool in this file")
    return ensure_import(draft, "sqlalchemy.pool", "NullPool")
