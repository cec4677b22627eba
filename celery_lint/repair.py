"""FIX: what a run found is fixed, judging the project again after each round. LibCST is loaded here, and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from celery_lint.cache.facts import FactStore
from celery_lint.finding import Finding
from celery_lint.fix.engine import FixReport, Plan, Rejudge, carry_out, plan
from celery_lint.fix.write import WriteError, write
from celery_lint.ignoring import Silencing, plan_silencing
from celery_lint.report.model import Report
from celery_lint.run import Run, run
from celery_lint.scope import Scope
from celery_lint.settings import Configuration


def plan_fixes(
    done: Run,
    configuration: Configuration,
    selection: Sequence[str],
    store: FactStore,
    *,
    unsafe: bool,
    scope: Scope | None = None,
) -> Plan:
    """What fixing the findings of DONE (all that a run found) that are at or below SELECTION (`.` is the root) and in
    SCOPE would change; the unsafe fixes too if UNSAFE. STORE has the facts that DONE was judged by."""
    rejudge = rejudge_with(done.report, configuration, selection, store, scope)
    report = _within(done.report, selection, scope)
    return plan(configuration.root, report.findings, unsafe=unsafe, rejudge=rejudge, source_of=report.source_of)


def fix(
    planned: Plan,
    done: Run,
    configuration: Configuration,
    selection: Sequence[str],
    store: FactStore,
    scope: Scope | None = None,
) -> FixReport:
    """Write what PLANNED says. The others as above."""
    return carry_out(configuration.root, planned, rejudge_with(done.report, configuration, selection, store, scope))


def rejudge_with(
    before: Report, configuration: Configuration, selection: Sequence[str], store: FactStore, scope: Scope | None
) -> Rejudge:
    """What finds again, with the bytes of some files replaced, what of BEFORE, all that a run found, counts."""

    def rejudge(overlay: Mapping[str, bytes]) -> tuple[Finding, ...]:
        report = run(configuration, overlay, store=store).report
        moved = scope.after(before.source, overlay) if scope is not None else None
        return _within(report, selection, moved).findings

    return rejudge


def _within(report: Report, selection: Sequence[str], scope: Scope | None) -> Report:
    return (scope.of(report) if scope is not None else report).only(selection)


def plan_comments(
    done: Run,
    configuration: Configuration,
    selection: Sequence[str],
    store: FactStore,
    reason: str,
    scope: Scope | None = None,
) -> Silencing:
    """How comments that give REASON would silence the findings of DONE that count. The others as above."""
    rejudge = rejudge_with(done.report, configuration, selection, store, scope)
    report = _within(done.report, selection, scope)
    return plan_silencing(report.findings, report.source, reason, rejudge)


def put_comments(planned: Silencing, configuration: Configuration) -> Silencing:
    """Write what PLANNED says, file by file; what of it is done."""
    for path in planned.after:
        try:
            write(configuration.root, planned.before, {path: planned.after[path]})
        except WriteError as error:
            planned = planned.without([path], str(error))
    return planned
