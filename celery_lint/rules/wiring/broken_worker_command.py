"""CEL211: commands that Celery 5 refuses."""

from __future__ import annotations

from collections.abc import Iterator

from celery_lint.facts.model import Word
from celery_lint.finding import Finding, Location, Severity
from celery_lint.project.code.files import is_aside
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.deployment.command_line import OLD_SPELLINGS, misplaced, moved, subcommand_at
from celery_lint.project.deployment.purposes import written
from celery_lint.project.model import CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, INFO, WARNING, rule

_NAMES_APP = Pattern(rb"(?m)^[ \t]*(?:export\s+)?(?:APP|CELERY_APP)\s*[=:]")
# In a Dockerfile or a start script: what they start inherits it, through supervisord as well.
_EXPORTS_APP = Pattern(rb"(?m)^[ \t]*(?:export|ENV)[ \t]+APP[ \t=]|\bCELERY_APP[ \t]*[=: ]")


@rule("CEL211", "broken-worker-command", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    """A command of Celery that Celery 5 refuses, or that starts without an application."""
    if command.command.through is not None or command.invocation.subcommand is None:
        return
    if project.celery.is_configured and not project.celery.at_least("5.0"):
        return
    wrong = misplaced(command, project.celery.table)
    if wrong is not None and command.invocation.subcommand != "multi":
        yield _misplaced(command, project, *wrong)
        return
    yield from _respelt(command, project)
    if command.invocation.app is None and not command.invocation.open and _needs_app(command, project):
        yield _without_app(command, project)


def _misplaced(command: CeleryCommand, project: Project, flag: str, first: int, last: int) -> Finding:
    words, sub = command.command.words, command.invocation.subcommand
    at = subcommand_at(command)
    assert at is not None
    source = project.source(command.location.path)
    edits = moved(words, at, first, last, source)
    title = f"Move `{flag}` in front of `{sub}`"
    # flower reads on, warns, and does without the application.
    is_flower = sub not in project.celery.table.cli
    consequence = f"flower ignores it behind `{sub}`" if is_flower else f"Celery 5 refuses it behind `{sub}`"
    return check.finding(
        f"`{flag}` is an option of `celery` itself, and {consequence}: write `celery {flag} … {sub}`",
        Location(command.location.path, words[first].span),
        command.entity,
        remedy=EditCommand(source.path, title, edits) if edits else None,
        withheld=None if edits else "the words of this command are not written one by one",
        severity=_severity(project, WARNING if is_flower else ERROR),
    )


def _severity(project: Project, severity: Severity) -> Severity:
    """On Celery 4 the command works, until the day of the upgrade."""
    return severity if project.celery.at_least("5.0") else INFO


def _respelt(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    for word in command.invocation.unknown_options:
        old = (word.text or word.prefix).partition("=")[0]
        new = OLD_SPELLINGS.get(old)
        if new is not None:
            yield check.finding(
                f"Celery 5 has no `{old}`, so `celery {command.invocation.subcommand}` does not start: write `{new}`",
                Location(command.location.path, word.span),
                command.entity,
                remedy=_spelling(command, word, old, new, project),
                withheld=None if written(word, project.source(command.location.path)) else "the option is a variable",
                severity=_severity(project, ERROR),
            )


def _spelling(command: CeleryCommand, word: Word, old: str, new: str, project: Project) -> EditCommand | None:
    place = written(word, project.source(command.location.path))
    if place is None or word.text is None:
        return None
    replacement = Replacement(place, word.text, new + word.text[len(old) :])
    return EditCommand(command.location.path, f"Write `{new}`", (replacement,))


def _needs_app(command: CeleryCommand, project: Project) -> bool:
    """Whether a command without `-A` serves nothing: no variable and no `celeryconfig.py` names the application."""
    if command.invocation.subcommand not in ("worker", "beat") or not project.celery.at_least("5.0"):
        return False
    options, variables = command.invocation.options, command.command.environment
    if {"config", "loader"} & options.keys() or {"CONFIG_MODULE", "LOADER", "CELERY_CONFIG_MODULE"} & variables.keys():
        return False
    if any(path.endswith("celeryconfig.py") for path in project.files.paths):
        return False
    if any(project.files.mentions(path, _EXPORTS_APP) for path in project.files.deploy_paths):
        return False
    named = (path for path in project.files.paths if not path.endswith((".py", ".md")) and not is_aside(path))
    return not any(project.files.mentions(path, _NAMES_APP) for path in named if "env" in path)


def _without_app(command: CeleryCommand, project: Project) -> Finding:
    sub = command.invocation.subcommand
    at = subcommand_at(command) or 0
    name = project.apps[0].name if len(project.apps) == 1 else None
    what = "knows none of the tasks and discards their messages" if sub == "worker" else "has no schedule"
    module, _, variable = (name or "").rpartition(".")
    hint = f"write `celery -A {module}:{variable} {sub}`" if module else f"write `celery -A module {sub}`"
    return check.finding(
        f"`celery {sub}` without `-A` starts Celery's own empty application: it {what}; {hint}",
        Location(command.location.path, command.command.words[at].span),
        command.entity,
        withheld="the folder that the command runs in decides how the application is called",
    )
