"""How a finding could be cured, as data: what the rewriters in `celery_lint.fix.rewrite` are asked to do.

Rules know the project and say *what* (this engine, this print, these loop runs); rewriters know LibCST and
say *how*. A remedy names byte spans of the file as it was read.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from celery_lint.finding import Applicability, Location, Span


class LoopRun(Struct, frozen=True):
    """One `<loop>.run_until_complete(argument)` call.

    ARGUMENT says what the project knows of the argument: provably a `coroutine` (a call of an `async def`, a
    parameter or variable holding one), an `awaitable` that is no coroutine (`gather(...)`, a future, a task),
    or `unknown`.
    """

    span: Span
    argument: Literal["coroutine", "awaitable", "unknown"]


class RunCoroutines(Struct, frozen=True):
    """Replace loops driven by hand in one function (SCOPE: the span of its `def` with decorators, or of the
    whole module) by `asyncio.run`, or `asyncio.Runner` for several runs on one loop.

    LOOP_GETTERS are spans of calls in SCOPE that return a loop through a project helper
    (`loop = get_or_create_event_loop()`). REMOVABLE are helper functions that nothing but these runs uses, so
    they go with them.
    """

    path: str
    scope: Span
    runs: tuple[LoopRun, ...]
    loop_getters: tuple[Span, ...] = ()
    removable: tuple[Location, ...] = ()
    applicability: Applicability = Applicability.UNSAFE


class UseNullPool(Struct, frozen=True):
    """Give the engine built by CALL `poolclass=NullPool`, without the pool's own arguments."""

    path: str
    call: Span


class ScopeSession(Struct, frozen=True):
    """Open the session assigned by the statement ASSIGNMENT in a `with` (`async with` when IS_ASYNC) around
    the statements that use it, and drop its later `close()`. SCOPE is the enclosing function."""

    path: str
    scope: Span
    assignment: Span
    variable: str
    is_async: bool


class BindTask(Struct, frozen=True):
    """Add `bind=True` to the task decorator DECORATOR (span of the decorator expression, without `@`)."""

    path: str
    decorator: Span


class LogInstead(Struct, frozen=True):
    """Turn the `print` calls PRINTS into logger calls, with a module logger in the style of the file.

    STYLE `task` asks for `get_task_logger(__name__)`, `stdlib` for `logging.getLogger(__name__)`, `auto` for
    whichever the file already uses (stdlib when it uses neither).
    """

    path: str
    prints: tuple[Span, ...]
    style: Literal["auto", "stdlib", "task"] = "auto"


class WrapAsyncTask(Struct, frozen=True):
    """Rename the coroutine of an `async def` task (FUNCTION: its span with decorators) and put a sync task in
    front of it that runs it with `asyncio.run`. BOUND: the first parameter is the task itself."""

    path: str
    function: Span
    bound: bool


class SetTimeLimits(Struct, frozen=True):
    """Set `task_soft_time_limit` and `task_time_limit` (seconds) where the app is configured.

    TARGET is a `conf.update(...)` or `Celery(...)` call, or a literal dict, that already holds settings of the
    app. STYLE is the spelling found there.
    """

    path: str
    target: Span
    soft: int | None
    hard: int | None
    style: Literal["keyword", "mapping"] = "keyword"


class IncludeModule(Struct, frozen=True):
    """Add the dotted names MODULES to the literal list, tuple or set ITEMS of task modules."""

    path: str
    items: Span
    modules: tuple[str, ...]


class WrapInList(Struct, frozen=True):
    """Put brackets around ARGUMENT: a string where a list of strings is meant."""

    path: str
    argument: Span


class DiscoverIn(Struct, frozen=True):
    """Make the `autodiscover_tasks` call CALL look for the module RELATED in its packages."""

    path: str
    call: Span
    related: str


class LoadApp(Struct, frozen=True):
    """Import the Celery application NAME of MODULE (relative, `.celery`) in a Django project's package, so that
    every process has it; PATH is its `__init__.py`."""

    path: str
    module: str
    name: str


class Replacement(Struct, frozen=True):
    """OLD, which stands at SPAN, becomes NEW. An empty OLD is an insertion."""

    span: Span
    old: str
    new: str


class EditCommand(Struct, frozen=True):
    """Change words of a command line or values of a deployment file. TITLE is what an editor calls it."""

    path: str
    title: str
    replacements: tuple[Replacement, ...]
    applicability: Applicability = Applicability.UNSAFE


class EditCode(Struct, frozen=True):
    """Change expressions of a Python file where they stand. TITLE is what an editor calls it.

    IMPORTS are needed by the new text: `functools` (a module) or `celery.exceptions:Retry` (a name of one). Where the
    text says `${functools}` or `${celery.exceptions:Retry}`, it gets the name that the file has for it.
    """

    path: str
    title: str
    replacements: tuple[Replacement, ...]
    imports: tuple[str, ...] = ()
    applicability: Applicability = Applicability.UNSAFE


class AddArgument(Struct, frozen=True):
    """Add TEXT (`retry_backoff=True`, `"expires": 60`) behind the arguments of the call, or the entries of the dict,
    at HOLDER, and of those at OTHERS (TEXTS, where these get something else); a decorator without parentheses gets
    them. TITLE and IMPORTS are as those of `EditCode`."""

    path: str
    title: str
    holder: Span
    text: str
    imports: tuple[str, ...] = ()
    applicability: Applicability = Applicability.UNSAFE
    others: tuple[Span, ...] = ()
    texts: tuple[str, ...] = ()


class ReraiseFirst(Struct, frozen=True):
    """Put `except EXCEPTION: raise` above the `except` clause that holds the bytes of HANDLER (its block's span).

    EXCEPTION is written like an import of `EditCode`: `celery.exceptions:Retry`.
    """

    path: str
    handler: Span
    exception: str
    applicability: Applicability = Applicability.UNSAFE


Remedy = (
    RunCoroutines | UseNullPool | ScopeSession | BindTask | LogInstead | WrapAsyncTask | SetTimeLimits
    | IncludeModule | WrapInList | DiscoverIn | LoadApp | EditCommand | EditCode | AddArgument | ReraiseFirst
)  # fmt: skip
