"""`celery-lint check`: from options to findings and an exit status."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from celery_lint.commands.console import note, warn, write, write_bytes
from celery_lint.configfile import Place, locate
from celery_lint.errors import UserError
from celery_lint.finding import Severity
from celery_lint.report.concise import concise
from celery_lint.report.full import full
from celery_lint.report.json import json
from celery_lint.report.model import Report
from celery_lint.report.summary import statistics, summary
from celery_lint.report.terminal import ColorChoice, terminal_for
from celery_lint.report.text import escape
from celery_lint.run import Run, run
from celery_lint.settings import Configuration, Settings, load, override

if TYPE_CHECKING:
    from celery_lint.fix import Plan

CLEAN, FOUND, FAILED = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line, by their names there."""

    paths: tuple[Path, ...]
    fix: bool
    unsafe_fixes: bool
    fix_only: bool
    diff: bool
    select: tuple[str, ...]
    extend_select: tuple[str, ...]
    ignore: tuple[str, ...]
    preset: str | None
    fail_level: str | None
    output_format: str | None
    statistics: bool
    config: Path | None
    isolated: bool
    color: ColorChoice
    quiet: bool
    verbose: bool


def check(options: Options) -> int:
    """Do what OPTIONS ask for; the exit status."""
    _refuse_contradictions(options)
    targets = options.paths or (Path(),)
    place = place_of(targets, options.config, isolated=options.isolated)
    configured = load(place)
    configuration = override(configured, _overrides(options, configured.settings))
    selection = tuple(relative(target, place.root) for target in targets)
    done = run_on(configuration, targets, selection)
    if options.verbose:
        _say_what_was_used(configuration, place, done)
    if options.diff or options.fix or options.fix_only:
        from celery_lint.repair import fix, plan_fixes

        planned = plan_fixes(done, configuration, selection, unsafe=options.unsafe_fixes)
        if options.diff:
            return _show_diff(done, planned)
        for refusal in fix(planned, configuration, selection).refused:
            warn(refusal.reason)
        done = run_on(configuration, targets, selection)
    return _report(done, configuration.settings, selection, options)


def place_of(targets: tuple[Path, ...], config: Path | None, *, isolated: bool) -> Place:
    """The project that all TARGETS belong to. Raises UserError when one does not exist, or there are several."""
    if config is not None and not config.is_file():
        raise UserError(f"there is no file {config}")
    for target in targets:
        if not os.path.exists(target):  # noqa: PTH110 -- Path.exists raises for a name that holds NUL
            raise UserError(f"there is no file or folder {target}")
    places = {locate(target, config=config, isolated=isolated): target for target in targets}
    if len(places) > 1:
        parts = " and ".join(f"{target} (project {place.root})" for place, target in places.items())
        raise UserError(f"{parts} are different projects: lint them one at a time")
    return next(iter(places))


def _refuse_contradictions(options: Options) -> None:
    writes = [name for name, is_on in (("--fix", options.fix), ("--fix-only", options.fix_only)) if is_on]
    if options.diff and writes:
        raise UserError(f"--diff changes nothing, {writes[0]} does: choose one")
    if options.unsafe_fixes and not options.diff and not writes:
        raise UserError("--unsafe-fixes needs --fix, --fix-only or --diff")
    if options.statistics and options.output_format == "json":
        raise UserError("--statistics is for people; with --output-format json, count the findings")
    if options.config and options.isolated:
        raise UserError("--config and --isolated contradict each other")


def _overrides(options: Options, settings: Settings) -> dict[str, object]:
    """The settings that OPTIONS change. A selection on the command line starts afresh; additions add."""
    select, extend, ignore = map(_split, (options.select, options.extend_select, options.ignore))
    values: dict[str, object] = {}
    if select:
        values |= {"select": select, "extend-select": extend, "ignore": ignore}
    else:
        values |= {"extend-select": (*settings.extend_select, *extend)} if extend else {}
        values |= {"ignore": (*settings.ignore, *ignore)} if ignore else {}
    words = {
        "preset": options.preset,
        "fail-level": options.fail_level,
        "output-format": options.output_format,
    }
    return values | {key: word for key, word in words.items() if word is not None}


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def relative(target: Path, root: Path) -> str:
    """The way from ROOT to TARGET, with `/`. Raises UserError when TARGET is outside."""
    real = target.resolve()
    if not real.is_relative_to(root):
        raise UserError(f"{target} is outside the project {root}")
    return real.relative_to(root).as_posix()


def run_on(
    configuration: Configuration, targets: tuple[Path, ...], selection: tuple[str, ...], *, with_fixes: bool = True
) -> Run:
    """Lint, and make sure that every one of TARGETS (relative to the root: SELECTION) has something to read."""
    done = run(configuration, with_fixes=with_fixes)
    if not done.report.statistics.files:
        raise UserError(f"nothing to read: no file in {configuration.root} is of a kind that celery-lint knows")
    for target, selected in zip(targets, selection, strict=True):
        if selected != "." and not any(path == selected or path.startswith(selected + "/") for path in done.paths):
            raise UserError(f"nothing to read: {target} is excluded, ignored by git, or empty")
    return done


def _say_what_was_used(configuration: Configuration, place: Place, done: Run) -> None:
    note(f"root: {configuration.root}")
    note(f"configuration: {place.file or 'none'}")
    note(f"files: {len(done.paths)}")
    for trace in done.crashed.values():
        note(trace.rstrip())


def _show_diff(done: Run, planned: Plan) -> int:
    """What PLANNED would change; status 1 when that is anything."""
    from celery_lint.fix import diff

    for refusal in planned.refused:
        warn(refusal.reason)
    write_bytes(diff(planned.before, planned.after).encode("utf-8", "backslashreplace"))
    if done.crashed:
        return FAILED
    return FOUND if planned.after else CLEAN


def _report(done: Run, settings: Settings, selection: tuple[str, ...], options: Options) -> int:
    report = replace(done.report.only(selection), shown=_way_to(done.report.root))
    if not options.fix_only:
        _write(report, settings, options)
    if not options.quiet:
        for folder in done.unlisted:
            warn(f"{folder.path} could not be read: {folder.message}")
        for line in _celery_of(done):
            note(line)
        note(summary(report, terminal_for(sys.stderr, os.environ, options.color)))
    if done.crashed:
        return FAILED
    least = Severity[settings.fail_level.upper()]
    fails = not options.fix_only and any(finding.severity >= least for finding in report.findings)
    return FOUND if fails else CLEAN


def _celery_of(done: Run) -> tuple[str, ...]:
    """Which Celery the projects that were read run on; nothing for those without Celery code."""
    projects = [project for project in done.projects if project.statistics.celery_files]
    return tuple(dict.fromkeys(escape(str(project.celery)) for project in projects))


def _write(report: Report, settings: Settings, options: Options) -> None:
    terminal = terminal_for(sys.stdout, os.environ, options.color)
    if options.statistics:
        write(statistics(report, terminal))
    elif settings.output_format == "json":
        write_bytes(json(report))
    elif settings.output_format == "concise":
        write(concise(report, terminal))
    else:
        write(full(report, terminal))


def _way_to(root: Path) -> str:
    """The way from the working directory to ROOT: what is put before paths so that they can be opened."""
    way = os.path.relpath(root)
    return "" if way == "." else f"{way}/"
