"""`loop.run_until_complete(…)` and the plumbing around it become `asyncio.run(…)`.

Several runs on one loop become `asyncio.Runner`, which keeps the loop between them. Loop plumbing goes,
comments stay, and so does everything that the function does besides.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.code import Code, Extent
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top, ensure_import
from celery_lint.fix.loops.fallback import repeated_handlers
from celery_lint.fix.loops.helpers import remove_helpers
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.loops.reshape import reshape
from celery_lint.fix.loops.runs import Lifetime, Run, check_arguments, lifetimes, read_runs
from celery_lint.fix.loops.uses import check_nothing_left, check_uses
from celery_lint.fix.loops.wrap import unwrapped, wrap_awaitable
from celery_lint.fix.names import Names, alias_of, module_of, written
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import RunCoroutines


def rewrite(remedy: RunCoroutines, files: Files) -> Rewrite:
    """The edits that make the runs of one function `asyncio.run`s; raises `Withheld` where that is no cure."""
    code = files.code(remedy.path)
    names = Names(code)
    runs = read_runs(code, names, remedy)
    function = code.function(runs[0].call)
    assert isinstance(function, cst.FunctionDef | cst.Module)
    getters = frozenset(code.find(span, cst.Call) for span in remedy.loop_getters)
    plumbing = Plumbing(code, names, _variables(code, runs, getters), getters)

    runs = tuple(run for run in runs if not plumbing.tidies_up(run.call))
    if not runs:
        raise Withheld("the function only tidies up a loop that runs elsewhere")
    _check_receivers(code, plumbing, runs)
    handlers = repeated_handlers(code, plumbing, runs)
    runs = tuple(run for run in runs if not any(code.contains(handler, run.call) for handler in handlers))
    tasks = {run: value for run in runs if (value := unwrapped(code, plumbing, run)) is not None}
    check_uses(code, plumbing, function, [name for run in tasks for name in code.nodes(cst.Name, run.awaited)])
    check_arguments(code, [run for run in runs if run not in tasks])

    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    groups = lifetimes(code, plumbing, runs)
    shared = [group for group in groups if group.many]
    module = _module(code, names, function, runs, only_run=not shared)
    runners = _runners(names, shared)
    headers = {group: f"with {module}.Runner() as {runner}" for group, runner in runners.items()}
    reshape(draft, plumbing, runs, handlers, headers)

    taken: set[str] = set()
    for group in groups:
        runner = f"{runners[group]}.run" if group.many else _run_name(code, module)
        for run in group.runs:
            _replace(draft, names, run, runner, tasks.get(run), taken)
    check_nothing_left(draft, plumbing, function)
    _import_asyncio(draft, function, runs, module)
    remove_helpers(drafts, remedy)
    safe = _is_shape_a(plumbing, groups, function) and not tasks and not handlers and not remedy.removable
    safe = safe and all(run.argument == "coroutine" for run in runs)
    title = "Run the coroutines with `asyncio.Runner`" if shared else "Run the coroutine with `asyncio.run`"
    return Rewrite(title, remedy.applicability if safe else Applicability.UNSAFE, drafts.edits())


def _variables(code: Code, runs: Sequence[Run], getters: frozenset[cst.Call]) -> frozenset[str]:
    return frozenset(run.loop.value for run in runs if isinstance(run.loop, cst.Name))


def _check_receivers(code: Code, plumbing: Plumbing, runs: Sequence[Run]) -> None:
    for run in runs:
        if isinstance(run.loop, cst.Name) or plumbing.source(run.loop) is not None:
            continue
        written = code.text_of(run.loop)
        if isinstance(run.loop, cst.Attribute) and "\n" not in written:
            raise Withheld(f"the loop is kept in `{written}` (line {code.number(run.call)})")
        raise Withheld(f"it is not known where the loop comes from (line {code.number(run.call)})")


def _module(code: Code, names: Names, function: cst.CSTNode, runs: Sequence[Run], *, only_run: bool) -> str:
    """What the asyncio module is called in the function; empty when `run` itself is imported."""
    bound = bound_at_top(code, "asyncio") or _bound_inside(code, function, runs)
    if bound is not None:
        return bound
    if only_run and bound_at_top(code, "asyncio", "run") is not None:
        return ""
    if names.imported.get("asyncio", "asyncio") != "asyncio":
        raise Withheld("another module is called asyncio in this file")
    return "asyncio"


def _import_asyncio(draft: Draft, function: cst.CSTNode, runs: Sequence[Run], module: str) -> None:
    """Import asyncio where it is missing, in the place of names of it that nothing uses any more."""
    code = draft.code
    missing = bool(module) and not (bound_at_top(code, "asyncio") or _bound_inside(code, function, runs))
    spent = _spent_import(draft)
    if spent is not None and missing:
        draft.replace(code.extent(spent), "import asyncio")
    elif spent is not None:
        draft.delete_lines(code.first_line(spent), code.last_line(spent))
    elif missing:
        ensure_import(draft, "asyncio")


def _spent_import(draft: Draft) -> cst.SimpleStatementLine | None:
    """A `from asyncio import …` at the top of which nothing is left in use, although the fix took some of it."""
    code = draft.code
    for statement in code.module.body:
        if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
            continue
        origin = statement.body[0]
        if not isinstance(origin, cst.ImportFrom) or module_of(origin) != "asyncio":
            continue
        aliases = () if isinstance(origin.names, cst.ImportStar) else origin.names
        bound = {alias_of(alias) or written(alias.name) for alias in aliases}
        uses = [name for name in code.nodes(cst.Name) if name.value in bound and not code.contains(origin, name)]
        if uses and all(draft.covers(code.extent(name)) for name in uses):
            return statement
    return None


def _bound_inside(code: Code, function: cst.CSTNode, runs: Sequence[Run]) -> str | None:
    """What an `import asyncio` in the function, ahead of all runs, calls the module."""
    around = {*code.ancestors(runs[0].call)}
    for statement in code.nodes(cst.Import, function):
        ahead = code.extent(statement).start < code.extent(runs[0].call).start
        for alias in statement.names:
            if ahead and code.block(statement) in around and isinstance(alias.name, cst.Name):
                if alias.name.value != "asyncio":
                    continue
                asname = alias.asname.name if alias.asname is not None else alias.name
                return asname.value if isinstance(asname, cst.Name) else None
    return None


def _run_name(code: Code, module: str) -> str:
    return f"{module}.run" if module else bound_at_top(code, "asyncio", "run") or "run"


def _runners(names: Names, shared: Sequence[Lifetime]) -> dict[Lifetime, str]:
    first = names.fresh("runner", "loop_runner")
    return dict.fromkeys(shared, first)


def _replace(
    draft: Draft, names: Names, run: Run, runner: str, coroutine: cst.BaseExpression | None, taken: set[str]
) -> None:
    code = draft.code
    draft.replace(code.extent(run.call.func), runner)
    argument = run.call.args[0]
    if argument.keyword is not None:
        draft.replace(Extent(code.extent(argument.keyword).start, code.extent(argument.value).start), "")
    if coroutine is not None:
        start, end = code.extent(run.awaited)
        draft.replace(Extent(start, code.extent(coroutine).start), "")
        draft.replace(Extent(code.extent(coroutine).end, end), "")
    elif run.argument == "awaitable":
        called = wrap_awaitable(draft, names, run, taken)
        after = code.extent(run.call.func).end
        draft.replace(Extent(after, code.extent(run.call).end), f"({called})")


def _is_shape_a(plumbing: Plumbing, groups: Sequence[Lifetime], function: cst.CSTNode) -> bool:
    """One run on one new loop that is closed behind it: exactly what `asyncio.run` does."""
    if any(group.many or len(group.runs) > 1 or group.start is None for group in groups):
        return False
    if any(_may_need_loop(plumbing, group) for group in groups):
        return False
    closed = any(
        isinstance(call.func, cst.Attribute) and call.func.attr.value == "close" and plumbing.is_loop(call.func.value)
        for call in plumbing.code.nodes(cst.Call, function)
    )
    return closed and plumbing.kinds(function) == {"new"}


def _may_need_loop(plumbing: Plumbing, group: Lifetime) -> bool:
    """Whether something before the run may ask for the loop that used to be set by then.

    That is, calls in statements between, and objects that are built for the argument (`work(Client())`).
    """
    code = plumbing.code
    run = group.runs[0]
    assert group.start is not None
    since, until = code.extent(group.start).end, code.extent(run.call).start
    for call in code.nodes(cst.Call, code.function(run.call)):
        start, end = code.extent(call)
        between = since <= start and end <= until and not plumbing.is_part(call)
        inside = code.contains(run.awaited, call) and call is not run.awaited
        name = written(call.func).rpartition(".")[2]
        if between or (inside and (name[:1].isupper() or not name)):
            return True
    return False
