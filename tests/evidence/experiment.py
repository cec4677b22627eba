"""Experiments: the bad example of a rule's page against its correction, both on real processes.

    @Experiment("CEL104", fails=r"coroutine '\\w+' was never awaited", works=r"succeeded in …s: None")
    def test_async_def_task(project: Project) -> str:
        project.python("from proj.tasks import sync_stock; sync_stock.delay(7)")
        return project.worker().until("succeeded")

runs the function twice: on the bad example of the page of CEL104, and on what `--fix --unsafe-fixes` makes of it (on
the page's "Use instead" where there is no fix). It must say FAILS and not WORKS about the first, WORKS and not FAILS
about the second; what these two expressions match is what is recorded.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from importlib.util import find_spec
from pathlib import Path

import celery
import pytest

from celery_lint.catalogue import load_catalogue
from celery_lint.testing import Case, load
from celery_lint.testing.checking import write
from tests.evidence.project import Observe, Project
from tests.evidence.results import Result, today
from tests.evidence.servers import SERVERS

ROOT = Path(__file__).parent.parent.parent
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "…"),
    (re.compile(r"\b(succeeded in |Retry in )[\d.e-]+s"), r"\1…s"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0x…"),
    (re.compile(r"\b(celery|\w+)@[\w.-]+ ready"), r"\1@… ready"),
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: \w+/[^\]]+\] ", re.M), ""),
)


@dataclass(frozen=True)
class Experiment:
    """The experiment for the rule CODE that the decorated function makes, one test for each of POOLS.

    FAILS and WORKS are regular expressions, all of which must be found in what it says about the bad and about the
    corrected project. EXAMPLE and INSTEAD are sections of the page; without INSTEAD the correction is what our fix
    makes of the example, or "Use instead" where it leaves a finding. FILES are written where the page has none: modules
    it only imports. NEEDS are modules that must be installed, SERVERS run beside the broker. With RESULTS all processes
    keep results, in files, whatever backend the page names. QUICK experiments belong to the default test command.
    """

    code: str
    _: KW_ONLY
    fails: str | tuple[str, ...]
    works: str | tuple[str, ...]
    pools: tuple[str, ...] = ("none",)
    broker: str = "filesystem"
    servers: tuple[str, ...] = ()
    example: str = "Example"
    instead: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    results: bool = False
    quick: bool = False

    def __call__(self, observe: Observe) -> Callable[..., None]:
        """The test that OBSERVE becomes."""

        @pytest.mark.parametrize("pool", self.pools)
        def test(pool: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
            bad, fixed = self.run(observe, pool, tmp_path)
            result = self.compared(bad, fixed, pool)
            record_property("evidence", result.as_dict())
            assert result.proven, f"{result}\n\n--- bad\n{bad}\n\n--- fixed\n{fixed}"

        test.__dict__["experiment"] = self
        test.__name__, test.__doc__, test.__module__ = observe.__name__, observe.__doc__, observe.__module__
        return test if self.quick else pytest.mark.evidence(test)

    def run(self, observe: Observe, pool: str, folder: Path) -> list[str]:
        """What OBSERVE says about the bad example and about its correction. Skips when something is not installed."""
        for module in (*self.needs, *({"gevent", "eventlet"} & {pool})):
            if find_spec(module) is None:
                pytest.skip(f"{module} is not installed: `make evidence` installs it")
        cases = {case.name: case for case in load(page_of(self.code))}
        example, instead = cases[self.example], cases[self.instead or "Use instead"]
        write(folder / "bad", example.files)
        correct(folder / "fixed", self.code, example, instead, fix=self.instead is None)
        said = []
        for root in (folder / "bad", folder / "fixed"):
            with ExitStack() as running:
                environment = {"CELERY_RESULT_BACKEND": f"file://{root}/results"} if self.results else {}
                for server in (self.broker, *self.servers):
                    environment |= running.enter_context(SERVERS[server](folder))
                said.append(steady(Project(root, pool, environment).run(observe, self.files)))
        return said

    def compared(self, bad: str, fixed: str, pool: str) -> Result:
        """Whether what was said about the BAD and about the FIXED project tells the two apart."""
        bad_fails, bad_works = found(self.fails, bad), found(self.works, bad)
        fixed_fails, fixed_works = found(self.fails, fixed), found(self.works, fixed)
        return Result(
            code=self.code,
            celery=celery.__version__,
            python=".".join(map(str, sys.version_info[:2])),
            pool=pool,
            broker=self.broker,
            bad=bad_fails or unlike(bad),
            fixed=fixed_works or unlike(fixed),
            proven=bool(bad_fails and fixed_works and not bad_works and not fixed_fails),
            date=today(),
        )


def page_of(code: str) -> Path:
    """The page of the rule CODE."""
    (rule,) = (rule for rule in load_catalogue().rules if rule.code == code)
    return ROOT / "rules" / rule.family / f"{rule.stem}.md"


def correct(root: Path, code: str, example: Case, instead: Case, *, fix: bool) -> None:
    """Write the corrected EXAMPLE to ROOT: fixed by the real command where FIX, else (or if it cannot) as INSTEAD."""
    write(root, example.files)
    if not fix or not fixed_by_us(root, code):
        write(root, {**example.files, **instead.files})


def fixed_by_us(root: Path, code: str) -> bool:
    """Run `celery-lint --fix --unsafe-fixes` at ROOT; whether nothing of CODE is left."""
    words = ["--select", code, "--fix", "--unsafe-fixes", "--fail-level", "info", "--no-cache", "."]
    command = [sys.executable, "-m", "celery_lint", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return not subprocess.run(command, cwd=root, env=environment, capture_output=True).returncode


def steady(text: str) -> str:
    """TEXT without what differs from run to run: ids, times, addresses."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text


def found(patterns: str | tuple[str, ...], text: str) -> str:
    """What all of PATTERNS find in TEXT, in one line; empty when one finds nothing."""
    matches = [re.search(each, text, re.M) for each in ([patterns] if isinstance(patterns, str) else patterns)]
    return " ".join("; ".join(match[0] for match in matches if match).split()) if all(matches) else ""


def unlike(text: str) -> str:
    """What is recorded of TEXT in which what was expected is not found: its end."""
    return f"something else: … {' '.join(text[-200:].split())}"
