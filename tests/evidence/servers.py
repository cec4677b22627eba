"""The servers of the experiments. Each is a context that gives the environment of processes that shall use it."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest


@contextmanager
def filesystem(folder: Path) -> Iterator[dict[str, str]]:
    """Messages are files below the project: nothing to start."""
    yield {"CELERY_BROKER_URL": "filesystem://"}


@contextmanager
def none(folder: Path) -> Iterator[dict[str, str]]:
    """No broker: whatever the page says is used."""
    yield {}


@contextmanager
def redis(folder: Path) -> Iterator[dict[str, str]]:
    """A Redis server of its own on the usual port, which is where the examples of the pages look for it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: `make evidence` installs it where it can")
    with alone("redis"):
        if answers(6379):
            pytest.skip("port 6379 is taken: a Redis server that is not ours is left alone")
        command = [program, "--port", "6379", "--save", "", "--dir", str(folder)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(6379)
            yield {"CELERY_BROKER_URL": "redis://localhost:6379/0"}
        finally:
            server.kill()
            server.wait()


@contextmanager
def postgresql(folder: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL server with the databases `shop` and `proj`, on the usual port and for anybody on this machine."""
    programs = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if programs is None:
        pytest.skip("postgresql is not installed: `make evidence` installs it where it can")
    # It refuses to run as root, and its folder must be its own.
    user = "postgres" if os.geteuid() == 0 else None
    with alone("postgresql"), tempfile.TemporaryDirectory() as home:
        if answers(5432):
            pytest.skip("port 5432 is taken: a PostgreSQL server that is not ours is left alone")
        if user:
            shutil.chown(home, user)

        def run(program: str, *words: str) -> None:
            subprocess.run([programs / program, *words], check=True, capture_output=True, user=user, cwd=home)

        run("initdb", "-D", f"{home}/data", "-A", "trust", "-U", "shop", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
        run("pg_ctl", "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", options, "start")
        try:
            for name in ("shop", "proj"):
                run("createdb", "-h", "127.0.0.1", "-U", "shop", name)
            yield {"PGUSER": "shop", "PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1"}
        finally:
            run("pg_ctl", "-D", f"{home}/data", "-m", "immediate", "stop")


SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[dict[str, str]]]] = {
    "filesystem": filesystem,
    "redis": redis,
    "postgresql": postgresql,
    "none": none,
}


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Wait until no other experiment uses the server NAME, and keep it from others meanwhile."""
    with (Path(tempfile.gettempdir()) / f"celery-lint-evidence-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def answers(port: int) -> bool:
    """Whether something listens on PORT of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, seconds: float = 20) -> None:
    """Wait until something listens on PORT."""
    end = time.monotonic() + seconds
    while not answers(port):
        if time.monotonic() > end:
            pytest.skip(f"nothing listens on port {port} after {seconds} seconds")
        time.sleep(0.05)
