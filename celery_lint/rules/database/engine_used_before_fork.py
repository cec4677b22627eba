"""CEL302: connections that forked workers share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Related, Span
from celery_lint.project.code.expressions import last_name
from celery_lint.project.code.layout import unit_of
from celery_lint.project.database.connecting import EarlyUse, early_uses
from celery_lint.project.database.engines import Engine
from celery_lint.project.project import Project
from celery_lint.remedy import EditCode, Replacement
from celery_lint.rule import ERROR, HIGH, rule

# SQLAlchemy's advice for forks: drop the inherited connections, or check the process of each (core/pooling.rst).
_CURES = (
    (
        re.compile(rb"\bdispose\b"),
        re.compile(rb"\b(?:worker_process_init|worker_init|celeryd_init|worker_before_create_process)\b"),
    ),
    (re.compile(rb"\bgetpid\b"), re.compile(rb"\bcheckout\b")),
    (re.compile(rb"SQLALCHEMY_ENGINE_OPTIONS"), re.compile(rb"SQLALCHEMY_ENGINE_OPTIONS[\s\S]{0,400}NullPool")),
)
_RENEWS = frozenset({"dispose", "recreate", "create_engine", "engine_from_config"})
_NAME = "_forget_inherited_connections"


@rule("CEL302", "engine-used-before-fork", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """A database engine connects while modules are imported, so forked workers share its connections."""
    uses = tuple(early_uses(project))
    if uses and not _is_cured(project):
        for use in uses:
            yield _finding(use, project)


def _is_cured(project: Project) -> bool:
    """Whether some code around the fork renews the connections of an engine."""
    handled = (
        last_name(call.callee)
        for function in project.forking.handlers
        for call in project.symbols.index(function).calls(project.symbols.fact(function))
    )
    written = (
        path for one, other in _CURES for path in project.files.mentioning(one) if project.files.mentions(path, other)
    )
    return project.forking.has_hooks or any(name in _RENEWS for name in handled) or any(True for _ in written)


def _finding(use: EarlyUse, project: Project) -> Finding:
    engine, (*callers, last) = use.engine, use.way
    first = use.way[0]
    app = project.forking.loads(first.path)
    name = (engine.call.target or "the engine").lstrip("@%")
    return check.finding(
        f"`{name}` connects while `{first.path}` is imported, before the worker forks: its processes share that "
        "connection and read each other's answers; drop it in each of them: "
        f"`{'db.engine' if use.is_flask else name}.dispose(close=False)` in a `worker_process_init` handler",
        last.location,
        f"engine:{engine.path}:{name}",
        related=(
            Related(engine.location, "the engine"),
            *(Related(step.location, "called at import") for step in callers),
            *((Related(app.location, f"the workers of `{app.name}` import that file"),) if app is not None else ()),
        ),
        remedy=_remedy(engine, project),
        withheld=_withheld(use, project),
    )


def _remedy(engine: Engine, project: Project) -> EditCode:
    data = project.files.data(engine.path)
    name = (engine.call.target or "").lstrip("@")
    handler = (
        f"\n\n@${{celery.signals:worker_process_init}}.connect\ndef {_NAME}(**kwargs):\n"
        f"{unit_of(data)}{name}.dispose(close=False)\n"
    )
    text = handler if data.endswith((b"\n", b"\r")) else f"\n{handler}".removesuffix("\n")
    end = Replacement(Span(len(data), len(data)), "", text)
    title = f"Drop the connections that `{name}` has inherited in each worker process"
    return EditCode(engine.path, title, (end,), ("celery.signals:worker_process_init",))


def _withheld(use: EarlyUse, project: Project) -> str | None:
    target = use.engine.call.target
    if use.is_flask:
        return "the engine of Flask-SQLAlchemy is only there inside an application context"
    if target is None or not target.startswith("@") or "." in target:
        return "no name at the top level of the file that makes the engine is the engine itself"
    if _NAME.encode() in project.files.data(use.engine.path):
        return f"the file has a `{_NAME}` already"
    return None
