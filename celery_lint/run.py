"""The pipeline: discover → read → link → judge → filter → report | fix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cache

from msgspec import Struct

from celery_lint.begin import Begun, Overlay, begin
from celery_lint.cache.facts import FactStore
from celery_lint.catalogue import Agenda, Catalogue, Published, catalogue_of
from celery_lint.comments.directives import DIRECTIVE, may_hold_directives
from celery_lint.comments.model import Suppression
from celery_lint.discover import Unlisted
from celery_lint.finding import Finding
from celery_lint.judge import judge, order
from celery_lint.project.code.files import Files
from celery_lint.project.link import link
from celery_lint.project.project import Project
from celery_lint.report.model import Report, merged
from celery_lint.settings import Configuration
from celery_lint.source import Source
from celery_lint.suppress import silence, without_ignored
from celery_lint.watch import UNWATCHED, Part, Watch


class Run(Struct, frozen=True):
    """A REPORT, the tracebacks of rules that CRASHED, by code, the files that belong to the project, and the folders
    that could not be read. LOOKED_AT are the folders and ignore files that decide which files belong to it. PROJECTS
    is what was understood of it: one, or each that the configuration names. RENAMED tells where rules are called what
    they were called before."""

    report: Report
    crashed: Mapping[str, str]
    paths: tuple[str, ...]
    unlisted: tuple[Unlisted, ...] = ()
    looked_at: tuple[str, ...] = ()
    projects: tuple[Project, ...] = ()
    renamed: tuple[str, ...] = ()


def run(
    configuration: Configuration,
    overlay: Overlay | None = None,
    *,
    paths: Sequence[str] | None = None,
    store: FactStore | None = None,
    jobs: int = 1,
    with_fixes: bool = True,
    watch: Watch = UNWATCHED,
    begun: Begun | None = None,
) -> Run:
    """Lint all of the project that CONFIGURATION is for. OVERLAY: files, by path, to be read as if they were so. PATHS:
    the files that it has, instead of those that are there.
    STORE: facts that need not be read again. JOBS: how many processes may read the others.
    WITH_FIXES: findings say how they would be fixed, or why not. WATCH is told of everything that is done.
    BEGUN is what `begin` gave for the same, when that was done before.

    Raises UserError when there is nothing to read, or the configuration asks for what does not exist.
    """
    if begun is None:
        begun = begin(configuration, overlay, paths=paths, store=store, jobs=jobs, watch=watch)
    with closing(begun):
        return _all(configuration, begun, with_fixes, watch)


def _all(configuration: Configuration, begun: Begun, with_fixes: bool, watch: Watch) -> Run:
    with watch.at(Part.LOAD):
        catalogue = catalogue_of(configuration)
        agenda = catalogue.agenda(configuration)
    runs: list[Run] = []
    for files in begun.projects:
        if runs:
            begun.read_ahead(files)
        runs.append(_run(configuration, catalogue, agenda, files, begun.store, with_fixes, watch))
        files.close()
    owners = {path: each.report.source_of for each in runs for path in each.paths}
    report = merged([each.report for each in runs], lambda path: owners[path](path))
    crashed = {code: trace for each in runs for code, trace in each.crashed.items()}
    understood = tuple(project for each in runs for project in each.projects)
    renamed = (*agenda.renamed, *(note for each in runs for note in each.renamed))
    return Run(report, crashed, tuple(owners), begun.found.unlisted, begun.found.looked_at, understood, renamed)


def _run(
    configuration: Configuration,
    catalogue: Catalogue,
    agenda: Agenda,
    files: Files,
    store: FactStore,
    with_fixes: bool,
    watch: Watch,
) -> Run:
    with watch.at(Part.LINK):
        project = link(files, configuration.settings)
    source_of = cache(project.source)
    about_comments = tuple(rule for rule in agenda.rules if rule.subject() is Suppression)
    judged = judge(project, [rule for rule in agenda.rules if rule not in about_comments], agenda.severities, watch)
    complete = frozenset(rule.code for rule in agenda.rules) - frozenset(judged.crashed)
    with watch.at(Part.JUDGE, "suppression comments"):
        may_be = [path for path in files.paths if may_hold_directives(path)]
        commented = list(project.files.mentioning(DIRECTIVE, may_be))
        silenced = silence(judged.findings, commented, source_of, catalogue, complete)
    comments = judge(silenced, about_comments, agenda.severities, watch)
    kept = sorted(without_ignored((*silenced.kept, *comments.findings), agenda.file_ignores), key=order)
    with watch.at(Part.FIX):
        findings = _attached(kept, files, source_of, store) if with_fixes else tuple(kept)
    report = Report(
        root=configuration.root,
        findings=findings,
        suppressed=silenced.count,
        statistics=project.statistics,
        source_of=source_of,
        urls=Published(agenda.rules),
        judged=complete - frozenset(comments.crashed),
        rules={rule.code: rule for rule in agenda.rules},
    )
    crashed = {**judged.crashed, **comments.crashed}
    return Run(report, crashed, files.paths, projects=(project,), renamed=silenced.renamed)


def _attached(
    findings: Sequence[Finding], files: Files, source_of: Callable[[str], Source], store: FactStore
) -> tuple[Finding, ...]:
    known = tuple(store.fixes.recalled(finding, source_of) for finding in findings)
    if not any(finding.remedy and finding.fix is None and finding.withheld is None for finding in known):
        return known

    def made(finding: Finding, paths: frozenset[str]) -> None:
        store.fixes.add(finding, paths, source_of)

    # LibCST takes a while to load: only when there is something to fix, and no process that has it.
    from celery_lint.fix.parcel import attach_elsewhere

    attached = attach_elsewhere(known, files.made, source_of, made)
    if attached is None:
        from celery_lint.fix.attach import attach

        attached = attach(known, source_of, made)
    return attached
