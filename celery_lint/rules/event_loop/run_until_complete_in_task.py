"""CEL102: event loops driven by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.facts.model import Call, Name
from celery_lint.finding import Applicability, Finding, Location, Related
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.symbols import FunctionRef
from celery_lint.project.database.engine_uses import minds_loops
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.event_loops.awaitables import Awaitability, Awaitables
from celery_lint.project.event_loops.loops import LoopUse
from celery_lint.project.event_loops.winding_down import winds_down
from celery_lint.project.model import Reached, Task
from celery_lint.project.project import Project
from celery_lint.remedy import LoopRun, RunCoroutines
from celery_lint.rule import ERROR, HIGH, rule

_KEPT = frozenset({"process", "local"})


@rule(
    "CEL102", "run-until-complete-in-task", since="0.1", severity=ERROR, confidence=HIGH,
    fix="safe / unsafe", absorbs=("CEL101",),
)  # fmt: skip
def check(project: Project) -> Iterator[Finding]:
    """An event loop is driven by hand in worker code."""
    if project.options.asyncio_bridge == "persistent-loop":
        return
    for reached in project.reached.values():
        use = project.loops.use(reached.function)
        if reached.in_loop or _only_winds_down(reached, use, project) or _is_bridge(reached, project):
            continue
        # A helper that is given a loop is part of what its callers do with theirs.
        if not (use.is_passed and any(_drives_its_own(caller, project) for caller in _callers(reached, project))):
            yield _finding(reached, use, project)
    yield from _patched_asyncio(project)


def _only_winds_down(reached: Reached, use: LoopUse, project: Project) -> bool:
    index = project.index(reached.function.path)
    if all(winds_down(call, index, project.symbols) for call in use.runs):
        return True
    # When a process ends, what belongs to the loop that it kept can be closed on that loop only.
    return reached.task is None and "shutdown" in reached.root_label and set(use.lifetimes) <= _KEPT


def _callers(reached: Reached, project: Project) -> frozenset[FunctionRef]:
    return project.callers_of(reached.function) - {reached.function}


def _drives_its_own(function: FunctionRef, project: Project) -> bool:
    use = project.loops.use(function)
    return bool(use.runs) and not use.is_passed


def _is_bridge(reached: Reached, project: Project) -> bool:
    name = reached.label
    return any(bridge == name or bridge.endswith(f".{name}") for bridge in project.options.async_bridges)


def _finding(reached: Reached, use: LoopUse, project: Project) -> Finding:
    path = reached.function.path
    first, *others = use.runs
    tasks = project.tasks_reaching(reached.function)
    is_helper = bool(reached.steps) or reached.is_hook
    who = f"`{reached.label}`, which runs in a worker," if is_helper else reached.root_label
    return check.finding(
        f"{who} drives an event loop by hand: {_consequence(use, project.index(path))}",
        Location(path, first.span),
        reached.entity,
        related=(
            *(Related(Location(path, call.span), "and runs it again here") for call in others),
            *reached.path(),
        ),
        remedy=_remedy(reached, use, project),
        withheld=_withheld(reached, tasks, project),
    )


def _consequence(use: LoopUse, index: FileIndex) -> str:
    instead = "`asyncio.run()` makes, runs and closes its own"
    if "process" in use.lifetimes:
        return (
            "the loop is kept from task to task: two at a time in one process raise RuntimeError, and what one leaves "
            f'running goes on in the next; {instead}, or say `asyncio-bridge = "persistent-loop"` if that is meant'
        )
    if "local" in use.lifetimes:
        return (
            "its thread keeps the loop from task to task, so what one leaves running goes on in the next; "
            f'{instead}, or say `asyncio-bridge = "persistent-loop"` if that is meant'
        )
    if "thread" in use.lifetimes:
        return f"the loop is shared with whatever ran before it, or missing altogether in pool threads; {instead}"
    if use.is_passed:
        return f"what it leaves running is never cancelled; {instead}"
    closes = [call for call in index.facts.calls if _closes(call, use, index)]
    if not closes:
        return f"the loop is never closed, so every run leaks it with its file descriptors; {instead}"
    if any("finally" in index.kinds(call.block) for call in closes):
        return f"what it leaves running is never cancelled; {instead}"
    return f"what it leaves running is never cancelled, and an error on the way leaks the loop; {instead}"


def _closes(call: Call, use: LoopUse, index: FileIndex) -> bool:
    """Whether CALL closes the loop that USE runs, in the same function."""
    owner = use.runs[0].callee
    if not isinstance(owner, Name) or not isinstance(call.callee, Name):
        return False
    same = index.function_at(call.block) is index.function_at(use.runs[0].block)
    return same and call.callee.ref == f"{owner.ref.rpartition('.')[0]}.close"


def _remedy(reached: Reached, use: LoopUse, project: Project) -> RunCoroutines:
    index, fact = project.index(reached.function.path), project.symbols.fact(reached.function)
    runs = tuple(LoopRun(call.span, _argument(project, reached, call)) for call in use.runs)
    proven = all(run.argument == "coroutine" for run in runs)
    alone = not _get_event_loops(reached.function, project)
    return RunCoroutines(
        index.path,
        fact.span,
        runs,
        tuple(call.span for call, _ in use.helpers),
        tuple(_removable(use, reached, project)),
        Applicability.SAFE if proven and alone else Applicability.UNSAFE,
    )


def _argument(project: Project, reached: Reached, call: Call) -> Awaitability:
    argument = call.argument(0, "future")
    if argument is None:
        return "unknown"
    index = project.index(reached.function.path)
    return Awaitables(project.symbols).of(index, call.block, argument.value)


def _removable(use: LoopUse, reached: Reached, project: Project) -> Iterator[Location]:
    """Helpers that return the loop and that only this function calls."""
    for _, helper in use.helpers:
        fact = project.symbols.fact(helper)
        word = re.compile(rb"\b" + fact.name.encode() + rb"\b")
        mentions = [
            (path, match.start())
            for path in project.files.holding(fact.name)
            for match in word.finditer(project.files.data(path))
        ]
        mine = project.symbols.fact(reached.function).span
        elsewhere = [
            place for place in mentions
            if not (place[0] == helper.path and fact.span.start <= place[1] < fact.span.end)
            and not (place[0] == reached.function.path and mine.start <= place[1] < mine.end)
        ]  # fmt: skip
        if not elsewhere:
            yield Location(helper.path, fact.span)


def _get_event_loops(function: FunctionRef, project: Project) -> list[Location]:
    """`get_event_loop()` calls in other worker code: `asyncio.run` leaves them without a loop."""
    return [
        Location(other.function.path, call.span)
        for other in project.reached.values()
        if other.function != function and not other.in_loop
        for call in project.loops.use(other.function).getters
    ]


# why there is no fix


def _withheld(reached: Reached, tasks: tuple[Task, ...], project: Project) -> str | None:
    green = next((task for task in tasks if (project.pools_of(task) or frozenset()) & GREEN), None)
    if green is not None:
        return f"task `{green.name}` runs on a gevent or eventlet worker, where `asyncio.run()` fails just the same"
    if reached.task is None and "call" not in project.loops.use(reached.function).lifetimes:
        return "what a worker sets up when it starts stays bound to this loop, and `asyncio.run()` would close it"
    engine = _shared_engine(reached, project)
    if engine is not None:
        return (
            f"the engine at {engine.path}:{project.line(engine)} keeps its connections from one loop to the next; "
            "give it `poolclass=NullPool` first (CEL301)"
        )
    kept = next(
        (helper for _, helper in project.loops.use(reached.function).helpers if project.loops.keeps_loop(helper)), None
    )
    if kept is not None:
        name = project.symbols.fact(kept).name
        return f"`{name}()` keeps its loop from one run to the next, and what ran on it may rely on that"
    client = _shared_client(tasks, project)
    if client is not None:
        name, place = client
        return (
            f"`{name}` at {place.path}:{project.line(place)} is shared by all runs and stays bound to its first loop; "
            "make it inside the coroutine first"
        )
    for place in _lone_get_event_loops(reached, project):
        return f"after `asyncio.run()`, `get_event_loop()` at {place.path}:{project.line(place)} finds no loop"
    return None


def _lone_get_event_loops(reached: Reached, project: Project) -> Iterator[Location]:
    for place in _get_event_loops(reached.function, project):
        owner = project.index(place.path).function_at(_block_at(project, place))
        ref = FunctionRef(place.path, owner.block) if owner is not None else None
        if ref is None or not (project.loops.use(ref).runs or project.loops.returns_loop(ref)):
            yield place


def _block_at(project: Project, place: Location) -> int:
    calls = project.index(place.path).facts.calls
    return next(call.block for call in calls if call.span == place.span)


def _shared_engine(reached: Reached, project: Project) -> Location | None:
    """A pooled engine that the tasks running this function share between loops."""
    tasks = set(project.tasks_reaching(reached.function))
    for engine, users in project.engine_uses:
        if any(minds_loops(engine, task, project) for task in tasks & set(users)):
            return engine.location
    return None


def _shared_client(tasks: tuple[Task, ...], project: Project) -> tuple[str, Location] | None:
    """A global asynchronous client that the tasks running this function use from their coroutines."""
    for client, users in project.client_uses:
        if set(tasks) & set(users):
            return client.name, client.location
    return None


def _patched_asyncio(project: Project) -> Iterator[Finding]:
    """`nest_asyncio.apply()` in a module with tasks."""
    for path in sorted({task.location.path for task in project.tasks}):
        for call in project.index(path).facts.calls:
            if project.symbols.external(path, call.callee) == "nest_asyncio.apply":
                yield check.finding(
                    "`nest_asyncio.apply()` lets loops run inside each other in every task of this worker: what one "
                    "task waits for, another one resumes; run coroutines with `asyncio.run()` instead",
                    Location(path, call.span),
                    f"module:{path}",
                )
