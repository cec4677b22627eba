"""The same words in the same place, and nothing has changed: what was said then is said again, and neither the command
line nor a library is loaded. Where something has, `replay` may know that it does not matter.

`replay` knows what a run depends on, and leaves this behind for the next one. It does not matter what the words mean:
whatever else decides that (the folder, variables, the terminal, this celery-lint) has to be the same.
"""

from __future__ import annotations

import os
import sys
from _blake2 import blake2b
from time import time_ns

from celery_lint.cache.sealed import NAME, home, known_secret, unsealed
from celery_lint.cache.stamp import tool_stamp
from celery_lint.cache.state import is_settled, state_of

TYPE_CHECKING = False  # `typing` takes longer to load than all that is done here
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from celery_lint.cache.folder import Folder
    from celery_lint.cache.state import State

VARIABLES = (
    "CELERY_LINT_OWN_RULES", "CI", "COLUMNS", "DOMTERM", "FORCE_COLOR", "FORCE_HYPERLINK", "GITHUB_REPOSITORY",
    "GITHUB_SERVER_URL", "GITHUB_SHA", "GITHUB_STEP_SUMMARY", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "LINES", "NO_COLOR",
    "TERM", "TERM_PROGRAM", "VTE_VERSION", "WT_SESSION",
)  # fmt: skip
"""All variables that say how a run goes."""

# A file holds, in this order: the key of the command line, a digest of how everything was that counts, and a line of
# numbers: the exit status, whether stdout is text, and how many bytes each of the four parts has that follow. These are
# stdout, stderr, the paths that count as they are, and those of which only counts whether they exist.
# How many others are kept.
_START, _MOST = "again-", 7
RUN_KEY = 16
"""How many bytes the key of a run has."""
_CONFIGURATION = ("celery-lint.toml", "pyproject.toml")
# A file begins with these, in bytes: the key, digests of how things were (what the run depends on, and what decides
# which run it is), and the key of the run.
_KEY = _DIGEST = 32
_WATCHED, _FRAMING, _RUN = slice(_KEY, _KEY + _DIGEST), slice(64, 64 + _DIGEST), slice(96, 96 + RUN_KEY)


class Saying:
    """What a command line said, as the file NAME in FOLDER holds it (DATA), with SECRET.

    `output` is its exit status, stdout and stderr. It depends on the files and folders `watched` (absolute), which the
    run of `run` in the project at `root` looked at, and on what decides which run that is.
    """

    def __init__(self, folder: str, secret: bytes, name: str, data: bytes) -> None:
        self.folder, self.secret, self.name, self.data = folder, secret, name, data
        self.started = time_ns()
        self.run = data[_RUN]
        (head, _, rest) = data[_RUN.stop :].partition(b"\n")
        parts = []
        status, is_text, *lengths = map(int, head.split())
        for length in lengths:
            parts.append(rest[:length])
            rest = rest[length:]
        stdout = parts.pop(0)
        stderr, self.root, watched, framing, looked_for = (part.decode("utf-8", "surrogatepass") for part in parts)
        self.output = (status, stdout.decode("utf-8", "surrogatepass") if is_text else stdout, stderr)
        self.watched = watched.split("\0")
        self.states = [state_of(path) for path in self.watched]
        self._framing = _digest([state_of(path) for path in framing.split("\0")], looked_for.split("\0"))

    @property
    def is_framed(self) -> bool:
        """Whether the same words mean the same run."""
        return self.data[_FRAMING] == self._framing

    @property
    def holds(self) -> bool:
        """Whether nothing has changed since."""
        return self.is_framed and self.data[_WATCHED] == _digest(self.states)

    def renew(self, folder: Folder) -> None:
        """Put down in FOLDER, where this came from, that it is true of how things are now."""
        folder.write(self.name, self.data[: _WATCHED.start] + _digest(self.states) + self.data[_WATCHED.stop :])


def saying(words: Sequence[str]) -> Saying | None:
    """What the command line WORDS said last; None when nothing is known."""
    key = key_of(words)
    if key is None:
        return None
    for folder, secret in _caches(words):
        data = unsealed(folder, _name(key), secret)
        if data is not None and data[:_KEY] == key:
            return Saying(folder, secret, _name(key), data)
    return None


def said(words: Sequence[str]) -> tuple[int, str | bytes, str] | None:
    """What the command line WORDS would say: exit status, stdout, stderr; None when that has to be found out."""
    last = saying(words)
    return last.output if last is not None and last.holds else None


def record(
    folder: Folder,
    words: Sequence[str],
    output: tuple[int, str | bytes, str],
    run: tuple[str, bytes],
    watched: tuple[Sequence[str], Sequence[State]],
    targets: Sequence[str],
    started: int,
) -> None:
    """Remember in FOLDER that WORDS, which name TARGETS (absolute), say OUTPUT. RUN is the root of the project and the
    key by which `replay` knows it. WATCHED are the paths (absolute) that it depends on, and how each of them was; the
    run STARTED (nanoseconds since the epoch) before it looked."""
    key = key_of(words)
    if key is None or any(os.path.realpath(target) != target for target in targets):
        return
    folders = list(dict.fromkeys(above for target in targets for above in _above(target)))
    framing = [*targets, *(os.path.join(each, name) for each in folders for name in _CONFIGURATION)]
    states = [state_of(path) for path in framing]
    if not all(is_settled(time, started) for time, _, _ in states):
        return  # it may have changed since it was looked for
    # What git does changes the time of its folder, and is no matter.
    looked_for = [os.path.join(each, ".git") for each in folders]
    status, stdout, stderr = output
    texts = (stdout, stderr, run[0], "\0".join(watched[0]), "\0".join(framing), "\0".join(looked_for))
    parts = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
    head = b" ".join(b"%d" % number for number in (status, isinstance(stdout, str), *map(len, parts)))
    digests = (key, _digest(watched[1]), _digest(states, looked_for), run[1])
    folder.write(_name(key), b"".join((*digests, head, b"\n", *parts)))
    folder.keep_last(_START, _MOST, _name(key))


def key_of(words: Sequence[str]) -> bytes | None:
    """What tells the command line WORDS here and now from all others; None where that cannot be said."""
    if sys.stdout is None or sys.stderr is None or "_CELERY_LINT_COMPLETE" in os.environ:
        return None
    try:
        here = os.getcwd()
    except OSError:
        return None
    terminals = [stream.isatty() for stream in (sys.stdout, sys.stderr)]
    around = (tool_stamp(), here, terminals, _width() if any(terminals) else 0)
    parts = (tuple(words), around, [os.environ.get(name) for name in VARIABLES])
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()


def _width() -> int:
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ is not None else 0
    except (OSError, ValueError):
        return 0


def _caches(words: Sequence[str]) -> Iterable[tuple[str, bytes]]:
    """The cache folders that there are for the command line WORDS, each with its secret."""
    chosen = _chosen(words)
    if chosen is not None:
        secret = known_secret(chosen)
        if secret is not None:
            yield os.path.abspath(chosen), secret
        return
    try:
        folder = os.getcwd()
    except OSError:
        return
    for above in _above(folder):
        path = os.path.join(above, NAME)
        if os.path.isdir(path) and not os.path.islink(path):
            secret = known_secret(home())
            if secret is not None:
                yield path, secret


def _chosen(words: Sequence[str]) -> str | None:
    """The cache folder that WORDS seem to name. It is of no use when they mean something else."""
    for index in range(len(words) - 1, -1, -1):
        if words[index] == "--cache-dir":
            return words[index + 1] if index + 1 < len(words) else None
        if words[index].startswith("--cache-dir="):
            return words[index].partition("=")[2]
    return None


def _above(path: str) -> Iterable[str]:
    """PATH, and all folders above it."""
    while True:
        yield path
        parent = os.path.dirname(path)
        if parent == path:
            return
        path = parent


def _digest(states: Iterable[State], looked_for: Iterable[str] = ()) -> bytes:
    """A digest of how things are: STATES, and whether the paths LOOKED_FOR exist."""
    found = b"".join([b"%d %d %d\n" % state for state in states])
    found += bytes(os.path.exists(path) for path in looked_for)
    return blake2b(found, digest_size=_DIGEST).digest()


def _name(key: bytes) -> str:
    """The file of KEY: the first sixteen bytes of a name count in its seal."""
    return f"{_START}{key.hex()[:10]}.bin"
