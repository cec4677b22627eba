"""From findings to fixed files: remedies become edits, edits are tried, judged and written.

- `attach` gives findings their `fix`, or `withheld`, the reason why there is none.
- `plan` fixes in memory; `diff` shows a plan; `carry_out` writes it; `apply` does both.
- `rewrite` carries out one remedy (for tests of rewriters).
"""

from celery_lint.fix.attach import attach, rewrite
from celery_lint.fix.diff import diff
from celery_lint.fix.engine import FixReport, Plan, Refusal, Rejudge, apply, carry_out, plan
from celery_lint.fix.outcome import Rewrite, Withheld

__all__ = [
    "FixReport",
    "Plan",
    "Refusal",
    "Rejudge",
    "Rewrite",
    "Withheld",
    "apply",
    "attach",
    "carry_out",
    "diff",
    "plan",
    "rewrite",
]
