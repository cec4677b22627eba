"""Run celery-lint in this process, and tell of everything that it does to the rest of the world.

    python -m tests.hostile.audit ROOT ARGUMENTS... [--then ARGUMENTS...]

Every line on stderr that starts with `AUDIT` is something that a linter of the project at ROOT must not do: open,
list or change what lies elsewhere, run code of the project, start a program, use the network.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from types import CodeType

_NEVER = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.putenv", "ctypes.dlopen",
          "pty.", "ftplib.", "http.", "smtplib.", "urllib.", "webbrowser.", "pickle.", "os.kill",
          "os.symlink", "os.link", "os.truncate")  # fmt: skip
_WRITES = {"os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.chmod": 1, "os.chown": 1}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Audit:
    """What is allowed for the project at ROOT, beside this installation: its own files, and the CACHES."""

    def __init__(self, root: str, caches: Sequence[str]) -> None:
        here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        installed = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *filter(None, sys.path), here)
        self._root = _real(root)
        self._written = (self._root, *map(_real, caches), os.devnull)
        self._read = (*self._written, *map(_real, installed))
        self._says = os.dup(2)

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        """To be called by `sys.addaudithook`, also in the processes that this one forks."""
        wrong = self._wrong(event, arguments)
        if wrong:
            os.write(self._says, f"AUDIT {event} {wrong!r:.300}\n".encode("utf-8", "backslashreplace"))

    def _wrong(self, event: str, arguments: tuple[object, ...]) -> object:
        if event == "open":
            path, _, flags = arguments
            flags = flags if isinstance(flags, int) else 0
            if flags & os.O_NOFOLLOW and isinstance(path, str) and os.path.islink(path):
                return None  # it is refused
            writes = bool(flags & _WRITING)
            return self._outside(path, self._written if writes else self._read)
        if event in ("os.listdir", "os.scandir"):
            return self._outside(arguments[0] or ".", self._read)
        if event in _WRITES:
            return next(
                filter(None, (self._outside(each, self._written) for each in arguments[: _WRITES[event]])), None
            )
        if event == "exec":
            code = arguments[0]
            return isinstance(code, CodeType) and self._inside(code.co_filename) and code.co_filename
        if event == "ctypes.dlopen" and arguments == (None,):
            return None  # this very process
        return arguments if event.startswith(_NEVER) else None

    def _outside(self, path: object, allowed: Sequence[str]) -> object:
        if isinstance(path, int):
            return None
        real = _real(path)
        return None if any(real == each or real.startswith(each.rstrip("/") + "/") for each in allowed) else path

    def _inside(self, path: object) -> bool:
        return isinstance(path, str) and os.path.isabs(path) and _real(path).startswith(self._root + "/")


def _real(path: object) -> str:
    return os.path.realpath(os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else str(path))


def main(root: str, arguments: Sequence[str]) -> None:
    """Run celery-lint on ROOT with each of the ARGUMENTS that `--then` separates."""
    caches = [os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "celery-lint")]
    sys.addaudithook(Audit(root, caches).hook)
    from celery_lint.cli import main as run

    commands: list[list[str]] = [[]]
    for argument in arguments:
        if argument == "--then":
            commands.append([])
        else:
            commands[-1].append(argument)
    for command in commands:
        sys.argv[1:] = command
        print(f"==== {' '.join(command)!a}")
        try:
            run()
        except SystemExit as ended:
            sys.stdout.flush()
            print(f"STATUS {ended.code}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
