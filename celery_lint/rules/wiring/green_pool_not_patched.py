"""CEL212: gevent or eventlet without the patches."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.finding import Applicability, Finding, Location, Related
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.command_line import position
from celery_lint.project.deployment.launchers import WORKER_MAIN
from celery_lint.project.deployment.purposes import written
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, MEDIUM, rule

_PATCHES = Pattern(rb"\bpatch_all\s*\(|\bmonkey_patch\s*\(|gevent\.monkey\b")
_CONSEQUENCE = "the worker says it is ready, takes tasks and never runs one"


@rule(
    "CEL212",
    "green-pool-not-patched",
    since="0.1",
    severity=ERROR,
    confidence=HIGH,
    fix="safe",
)
def check(project: Project) -> Iterator[Finding]:
    """gevent or eventlet is selected where Celery does not patch for it."""
    found = [finding for command in project.commands for finding in _of_command(command, project)]
    found += [finding for app in project.apps for finding in _of_settings(app, project)]
    if found and not project.files.is_mentioned(_PATCHES):
        yield from found


def _of_command(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    invocation = command.invocation
    if invocation.subcommand != "worker" or invocation.pool not in GREEN:
        return
    pool = invocation.pool
    assert isinstance(pool, str)
    value = invocation.options.get("pool")
    if command.command.through == WORKER_MAIN:
        yield check.finding(
            f"`worker_main` does not patch for {pool}, only the program `celery` does: {_CONSEQUENCE}; "
            f"{_patch(pool)} at the top of this script",
            Location(command.location.path, value.span if value is not None else command.location.span),
            command.entity,
            withheld="where the script's first line is, you know",
        )
    elif value is None:
        yield check.finding(
            f"`CELERY_WORKER_POOL={pool}` selects the pool after the libraries are loaded unpatched: {_CONSEQUENCE}; "
            f"write `-P {pool}` in the command",
            command.location,
            command.entity,
            withheld="the variable may be meant for other workers too",
        )
    elif command.command.through is None:
        yield from _joined(command, pool, project)


def _joined(command: CeleryCommand, pool: str, project: Project) -> Iterator[Finding]:
    """`-Pgevent`: celery/__init__.py looks for the words `-P`, `--pool` and `--pool=…` only."""
    value = command.invocation.options["pool"]
    index = position(command, value)
    word = command.command.words[index] if index is not None else None
    if word is None or word.text is None or word.text.startswith("--") or not word.text.startswith("-"):
        return
    place = written(word, project.source(command.location.path))
    # In a list each word has quotes of its own, and the option needs two of them.
    is_plain = place is not None and place == word.span and word.text == f"-P{pool}"
    remedy = None
    if is_plain and command.command.kind != "python":
        replacement = Replacement(word.span, word.text, f"-P {pool}")
        remedy = EditCommand(command.location.path, f"Write `-P {pool}`", (replacement,), Applicability.SAFE)
    elif place is not None and word.text == f"-P{pool}":
        replacement = Replacement(place, word.text, f"--pool={pool}")
        remedy = EditCommand(command.location.path, f"Write `--pool={pool}`", (replacement,), Applicability.SAFE)
    yield check.finding(
        f"Celery does not see `{word.text}` when it decides whether to patch: {_CONSEQUENCE}; write `-P {pool}`",
        Location(command.location.path, word.span),
        command.entity,
        remedy=remedy,
        withheld=None if remedy else "the word is put together from several options",
    )


def _of_settings(app: App, project: Project) -> Iterator[Finding]:
    setting = app.settings.get("worker_pool")
    known = project.evaluator.text(setting.value) if setting is not None else None
    if setting is None or not isinstance(known, Known) or known.value not in GREEN:
        return
    commands = [c for c in project.commands if c.invocation.is_worker and (c.app is app or not c.app_is_known)]
    bare = [command for command in commands if command.invocation.pool in (None, "prefork")]
    if commands and not bare:
        return
    yield check.finding(
        f"`worker_pool = {known.value!r}` in the settings comes too late, after the libraries are loaded unpatched: "
        f"{_CONSEQUENCE}; write `-P {known.value}` in the command",
        setting.origin,
        "setting:worker_pool",
        related=tuple(Related(command.location, "this worker takes its pool from the settings") for command in bare),
        withheld=f"the command of the worker needs `-P {known.value}`",
        confidence=HIGH if bare else MEDIUM,
    )


def _patch(pool: str) -> str:
    return "call `gevent.monkey.patch_all()`" if pool == "gevent" else "call `eventlet.monkey_patch()`"
