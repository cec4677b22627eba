"""CEL108: asynchronous clients in worker code, where the project wants none."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Name, Value
from celery_lint.finding import Finding, Location, Related
from celery_lint.project.event_loops.clients import global_client, is_async_client
from celery_lint.project.model import Reached
from celery_lint.project.project import Project
from celery_lint.rule import HIGH, WARNING, rule


@rule("CEL108", "async-client-in-task", since="0.1", severity=WARNING, confidence=HIGH, preset="policy")
def check(reached: Reached, project: Project) -> Iterator[Finding]:
    """Worker code uses an asynchronous client, and `async-policy` is `forbid`."""
    if project.options.async_policy != "forbid":
        return
    uses = list(_uses(reached, project))
    if not uses:
        return
    (name, place), *others = uses
    yield check.finding(
        f"{_where(reached)} uses the asynchronous `{name}`, and `async-policy` is `forbid`; use a client that blocks",
        place,
        reached.entity,
        related=(*(Related(other, f"and `{each}` here") for each, other in others[:3]), *reached.path()),
    )


def _uses(reached: Reached, project: Project) -> Iterator[tuple[str, Location]]:
    """What the function makes itself, and the client of a module that it uses."""
    path = reached.function.path
    index, fact = project.index(path), project.symbols.fact(reached.function)
    for call in index.calls(fact):
        name = _client(path, call.callee, project)
        if name is not None:
            yield name, Location(path, call.span)
    shared = global_client(reached, project.symbols)
    if shared is not None:
        name, made = shared
        names = (value for value in index.values(fact) if isinstance(value, Name))
        used = next((value for value in names if name in value.ref.lstrip("@").split(".")), None)
        yield name, Location(path, used.span) if used is not None else made


def _client(path: str, callee: Value, project: Project) -> str | None:
    name = project.symbols.external(path, callee)
    return name if name is not None and is_async_client(name) else None


def _where(reached: Reached) -> str:
    return f"`{reached.label}`, which tasks call," if reached.steps else reached.root_label
