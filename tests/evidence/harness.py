"""What an experiment needs: the page's own example on disk, real processes around it, and a comparison of the two runs.

    @evidence("CEL104", fails=r"coroutine '\\w+' was never awaited", works=r"succeeded in …s: None")
    def test_async_def_task(project: Project) -> str:
        project.python("from proj.tasks import sync_stock; sync_stock.delay(7)")
        return project.worker().until("succeeded")

runs the function twice: on the bad example of the page of CEL104, and on what `--fix --unsafe-fixes` makes of it (on
the page's "Use instead" where there is no fix). It must say FAILS and not WORKS about the first, WORKS and not FAILS
about the second; what these two expressions match is what is recorded.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import celery
import pytest

from celery_lint.catalogue import load_catalogue
from celery_lint.rule import Rule
from celery_lint.testing import Case, load
from celery_lint.testing.checking import write
from tests.evidence.results import Result, today
from tests.evidence.servers import BROKERS

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0
"""Seconds after which an experiment that waits goes on with what it has seen."""

Observe = Callable[["Project"], str]
_BIN = Path(sys.executable).parent
_VARYING = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "…"),
    (re.compile(r"\b(succeeded in |Retry in )[\d.e-]+s"), r"\1…s"),
    (re.compile(r"\b0x[0-9a-f]{6,}\b"), "0x…"),
    (re.compile(r"\b(celery|\w+)@[\w.-]+ ready"), r"\1@… ready"),
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: \w+/[^\]]+\] ", re.M), ""),
)


def evidence(
    code: str,
    *,
    fails: str | tuple[str, ...],
    works: str | tuple[str, ...],
    pools: tuple[str, ...] = ("none",),
    broker: str = "filesystem",
    example: str = "Example",
    instead: str | None = None,
    files: Mapping[str, str] | None = None,
    needs: tuple[str, ...] = (),
    results: bool = False,
    quick: bool = False,
) -> Callable[[Observe], Callable[..., None]]:
    """Make the decorated function the experiment for the rule CODE, one test for each of POOLS.

    FAILS and WORKS are regular expressions, all of which must be found in what it says about the bad and about the
    corrected project. EXAMPLE and INSTEAD are sections of the page; without INSTEAD the correction is what our fix
    makes of the example, or "Use instead" where it leaves a finding. FILES are written where the page has none: modules
    it only imports. NEEDS are modules that must be installed. With RESULTS all processes keep results, in files,
    whatever backend the page names. QUICK experiments belong to the default test command.
    """

    def decorate(observe: Observe) -> Callable[..., None]:
        @pytest.mark.parametrize("pool", pools)
        def test(pool: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
            for module in (*needs, *({"gevent", "eventlet"} & {pool})):
                if find_spec(module) is None:
                    pytest.skip(f"{module} is not installed: `make evidence` installs it")
            cases = {case.name: case for case in load(page_of(code))}
            write(tmp_path / "bad", cases[example].files)
            correct(tmp_path / "fixed", code, cases[example], cases[instead or "Use instead"], fix=instead is None)
            said = []
            for root in (tmp_path / "bad", tmp_path / "fixed"):
                with BROKERS[broker](tmp_path) as environment:
                    kept = {"CELERY_RESULT_BACKEND": f"file://{root}/results"} if results else {}
                    said.append(steady(Project(root, pool, {**environment, **kept}).run(observe, files or {})))
            bad_fails, bad_works = found(fails, said[0]), found(works, said[0])
            fixed_fails, fixed_works = found(fails, said[1]), found(works, said[1])
            result = Result(
                code=code,
                celery=celery.__version__,
                python=".".join(map(str, sys.version_info[:2])),
                pool=pool,
                broker=broker,
                bad=bad_fails or unlike(said[0]),
                fixed=fixed_works or unlike(said[1]),
                proven=bool(bad_fails and fixed_works and not bad_works and not fixed_fails),
                date=today(),
            )
            record_property("evidence", result.as_dict())
            assert result.proven, f"{result}\n\n--- bad\n{said[0]}\n\n--- fixed\n{said[1]}"

        test.__name__, test.__doc__, test.__module__ = observe.__name__, observe.__doc__, observe.__module__
        return test if quick else pytest.mark.evidence(test)

    return decorate


@dataclass(frozen=True)
class Project:
    """An example on disk. POOL is the one that workers get; ENVIRONMENT names the broker to all processes."""

    root: Path
    pool: str
    environment: Mapping[str, str]
    running: list[Process] = field(default_factory=list)

    def run(self, observe: Observe, files: Mapping[str, str]) -> str:
        """What OBSERVE says about this project, with FILES added where the page has none."""
        write(self.root, {path: text for path, text in files.items() if not (self.root / path).exists()})
        (self.root / "data_in").mkdir()
        (self.root / "results").mkdir()
        (self.root / "data_out").symlink_to("data_in")
        try:
            return observe(self)
        finally:
            for process in self.running:
                process.kill()

    @cached_property
    def app(self) -> str:
        """The module of the example that makes the application."""
        makers = (path for path in sorted(self.root.rglob("*.py")) if "= Celery(" in path.read_text(encoding="utf-8"))
        return ".".join(next(makers).relative_to(self.root).with_suffix("").parts)

    def write(self, path: str, text: str) -> None:
        """Add a file of the experiment to the project; it replaces nothing."""
        assert not (self.root / path).exists(), f"{path} is the page's own"
        write(self.root, {path: text})

    def commands(self, path: str) -> list[list[str]]:
        """All commands of Celery in the deployment file PATH, as words."""
        text = (self.root / path).read_text(encoding="utf-8")
        return [shlex.split(each, comments=True) for each in re.findall(r"\bcelery [^\"\n]*", text)]

    def start(self, *command: str, **environment: str | None) -> Process:
        """Start COMMAND in the project. A variable of ENVIRONMENT that is None is unset."""
        log = self.root.parent / f"{self.root.name}-{len(self.running)}.log"
        process = Process(command, self.root, log, self._variables(environment))
        self.running.append(process)
        return process

    def celery(self, *words: str, **environment: str | None) -> Process:
        """Start `celery WORDS`. Workers do not wait for other workers first."""
        more = ["--without-mingle", "--without-gossip"] if "worker" in words else []
        return self.start(sys.executable, str(_BIN / "celery"), *words, *more, **environment)

    def worker(self, *options: str, app: str = "", size: int = 4, **environment: str | None) -> Process:
        """Start a worker for APP, else the page's, in the pool of the experiment, SIZE processes or threads large."""
        pool = [f"--pool={self.pool}", f"--concurrency={size}"] if self.pool != "none" else []
        return self.celery("-A", app or self.app, "worker", *pool, "--loglevel=INFO", *options, **environment)

    def deployed(self, path: str, *options: str, app: str = "") -> list[Process]:
        """Start all commands of Celery in the deployment file PATH, for APP instead of theirs if it is given."""
        started = []
        for number, words in enumerate(self.commands(path)):
            more = ["--loglevel=INFO", *options]
            more += ["-n", f"w{number}@here"] if "worker" in words else []
            if app and "-A" in words:
                words[words.index("-A") + 1] = app
            started.append(self.celery(*words[1:], *more))
        return started

    def until(self, pattern: str, times: int = 1, seconds: float = PATIENCE) -> str:
        """Wait until the logs of all processes together match PATTERN often enough, or SECONDS are over."""
        for _ in moments(seconds):
            if len(re.findall(pattern, self.log)) >= times:
                break
        return self.log

    @property
    def log(self) -> str:
        """All that all processes have printed."""
        return "\n".join(process.log for process in self.running)

    def python(self, code: str, seconds: float = PATIENCE, **environment: str | None) -> str:
        """What the Python program CODE prints when it runs in the project, with its error and its status."""
        done = self.start(sys.executable, "-c", code, **environment)
        done.ended(seconds)
        return done.log

    @property
    def waiting(self) -> list[str]:
        """The queue of every message that nobody has taken from the filesystem broker."""
        return sorted(path.name.partition(".")[2].removesuffix(".msg") for path in self.root.glob("data_in/*.msg"))

    @property
    def sent(self) -> list[str]:
        """The arguments of every message that waits in the filesystem broker, oldest first."""
        messages = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.root.glob("data_in/*.msg"))]
        return [message["headers"]["argsrepr"] for message in messages]

    def _variables(self, environment: Mapping[str, str | None]) -> dict[str, str]:
        own = {
            "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.root),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return {key: value for key, value in {**own, **self.environment, **environment}.items() if value is not None}


class Process:
    """A process with children, in a session of its own so that they end together."""

    def __init__(self, command: tuple[str, ...], folder: Path, log: Path, environment: dict[str, str]) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """All that it has printed so far, with its status once it has ended."""
        status = self._process.poll()
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return text if status is None else f"{text}\nended with status {status}"

    def until(self, pattern: str, times: int = 1, seconds: float = PATIENCE) -> str:
        """Wait until the log matches PATTERN often enough, the process ends, or SECONDS are over; return the log."""
        for _ in moments(seconds):
            if len(re.findall(pattern, self.log)) >= times or self._process.poll() is not None:
                break
        return self.log

    def ended(self, seconds: float = PATIENCE) -> bool:
        """Whether it ends by itself within SECONDS. It is killed when it does not."""
        for _ in moments(seconds):
            if self._process.poll() is not None:
                return True
        self.kill()
        return False

    def send(self, number: signal.Signals, *, to_child: bool = False) -> None:
        """Send a signal to this process alone, or to its only child alone."""
        pid = self._process.pid
        if to_child:
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii"))
        os.kill(pid, number)

    def kill(self) -> None:
        """End it and all of its children at once."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()


def moments(seconds: float) -> Iterator[None]:
    """Moments to look again, until SECONDS are over; one more after that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    yield


def page_of(code: str) -> Path:
    """The page of the rule CODE."""
    rule = rules()[code]
    return ROOT / "rules" / rule.family / f"{rule.stem}.md"


def rules() -> dict[str, Rule]:
    """All rules by their code."""
    return {rule.code: rule for rule in load_catalogue().rules}


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
