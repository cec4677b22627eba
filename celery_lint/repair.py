"""FIX: what a run found is fixed, judging the project again after each round. LibCST is loaded here, and not before."""

from __future__ import annotations

from collections.abc import Sequence

from celery_lint.fix import FixReport, Plan, Rejudge, carry_out, plan
from celery_lint.run import Run, run
from celery_lint.settings import Configuration


def plan_fixes(done: Run, configuration: Configuration, selection: Sequence[str], *, unsafe: bool) -> Plan:
    """What fixing the findings of DONE at or below SELECTION (`.` is the root) would change; the unsafe fixes too if
    UNSAFE."""
    rejudge = _rejudge(configuration, selection)
    return plan(configuration.root, done.report.only(selection).findings, unsafe=unsafe, rejudge=rejudge)


def fix(planned: Plan, configuration: Configuration, selection: Sequence[str]) -> FixReport:
    """Write what PLANNED says."""
    return carry_out(configuration.root, planned, _rejudge(configuration, selection))


def _rejudge(configuration: Configuration, selection: Sequence[str]) -> Rejudge:
    return lambda overlay: run(configuration, overlay).report.only(selection).findings
