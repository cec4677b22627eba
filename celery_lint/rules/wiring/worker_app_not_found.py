"""CEL217: `-A` that leads nowhere."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from celery_lint.finding import Finding, Location, Related, Span
from celery_lint.project.code.files import is_aside
from celery_lint.project.deployment.purposes import written
from celery_lint.project.model import App, CeleryCommand
from celery_lint.project.project import Project
from celery_lint.remedy import EditCommand, Replacement
from celery_lint.rule import ERROR, HIGH, MEDIUM, WARNING, listed, rule

# Files that run this project's own code; an image of a compose file may hold another's.
_OWN = frozenset({"python", "makefile", "procfile", "shell"})
# What a script tells its reader to type.
_TOLD = re.compile(rb"""\becho\b[^\n]{0,500}\bcelery\s+(?:-A\s*|--app[= ])([\w.:]+)\s+(?:worker|beat|flower)\b""")


@rule("CEL217", "worker-app-not-found", since="0.1", severity=ERROR, confidence=HIGH, fix="unsafe")
def check(project: Project) -> Iterator[Finding]:
    """`-A` names a module or an application that the project does not have."""
    groups: dict[tuple[str, str], list[CeleryCommand]] = {}
    for command in project.commands:
        text = _lost(command, project)
        if text is not None:
            groups.setdefault((command.location.path, text), []).append(command)
    for (_, text), commands in groups.items():
        yield _finding(commands, text, project)
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


def _lost(command: CeleryCommand, project: Project) -> str | None:
    """What COMMAND says behind `-A`, when that leads nowhere."""
    app = command.invocation.app
    if app is None or not app.text or command.command.through is not None:
        return None
    missing = project.targets.missing(app.text)
    if missing is None or (command.names_app and not missing.is_taken):
        return None
    if missing.no_package and (command.command.kind not in _OWN or not project.apps or _is_foreign(app.text, project)):
        return None
    return app.text


def _is_foreign(text: str, project: Project) -> bool:
    return project.requires(text.partition(".")[0].partition(":")[0])


def _finding(commands: list[CeleryCommand], text: str, project: Project) -> Finding:
    """One finding for the COMMANDS of one file that say the same."""
    missing = project.targets.missing(text)
    assert missing is not None
    first, *others = dict.fromkeys(_place(command, project) for command in commands)
    names = _names(text, project)
    remedy, withheld = _remedy(commands, text, names, project)
    starts = dict.fromkeys(f"celery {command.invocation.subcommand}" for command in commands)
    do = "does" if len(starts) == 1 else "do"
    return check.finding(
        f"`-A {text}` leads to no Celery application: {missing.why}, so {listed(list(starts))} {do} not start"
        f"{_hint(text, names)}",
        first,
        commands[0].entity,
        related=(
            *(Related(other, "and here", again=True) for other in others),
            *(Related(made.location, f"`{name}` is made here") for name, made in names.items()),
        ),
        remedy=remedy,
        withheld=withheld,
        confidence=MEDIUM if missing.no_package else HIGH,
    )


def _place(command: CeleryCommand, project: Project) -> Location:
    app = command.invocation.app
    assert app is not None
    return Location(command.location.path, written(app, project.source(command.location.path)) or app.span)


def _remedy(
    commands: list[CeleryCommand], text: str, names: dict[str, App], project: Project
) -> tuple[EditCommand | None, str | None]:
    """What names the only application of the project in all COMMANDS, or why that is not done."""
    path = commands[0].location.path
    source = project.source(path)
    apps = [command.invocation.app for command in commands]
    places = [written(app, source) for app in apps if app is not None]
    known = dict.fromkeys(place for place in places if place is not None)
    if not all(places):
        return None, "the name is put together from several places"
    if len(names) != 1:
        return None, f"the project has {'several applications' if names else 'no application'}"
    right = next(iter(names))
    return EditCommand(path, f"Name `{right}`", tuple(Replacement(place, text, right) for place in known)), None


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
