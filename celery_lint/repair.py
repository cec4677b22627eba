"""FIX: what a run found is fixed, judging the project again after each round. LibCST is loaded here, and not before."""

from __future__ import annotations

from collections.abc import Sequence

from celery_lint.cache.facts import FactStore
from celery_lint.fix import FixReport, Plan, Rejudge, carry_out, plan
from celery_lint.run import Run, run
from celery_lint.settings import Configuration


def plan_fixes(
    done: Run, configuration: Configuration, selection: Sequence[str], store: FactStore, *, unsafe: bool
) -> Plan:
    """What fixing the findings of DONE at or below SELECTION (`.` is the root) would change; the unsafe fixes too if
    UNSAFE. STORE has the facts that DONE was judged by."""
    rejudge = _rejudge(configuration, selection, store)
    report = done.report.only(selection)
    return plan(configuration.root, report.findings, unsafe=unsafe, rejudge=rejudge, source_of=report.source_of)


def fix(planned: Plan, configuration: Configuration, selection: Sequence[str], store: FactStore) -> FixReport:
    """Write what PLANNED says. STORE as above."""
    return carry_out(configuration.root, planned, _rejudge(configuration, selection, store))


def _rejudge(configuration: Configuration, selection: Sequence[str], store: FactStore) -> Rejudge:
    return lambda overlay: run(configuration, overlay, store=store).report.only(selection).findings
