"""Asks git, so that nothing in a repository can make it do anything but answer.

A repository's configuration can name programs: for its index, its differences, its hooks, its remotes. So only commands
are used that read objects, never the index or the working tree; git may use no transport, page no output, ask nobody.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from celery_lint.errors import UserError
from celery_lint.regular import LARGEST

if TYPE_CHECKING:
    from subprocess import Popen

_PATIENCE = 60.0
# What nobody reads any more ends by itself.
_FAREWELL = 5.0
_LONGEST_ANSWER = 200_000_000
# Of what the user's shell, or a hook that git runs, says to git: only how it is configured and where it is installed.
_KEPT = ("GIT_CONFIG", "GIT_EXEC_PATH")
_OURS = {
    "GIT_ALLOW_PROTOCOL": "none-for-celery-lint",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_ARGUMENTS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull)


class GitError(Exception):
    """Git said no. The text is what it said, in one line."""


class Git:
    """The repository whose working tree is at TOP."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._program = _program(top)

    def lines(self, *arguments: str) -> list[str]:
        """What git answers to ARGUMENTS, line by line. Raises GitError."""
        return os.fsdecode(self.ask(*arguments)).splitlines()

    def ask(self, *arguments: str) -> bytes:
        """What git answers to ARGUMENTS. Raises GitError when it refuses, UserError when it does not answer."""
        with self._started(arguments) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            answer = process.stdout.read(_LONGEST_ANSWER + 1)
            if len(answer) > _LONGEST_ANSWER:
                raise UserError(f"{self.top}: the repository holds too many files to compare")
            complaint = process.stderr.read(10_000)
            status = process.wait()
        if status < 0:
            raise UserError(f"git gave no answer in {self.top}")
        if status:
            raise GitError(_first_line(complaint))
        return answer

    def blobs(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """The contents of the objects NAMES, in order; None for what no text file holds. Raises GitError for one that
        this clone does not have."""
        waiting = list(reversed(names))
        while waiting:
            with self._started(("cat-file", "--batch")) as process:
                while waiting:
                    content = _content(process, waiting.pop())
                    yield content
                    if content is None:
                        break  # it would have to be read to its end

    @contextmanager
    def _started(self, arguments: Sequence[str]) -> Iterator[Popen[bytes]]:
        import subprocess  # only --changed needs it, and it takes a while to load

        command = [self._program, *_ARGUMENTS, *arguments]
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=self.top, env=_environment(self.top)
            )
        except (OSError, ValueError) as error:
            raise UserError(f"git could not be started: {error}") from None
        timer = threading.Timer(_PATIENCE, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            for stream in (process.stdin, process.stdout, process.stderr):
                with suppress(OSError):  # stdin may hold what a killed process did not take
                    stream.close() if stream is not None else None
            try:
                process.wait(timeout=_FAREWELL)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _content(process: Popen[bytes], name: str) -> bytes | None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(name.encode("ascii") + b"\n")
        process.stdin.flush()
    except OSError:
        raise UserError("git ended before it had answered") from None
    header = process.stdout.readline().split()
    if len(header) != 3:
        raise GitError(f"this clone does not have the object {name}")
    size = int(header[2])
    if size > LARGEST:
        return None
    data = process.stdout.read(size + 1)
    if len(data) != size + 1:
        raise UserError("git ended before it had answered")
    return data[:-1]


def _program(top: Path) -> str:
    """Where git is: on the user's path, but not in the repository itself."""
    folders = map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))
    outside = [str(folder) for folder in folders if folder.is_absolute() and not _is_inside(folder, top)]
    found = shutil.which("git", path=os.pathsep.join(outside)) if outside else None
    if found is None or not Path(found).is_absolute() or _is_inside(Path(found), top):
        raise UserError("git is not installed, and --changed and --since need it")
    return found


def _is_inside(path: Path, top: Path) -> bool:
    return path.resolve().is_relative_to(top)


def _environment(top: Path) -> dict[str, str]:
    others = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    return others | _OURS | {"GIT_CEILING_DIRECTORIES": str(top.parent)}


def _first_line(complaint: bytes) -> str:
    text = complaint.decode("utf-8", "replace").strip()
    return text.partition("\n")[0].removeprefix("fatal: ") or "no reason given"
