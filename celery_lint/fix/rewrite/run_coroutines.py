"""`loop.run_until_complete(…)` and the plumbing around it become `asyncio.run(…)`.

Several runs on one loop become `asyncio.Runner`, which keeps the loop between them. Loop plumbing goes,
comments stay, and so does everything that the function does besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst
from msgspec import Struct

from celery_lint.finding import Applicability
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.imports import bound_at_top
from celery_lint.fix.loops.asyncio_name import asyncio_name, import_asyncio
from celery_lint.fix.loops.fallback import repeated_handlers
from celery_lint.fix.loops.helpers import remove_helpers
from celery_lint.fix.loops.plumbing import Plumbing
from celery_lint.fix.loops.reshape import reshape
from celery_lint.fix.loops.runs import Lifetime, Run, check_arguments, lifetimes, read_runs
from celery_lint.fix.loops.uses import check_nothing_left, check_uses
from celery_lint.fix.loops.wrap import unwrapped, wrap_awaitable
from celery_lint.fix.names import Names, written
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.fix.recorded import Extent
from celery_lint.remedy import RunCoroutines


class _Job(Struct, frozen=True):
    """What is there to rewrite: the RUNS of FUNCTION, the coroutines inside of TASKS made only to be run, and
    the HANDLERS that only run the same again."""

    names: Names
    plumbing: Plumbing
    function: cst.FunctionDef | cst.Module
    runs: tuple[Run, ...]
    tasks: Mapping[Run, cst.BaseExpression]
    handlers: tuple[cst.ExceptHandler, ...]


def rewrite(remedy: RunCoroutines, files: Files) -> Rewrite:
    """The edits that make the runs of one function `asyncio.run`s; raises `Withheld` where that is no cure."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    job = _read(draft.code, remedy)
    groups = lifetimes(draft.code, job.plumbing, job.runs)
    shared = [group for group in groups if group.many]
    module = asyncio_name(draft.code, job.names, job.function, job.runs, only_run=not shared)
    runner = job.names.fresh("runner", "loop_runner")
    headers = dict.fromkeys(shared, f"with {module}.Runner() as {runner}")
    reshape(draft, job.plumbing, job.runs, job.handlers, headers)
    taken: set[str] = set()
    for group in groups:
        called = f"{runner}.run" if group.many else _run_name(draft.code, module)
        for run in group.runs:
            _replace(draft, job, run, called, taken)
    check_nothing_left(draft, job.plumbing, job.function)
    import_asyncio(draft, job.function, job.runs, module)
    remove_helpers(drafts, remedy)
    safe = not remedy.removable and _is_shape_a(job, groups)
    title = "Run the coroutines with `asyncio.Runner`" if shared else "Run the coroutine with `asyncio.run`"
    return Rewrite(title, remedy.applicability if safe else Applicability.UNSAFE, drafts.edits())


def _read(code: Code, remedy: RunCoroutines) -> _Job:
    """What REMEDY asks for, checked to be something that `asyncio.run` can do."""
    names = Names(code)
    runs = read_runs(code, names, remedy)
    function = code.function(runs[0].call)
    assert isinstance(function, cst.FunctionDef | cst.Module)
    getters = frozenset(code.find(span, cst.Call) for span in remedy.loop_getters)
    variables = frozenset(run.loop.value for run in runs if isinstance(run.loop, cst.Name))
    plumbing = Plumbing(code, names, variables, getters)
    runs = tuple(run for run in runs if not plumbing.tidies_up(run.call))
    if not runs:
        raise Withheld("the function only tidies up a loop that runs elsewhere")
    _check_receivers(code, plumbing, runs)
    handlers = repeated_handlers(code, plumbing, runs)
    runs = tuple(run for run in runs if not any(code.contains(handler, run.call) for handler in handlers))
    tasks = {run: value for run in runs if (value := unwrapped(code, plumbing, run)) is not None}
    check_uses(code, plumbing, function, [name for run in tasks for name in code.nodes(cst.Name, run.awaited)])
    check_arguments(code, [run for run in runs if run not in tasks])
    return _Job(names, plumbing, function, runs, tasks, handlers)


def _check_receivers(code: Code, plumbing: Plumbing, runs: Sequence[Run]) -> None:
    for run in runs:
        if isinstance(run.loop, cst.Name) or plumbing.source(run.loop) is not None:
            continue
        written = code.text_of(run.loop)
        if isinstance(run.loop, cst.Attribute) and "\n" not in written:
            raise Withheld(f"the loop is kept in `{written}` (line {code.number(run.call)})")
        raise Withheld(f"it is not known where the loop comes from (line {code.number(run.call)})")


def _run_name(code: Code, module: str) -> str:
    return f"{module}.run" if module else bound_at_top(code, "asyncio", "run") or "run"


def _replace(draft: Draft, job: _Job, run: Run, runner: str, taken: set[str]) -> None:
    """Let RUNNER run the coroutine of RUN. TAKEN are the names that this fix has given already."""
    code, coroutine = draft.code, job.tasks.get(run)
    draft.replace(code.extent(run.call.func), runner)
    argument = run.call.args[0]
    if argument.keyword is not None:
        draft.replace(Extent(code.extent(argument.keyword).start, code.extent(argument.value).start), "")
    if coroutine is not None:
        start, end = code.extent(run.awaited)
        draft.replace(Extent(start, code.extent(coroutine).start), "")
        draft.replace(Extent(code.extent(coroutine).end, end), "")
    elif run.argument == "awaitable":
        called = wrap_awaitable(draft, job.names, run, taken)
        after = code.extent(run.call.func).end
        draft.replace(Extent(after, code.extent(run.call).end), f"({called})")


def _is_shape_a(job: _Job, groups: Sequence[Lifetime]) -> bool:
    """One run of a coroutine on one new loop that is closed behind it: exactly what `asyncio.run` does."""
    plumbing = job.plumbing
    if job.tasks or job.handlers or any(run.argument != "coroutine" for run in job.runs):
        return False
    if any(group.many or len(group.runs) > 1 or group.start is None for group in groups):
        return False
    if any(_may_need_loop(plumbing, group) for group in groups):
        return False
    closed = any(
        isinstance(call.func, cst.Attribute) and call.func.attr.value == "close" and plumbing.is_loop(call.func.value)
        for call in plumbing.code.nodes(cst.Call, job.function)
    )
    return closed and plumbing.kinds(job.function) == {"new"}


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
