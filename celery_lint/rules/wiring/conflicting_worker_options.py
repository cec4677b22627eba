"""CEL218: worker options that cannot work together, or do not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.values import Known
from celery_lint.project.deployment.command_line import OLD_SPELLINGS
from celery_lint.project.deployment.workers import GREEN
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.rule import ERROR, HIGH, WARNING, rule

_USER_OPTIONS = Pattern(rb"user_options|celery\.commands")


@rule("CEL218", "conflicting-worker-options", since="0.1", severity=ERROR, confidence=HIGH)
def check(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """Worker options that cannot work together, or that Celery does not know."""
    if command.invocation.subcommand not in ("worker", "beat"):
        return
    if command.invocation.subcommand == "worker":
        yield from _combinations(command)
        yield from _overridden(command, project)
    unknown = list(_unknown(command, project)) if command.command.through is None else []
    if unknown and not project.files.is_mentioned(_USER_OPTIONS):
        yield from unknown


def _combinations(command: CeleryCommand) -> Iterator[Finding]:
    options, pool = command.invocation.options, command.invocation.pool
    if "beat" in options and pool in GREEN:
        yield check.finding(
            f"`{options['beat'].text}` and `{pool}` exclude each other: the worker ends with ImproperlyConfigured; "
            "start `celery beat` by itself",
            Location(command.location.path, options["beat"].span),
            command.entity,
        )
    if "autoscale" in options and pool in ("threads", "solo"):
        dies = "dies when it first scales up" if pool == "threads" else "cannot scale"
        yield check.finding(
            f"`--autoscale` and the pool `{pool}` exclude each other: the worker {dies}; use `--concurrency`",
            Location(command.location.path, options["autoscale"].span),
            command.entity,
        )


def _overridden(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """celery/bin/worker.py: `WorkersPool.convert` takes an explicit prefork for the default."""
    word = command.invocation.options.get("pool")
    setting = command.app.settings.get("worker_pool") if command.app is not None and command.app_is_known else None
    known = project.evaluator.text(setting.value) if setting is not None else None
    if word is None or word.text != "prefork" or setting is None or not isinstance(known, Known):
        return
    if known.value != "prefork":
        yield check.finding(
            f"this worker runs in the pool `{known.value}`: Celery takes an explicit `prefork` for the default, and "
            "`worker_pool` of the settings wins",
            Location(command.location.path, word.span),
            command.entity,
            related=(Related(setting.origin, f"`worker_pool` is `{known.value}` here"),),
            severity=WARNING,
        )


def _unknown(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    invocation = command.invocation
    words = invocation.unknown_options
    known = project.celery.table.options(invocation.subcommand)
    for word in words:
        text = (word.text or word.prefix).partition("=")[0]
        if not text or text in OLD_SPELLINGS or (word.text is None and "=" not in word.prefix):
            continue
        flags = sorted(flag for option in known.values() for flag in option.flags)
        close = difflib.get_close_matches(text, flags, n=1, cutoff=0.6)
        needs = next((option for option in known.values() if text in option.flags), None)
        why = f"`{text}` needs a value" if needs is not None else f"`celery {invocation.subcommand}` has no `{text}`"
        hint = f"; did you mean `{close[0]}`?" if close and needs is None else ""
        yield check.finding(
            f"{why}, so it does not start{hint}", Location(command.location.path, word.span), command.entity
        )
    stray = next((word for word in invocation.extra if word.text is not None and "=" not in word.text), None)
    if stray is not None and not words and not invocation.open:
        yield check.finding(
            f"`{stray.text}` is no option of `celery {invocation.subcommand}`, so it does not start"
            f"{_after_space(command)}",
            Location(command.location.path, stray.span),
            command.entity,
        )


def _after_space(command: CeleryCommand) -> str:
    queues = command.invocation.options.get("queues")
    is_cut = queues is not None and (queues.text or "").endswith(",")
    return "; write the queues after `-Q` without spaces" if is_cut else ""
