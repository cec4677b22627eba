"""What a run writes: its findings to stdout and files, all else to stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from celery_lint.cache.replay import Output
from celery_lint.commands.options import Options, Surroundings
from celery_lint.commands.picture import drawn, way_from
from celery_lint.commands.reports import STDOUT, wanted
from celery_lint.configfile import Place
from celery_lint.finding import Severity
from celery_lint.formats import Target, written
from celery_lint.gitroot import find_git_root
from celery_lint.report.counts import counts
from celery_lint.report.model import Report
from celery_lint.report.summary import statistics, summary
from celery_lint.report.text import escape, tame
from celery_lint.run import Run
from celery_lint.settings import Configuration, Settings
from celery_lint.views.model import Picture

CLEAN, FOUND, FAILED = 0, 1, 3


def results(
    done: Run,
    configuration: Configuration,
    place: Place,
    selection: tuple[str, ...],
    options: Options,
    around: Surroundings,
) -> Output:
    """What DONE, a run with the project at PLACE, writes: what OPTIONS ask for, of what is at or below SELECTION."""
    settings = configuration.settings
    report = replace(
        done.report.only(selection),
        shown=around.way,
        repository=_repository(configuration.root),
        anchor=_anchor(place, done),
        fails_from=Severity[settings.fail_level.upper()],
    )
    picture = partial(drawn, configuration, done)
    said = () if options.quiet else tuple(_said(done, configuration, report, around))
    stdout = _written(report, settings, options, around, picture)
    return Output(
        _status(done, report, options), stdout, said, tuple(_files(report, settings, options, around, picture))
    )


def _repository(root: Path) -> str:
    """The way from the root of the git repository to ROOT."""
    top = find_git_root(root)
    way = root.relative_to(top).as_posix() if top is not None else "."
    return "" if way == "." else f"{way}/"


def _anchor(place: Place, done: Run) -> str:
    """The file that stands for the project, for those who show findings in files only."""
    configured = [place.file.name] if place.file is not None else []
    return next((path for path in (*configured, "pyproject.toml", "README.md") if path in done.paths), done.paths[0])


def _status(done: Run, report: Report, options: Options) -> int:
    if done.crashed:
        return FAILED
    fails = not options.fix_only and any(finding.severity >= report.fails_from for finding in report.findings)
    return FOUND if fails else CLEAN


def _said(done: Run, configuration: Configuration, report: Report, around: Surroundings) -> Iterator[str]:
    """What goes to stderr: all that is not a finding."""
    for folder in done.unlisted:
        yield warning(f"{folder.path} could not be read: {folder.message}")
    if configuration.withholds_rules:
        path = configuration.settings.rules_path
        yield warning(f"the rules in {path} did not run: they are code of the project, and --own-rules runs them")
    yield from map(warning, done.renamed)
    yield from _celery_of(done)
    yield summary(report, around.stderr)


def warning(message: str) -> str:
    """The line that tells of MESSAGE."""
    return f"warning: {escape(message)}"


def _celery_of(done: Run) -> tuple[str, ...]:
    """Which Celery the projects that were read run on; nothing for those without Celery code."""
    projects = [project for project in done.projects if project.statistics.celery_files]
    return tuple(dict.fromkeys(escape(str(project.celery)) for project in projects))


def _written(
    report: Report, settings: Settings, options: Options, around: Surroundings, picture: Callable[[], Picture]
) -> tuple[str, ...] | bytes:
    """What goes to stdout."""
    if options.fix_only:
        return ()
    if options.statistics:
        return counts(report) if settings.output_format == "json" else tuple(statistics(report, around.stdout))
    return written(settings.output_format, report, Target(around.stdout, around.way), picture)


def _files(
    report: Report, settings: Settings, options: Options, around: Surroundings, picture: Callable[[], Picture]
) -> Iterator[tuple[str, bytes]]:
    """What goes to files, by their names; to the summary of a step without one."""
    asked = [each for each in wanted(options.report) if each.file != STDOUT]
    for each in asked:
        content = written(each.format, report, Target(way=way_from(Path(each.file), report.root)), picture)
        yield each.file, content if isinstance(content, bytes) else _text(content)
    if "github" in (settings.output_format, *(each.format for each in asked)):
        from celery_lint.report.github import step_summary

        yield "", step_summary(report, around.blob).encode("utf-8", "backslashreplace")


def _text(lines: tuple[str, ...]) -> bytes:
    return "".join(f"{tame(line)}\n" for line in lines).encode("utf-8", "backslashreplace")
