"""CEL217: `-A` that leads nowhere."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.code.files import is_aside
from celery_lint.project.deployment.purposes import written
from celery_lint.project.deployment.targets import Missing
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, MEDIUM, WARNING, rule

# Files that run this project's own code; an image of a compose file may hold another's.
_OWN = frozenset({"python", "makefile", "procfile", "shell"})
# What a script tells its reader to type.
_TOLD = re.compile(rb"""\becho\b[^\n]*\bcelery\s+(?:-A\s*|--app[= ])([\w.:]+)\s+(?:worker|beat|flower)\b""")


@rule("CEL217", "worker-app-not-found", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """`-A` names a module or an application that the project does not have."""
    for command in project.commands:
        yield from _of_command(command, project)
    for path in project.files.deploy_paths:
        if path.endswith((".sh", ".bash")):
            yield from _told(path, project)


def _told(path: str, project: Project) -> Iterator[Finding]:
    for match in _TOLD.finditer(project.files.data(path)):
        text = match[1].decode()
        missing = project.targets.missing(text)
        if missing is not None and not missing.no_package:
            yield check.finding(
                f"this script tells its reader to run `celery -A {text}`, which leads to no Celery application: "
                f"{missing.why}{_hint(text, _names(text, project))}",
                Location(path, Span(*match.span(1))),
                f"text:{text}",
                withheld="it is text",
                severity=WARNING,
            )


def _of_command(command: CeleryCommand, project: Project) -> Iterator[Finding]:
    app = command.invocation.app
    if app is None or not app.text or command.command.through is not None:
        return
    missing = project.targets.missing(app.text)
    if missing is None or (command.names_app and not missing.is_taken):
        return
    if missing.no_package and (command.command.kind not in _OWN or not project.apps or _is_foreign(app.text, project)):
        return
    yield _finding(command, app.text, missing, project)


def _is_foreign(text: str, project: Project) -> bool:
    return project.requires(text.partition(".")[0].partition(":")[0])


def _finding(command: CeleryCommand, text: str, missing: Missing, project: Project) -> Finding:
    app = command.invocation.app
    assert app is not None
    source = project.source(command.location.path)
    place = written(app, source)
    names = _names(text, project)
    remedy, withheld = None, None
    if place is None:
        withheld = "the name is put together from several places"
    elif len(names) != 1:
        withheld = "the project has no application" if not names else "the project has several applications"
    else:
        replacement = Replacement(place, text, next(iter(names)))
        remedy = EditCommand(command.location.path, f"Name `{next(iter(names))}`", (replacement,))
    return check.finding(
        f"`-A {text}` leads to no Celery application: {missing.why}, so `celery {command.invocation.subcommand}` "
        f"does not start{_hint(text, names)}",
        Location(command.location.path, place or app.span),
        command.entity,
        related=tuple(Related(made.location, f"`{name}` is made here") for name, made in names.items()),
        remedy=remedy,
        withheld=withheld,
        confidence=MEDIUM if missing.no_package else HIGH,
    )


def _names(text: str, project: Project) -> dict[str, App]:
    """The applications that the project has, as `-A` names them."""
    return {_name(made, text): made for made in project.apps if not is_aside(made.module_path)}


def _name(app: App, text: str) -> str:
    """How `-A` names APP: from the folder that TEXT starts from, where APP is below it."""
    module, _, variable = app.name.rpartition(".")
    top = text.partition(":")[0].partition(".")[0]
    parts = module.split(".")
    module = ".".join(parts[parts.index(top) :]) if top in parts else module
    return f"{module}:{variable}" if variable else module


def _hint(text: str, names: dict[str, App]) -> str:
    if len(names) == 1:
        return f"; write `-A {next(iter(names))}`"
    close = difflib.get_close_matches(text, sorted(names), n=1, cutoff=0.5)
    if close:
        return f"; the nearest is `{close[0]}`"
    shown = [f"`{name}`" for name in list(names)[:2]]
    return f"; the project has {' and '.join(shown)}" if len(names) == len(shown) and shown else ""
