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

from celery_lint.cache.saying import DIGEST, KEY, Saying, key_in, packed, renewed, unpacked
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

# How many others are kept.
_START, _MOST = "again-", 7
_CONFIGURATION = ("celery-lint.toml", "pyproject.toml")


class Shortcut:
    """What a command line `said` last, as the file NAME in FOLDER holds it (DATA), sealed with SECRET; and the `states`
    in which the files and folders are now that it depends on, which somebody `started` to look at (nanoseconds since
    the epoch)."""

    def __init__(self, folder: str, secret: bytes, name: str, data: bytes) -> None:
        self.folder, self.secret = folder, secret
        self.started = time_ns()
        self._name, self._data = name, data
        (self._watched, self._framing), self.said = unpacked(data)
        self.states = [state_of(path) for path in self.said.watched]
        self._now = _digest(self.states)

    def means_the_same(self) -> bool:
        """Whether the words mean the same run as then."""
        return self._framing == _digest(map(state_of, self.said.framing), self.said.looked_for)

    def holds(self) -> bool:
        """Whether nothing has changed that the run depends on."""
        return self._watched == self._now

    def renew(self, folder: Folder) -> None:
        """Put down in FOLDER, where this came from, that it is true of how things are now."""
        folder.write(self._name, renewed(self._data, self._now))


def shortcut_for(words: Sequence[str]) -> Shortcut | None:
    """What the command line WORDS said last; None when nothing is known."""
    key = key_of(words)
    if key is None:
        return None
    for folder, secret in _caches(words):
        data = unsealed(folder, _name(key), secret)
        if data is not None and key_in(data) == key:
            return Shortcut(folder, secret, _name(key), data)
    return None


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
    said = Saying(output, *run, watched[0], framing, looked_for)
    folder.write(_name(key), packed(key, (_digest(watched[1]), _digest(states, looked_for)), said))
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
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=KEY).digest()


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
    return blake2b(found, digest_size=DIGEST).digest()


def _name(key: bytes) -> str:
    """The file of KEY: the first sixteen bytes of a name count in its seal."""
    return f"{_START}{key.hex()[:10]}.bin"
