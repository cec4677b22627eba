"""The pipeline: discover → read → link → judge → filter → report | fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from msgspec import Struct

from celery_lint.cache.facts import FactStore
from celery_lint.catalogue import Agenda, Catalogue, catalogue_of, urls
from celery_lint.comments.directives import DIRECTIVE, may_hold_directives
from celery_lint.comments.model import Suppression
from celery_lint.discover import Files, Unlisted, discover, divide
from celery_lint.errors import ConfigurationError, UserError
from celery_lint.finding import Finding
from celery_lint.judge import judge, order
from celery_lint.project.link import link
from celery_lint.project.project import Project
from celery_lint.report.model import Report, merged
from celery_lint.settings import Configuration
from celery_lint.source import Source
from celery_lint.suppress import silence, without_ignored
from celery_lint.watch import UNWATCHED, Part, Watch

Overlay = Mapping[str, bytes]


class Run(Struct, frozen=True):
    """A REPORT, the tracebacks of rules that CRASHED, by code, the files that belong to the project, and the folders
    that could not be read. LOOKED_AT are the folders and ignore files that decide which files belong to it. PROJECTS
    is what was understood of it: one, or each that the configuration names."""

    report: Report
    crashed: Mapping[str, str]
    paths: tuple[str, ...]
    unlisted: tuple[Unlisted, ...] = ()
    looked_at: tuple[str, ...] = ()
    projects: tuple[Project, ...] = ()


def run(
    configuration: Configuration,
    overlay: Overlay | None = None,
    *,
    paths: Sequence[str] | None = None,
    store: FactStore | None = None,
    jobs: int = 1,
    with_fixes: bool = True,
    watch: Watch = UNWATCHED,
) -> Run:
    """Lint all of the project that CONFIGURATION is for. OVERLAY: files, by path, to be read as if they were so. PATHS:
    the files that it has, instead of those that are there.
    STORE: facts that need not be read again. JOBS: how many processes may read the others.
    WITH_FIXES: findings say how they would be fixed, or why not. WATCH is told of everything that is done.

    Raises UserError when there is nothing to read, or the configuration asks for what does not exist.
    """
    with watch.at(Part.LOAD):
        catalogue = catalogue_of(configuration)
        agenda = catalogue.agenda(configuration)
    with watch.at(Part.DISCOVER):
        settings = configuration.settings
        files = discover(configuration.root, settings.exclude) if paths is None else Files(tuple(paths))
    projects = divide(files.paths, configuration.settings.projects)
    for glob in configuration.settings.projects:
        if not divide(files.paths, [glob]):
            raise ConfigurationError(f'{configuration.origin("projects")}: projects: "{glob}" matches no folder')
    if not any(projects):
        raise UserError(f"nothing to read: {configuration.root} holds no file that is not ignored")
    store = store or FactStore()
    runs = [
        _run(configuration, catalogue, agenda, paths, overlay or {}, store, jobs, with_fixes, watch)
        for paths in projects
    ]
    owners = {path: each.report.source_of for paths, each in zip(projects, runs, strict=True) for path in paths}
    report = merged([each.report for each in runs], lambda path: owners[path](path))
    crashed = {code: trace for each in runs for code, trace in each.crashed.items()}
    understood = tuple(project for each in runs for project in each.projects)
    return Run(report, crashed, tuple(owners), files.unlisted, files.looked_at, understood)


def _run(
    configuration: Configuration,
    catalogue: Catalogue,
    agenda: Agenda,
    paths: Sequence[str],
    overlay: Overlay,
    store: FactStore,
    jobs: int,
    with_fixes: bool,
    watch: Watch,
) -> Run:
    with watch.at(Part.LINK):
        project = link(configuration.root, paths, configuration.settings, overlay, store, jobs, watch)
    source_of = cache(project.source)
    about_comments = tuple(rule for rule in agenda.rules if rule.subject() is Suppression)
    judged = judge(project, [rule for rule in agenda.rules if rule not in about_comments], agenda.severities, watch)
    complete = frozenset(rule.code for rule in agenda.rules) - frozenset(judged.crashed)
    with watch.at(Part.JUDGE, "suppression comments"):
        may_be = (path for path in paths if may_hold_directives(path))
        commented = [path for path in may_be if project.files.mentions(path, DIRECTIVE)]
        silenced = silence(judged.findings, commented, source_of, catalogue, complete)
    comments = judge(silenced, about_comments, agenda.severities, watch)
    kept = sorted(without_ignored((*silenced.kept, *comments.findings), agenda.file_ignores), key=order)
    with watch.at(Part.FIX):
        findings = _attached(kept, source_of, store) if with_fixes else tuple(kept)
    report = Report(
        root=configuration.root,
        findings=findings,
        suppressed=silenced.count,
        statistics=project.statistics,
        source_of=source_of,
        urls=urls(agenda.rules),
        judged=complete - frozenset(comments.crashed),
        rules={rule.code: rule for rule in agenda.rules},
    )
    return Run(report, {**judged.crashed, **comments.crashed}, tuple(paths), projects=(project,))


def _attached(findings: Sequence[Finding], source_of: Callable[[str], Source], store: FactStore) -> tuple[Finding, ...]:
    known = tuple(store.fixes.recalled(finding, source_of) for finding in findings)
    if not any(finding.remedy and finding.fix is None and finding.withheld is None for finding in known):
        return known
    # LibCST takes a while to load: only when there is something to fix.
    from celery_lint.fix.attach import attach

    return attach(known, source_of, lambda finding, paths: store.fixes.add(finding, paths, source_of))
