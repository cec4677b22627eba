"""A project of an experiment: its files, and the real processes that run on them."""

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
from pathlib import Path

from celery_lint.testing.checking import write

PATIENCE = 30.0
"""Seconds after which an experiment that waits goes on with what it has seen."""

Observe = Callable[["Project"], str]
_BIN = Path(sys.executable).parent


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
