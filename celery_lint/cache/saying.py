"""What a command line said and what that depends on, as a shortcut's file holds it.

Such a file has, in this order: the KEY of the command line; digests of how things were, of what the run depends on and
of what decides which run it is; the key of the run; a line of numbers (the exit status, whether stdout is text, how
many bytes each part has); and the parts: stdout, stderr, the root of the project, and three lists of paths.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to load than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = DIGEST = 32
"""How many bytes the key of a command line has, and a digest."""
RUN = 16
"""How many bytes the key of a run has."""


class Saying:
    """OUTPUT is the exit status, stdout and stderr of the run with the key RUN in the project at ROOT. It depends on
    the files and folders WATCHED. Which run it is depends on those FRAMING it, and on whether the paths LOOKED_FOR
    exist. All paths are absolute."""

    def __init__(
        self,
        output: tuple[int, str | bytes, str],
        root: str,
        run: bytes,
        watched: Sequence[str],
        framing: Sequence[str],
        looked_for: Sequence[str],
    ) -> None:
        self.output, self.root, self.run = output, root, run
        self.watched, self.framing, self.looked_for = watched, framing, looked_for


def packed(key: bytes, digests: tuple[bytes, bytes], saying: Saying) -> bytes:
    """SAYING of the command line of KEY as a file holds it. DIGESTS: of how what is watched was, and what frames it."""
    status, stdout, stderr = saying.output
    lists = map("\0".join, (saying.watched, saying.framing, saying.looked_for))
    parts = [
        text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        for text in (stdout, stderr, saying.root, *lists)
    ]
    head = b" ".join(b"%d" % number for number in (status, isinstance(stdout, str), *map(len, parts)))
    return b"".join((key, *digests, saying.run, head, b"\n", *parts))


def renewed(data: bytes, digest: bytes) -> bytes:
    """DATA, as a file holds it, with the DIGEST of how what is watched is now."""
    return data[:KEY] + digest + data[KEY + DIGEST :]


def key_in(data: bytes) -> bytes:
    """The key of the command line that the file of the bytes DATA is about."""
    return data[:KEY]


def unpacked(data: bytes) -> tuple[tuple[bytes, bytes], Saying]:
    """The digests and what was said, of the bytes DATA of a file."""
    watched_digest, framing_digest, run, rest = _cut(data[KEY:], (DIGEST, DIGEST, RUN))
    head, _, rest = rest.partition(b"\n")
    status, is_text, *lengths = map(int, head.split())
    stdout, *others = _cut(rest, lengths)[:-1]
    stderr, root, *lists = (part.decode("utf-8", "surrogatepass") for part in others)
    watched, framing, looked_for = (each.split("\0") for each in lists)
    output = (status, stdout.decode("utf-8", "surrogatepass") if is_text else stdout, stderr)
    return (watched_digest, framing_digest), Saying(output, root, run, watched, framing, looked_for)


def _cut(data: bytes, lengths: Sequence[int]) -> list[bytes]:
    """DATA in parts of these LENGTHS, and the rest."""
    parts = []
    for length in lengths:
        parts.append(data[:length])
        data = data[length:]
    return [*parts, data]
