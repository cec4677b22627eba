"""The pipeline: discover → read → link → judge → filter → report | fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from celery_lint.catalogue import Catalogue, Plan, load_catalogue, urls
from celery_lint.comments.model import Suppression
from celery_lint.discover import Unlisted, discover, divide
from celery_lint.errors import ConfigurationError, UserError
from celery_lint.fix import FixReport, apply, attach
from celery_lint.judge import judge, order
from celery_lint.project.link import link
from celery_lint.report.model import Report, merged
from celery_lint.settings import Configuration
from celery_lint.suppress import silence, without_ignored

Overlay = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Run:
    """A REPORT, the tracebacks of rules that CRASHED, by code, the files that belong to the project, and the folders
    that could not be read."""

    report: Report
    crashed: Mapping[str, str]
    paths: tuple[str, ...]
    unlisted: tuple[Unlisted, ...] = ()


def run(configuration: Configuration, overlay: Overlay | None = None, *, with_fixes: bool = True) -> Run:
    """Lint all of the project that CONFIGURATION is for. OVERLAY: files, by path, to be read as if they were so.
    WITH_FIXES: findings say how they would be fixed, or why not.

    Raises UserError when there is nothing to read, or the configuration asks for what does not exist.
    """
    catalogue = load_catalogue()
    plan = catalogue.plan(configuration)
    files = discover(configuration.root, configuration.settings.exclude)
    projects = divide(files.paths, configuration.settings.projects)
    for glob in configuration.settings.projects:
        if not divide(files.paths, [glob]):
            raise ConfigurationError(f'{configuration.origin("projects")}: projects: "{glob}" matches no folder')
    if not any(projects):
        raise UserError(f"nothing to read: {configuration.root} holds no file that is not ignored")
    runs = [_run(configuration, catalogue, plan, paths, overlay or {}, with_fixes) for paths in projects]
    owners = {path: each.report.source_of for paths, each in zip(projects, runs, strict=True) for path in paths}
    report = merged([each.report for each in runs], lambda path: owners[path](path))
    crashed = {code: trace for each in runs for code, trace in each.crashed.items()}
    return Run(report, crashed, tuple(owners), files.unlisted)


def fix(done: Run, configuration: Configuration, selection: Sequence[str], *, unsafe: bool, dry: bool) -> FixReport:
    """Apply the fixes of what DONE found at or below SELECTION (`.` is the root), the unsafe ones too if UNSAFE. When
    DRY, only say what would change."""
    return apply(
        configuration.root,
        done.report.only(selection).findings,
        unsafe=unsafe,
        rejudge=lambda overlay: run(configuration, overlay).report.only(selection).findings,
        dry=dry,
    )


def _run(
    configuration: Configuration,
    catalogue: Catalogue,
    plan: Plan,
    paths: Sequence[str],
    overlay: Overlay,
    with_fixes: bool,
) -> Run:
    project = link(configuration.root, paths, configuration.settings, overlay)
    source_of = cache(project.source)
    about_comments = tuple(rule for rule in plan.rules if rule.subject() is Suppression)
    judged = judge(project, [rule for rule in plan.rules if rule not in about_comments], plan.severities)
    complete = frozenset(rule.code for rule in plan.rules) - frozenset(judged.crashed)
    silenced = silence(judged.findings, paths, source_of, catalogue, complete)
    comments = judge(silenced, about_comments, plan.severities)
    kept = sorted(without_ignored((*silenced.kept, *comments.findings), plan.file_ignores), key=order)
    report = Report(
        root=configuration.root,
        findings=attach(kept, source_of) if with_fixes else tuple(kept),
        suppressed=silenced.count,
        statistics=project.statistics,
        source_of=source_of,
        urls=urls(plan.rules),
    )
    return Run(report, {**judged.crashed, **comments.crashed}, tuple(paths))
