"""`celery-lint map`: what was understood of a project, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from celery_lint.commands.console import warn
from celery_lint.commands.lint import run_on
from celery_lint.commands.picture import drawn, way_from
from celery_lint.commands.places import place_of, relative
from celery_lint.commands.results import FAILED
from celery_lint.commands.writing import encoded, sheet_for, write_to
from celery_lint.errors import UserError
from celery_lint.report.model import Report
from celery_lint.report.terminal import ColorChoice
from celery_lint.run import Run
from celery_lint.settings import load
from celery_lint.views.focus import find_task, only
from celery_lint.views.model import Picture, Task

Format = Literal["text", "json", "mermaid", "dot", "html"]


class Options(Struct, frozen=True, kw_only=True):
    """The options of the command line, by their names there."""

    path: Path
    format: Format
    output: Path | None
    task: str | None
    config: Path | None
    isolated: bool
    own_rules: bool
    color: ColorChoice


def draw_map(options: Options) -> int:
    """Write the map that OPTIONS ask for; the exit status."""
    if options.config and options.isolated:
        raise UserError("--config and --isolated contradict each other")
    place = place_of((options.path,), options.config, isolated=options.isolated)
    configuration = load(place, own_rules=options.own_rules)
    done = run_on(configuration, (options.path,), (relative(options.path, place.root),), with_fixes=False)
    picture = drawn(configuration, done)
    task = find_task(picture, options.task) if options.task is not None else None
    write_to(options.output, _formatted(picture, task, done.report, options))
    for folder in done.unlisted:
        warn(f"{folder.path} could not be read: {folder.message}")
    return _status(done)


def _status(done: Run) -> int:
    for code in done.crashed:
        warn(f"{code} crashed: what it would say is missing; `celery-lint check --verbose` shows why")
    return FAILED if done.crashed else 0


def _formatted(picture: Picture, task: Task | None, report: Report, options: Options) -> bytes:
    if options.format == "text":
        return _text(picture, task, report.root, options)
    part = picture if task is None else only(picture, task)
    if options.format == "json":
        from celery_lint.views.json import json

        return json(part)
    if options.format == "html":
        from celery_lint.views.html import html

        return html(part, way_from(options.output, report.root), report.rules).encode("utf-8", "backslashreplace")
    if options.format == "mermaid":
        from celery_lint.views.mermaid import mermaid as lines_of
    else:
        from celery_lint.views.dot import dot as lines_of
    return "".join(f"{line}\n" for line in lines_of(part)).encode("utf-8", "backslashreplace")


def _text(picture: Picture, task: Task | None, root: Path, options: Options) -> bytes:
    from celery_lint.views.story import story
    from celery_lint.views.text import text

    sheet = sheet_for(root, options.output, options.color)
    return encoded(text(picture, sheet) if task is None else story(only(picture, task), sheet), options.output)
