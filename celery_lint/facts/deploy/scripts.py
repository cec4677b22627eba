"""Find the file of the project that a command runs under the path it has in a container."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from celery_lint.facts.model import Command, DeployFacts


class Scripts:
    """The files of the project that were read, looked up by the paths that commands use."""

    def __init__(self, files: Mapping[str, DeployFacts]) -> None:
        self.files = files
        self.by_name = dict[str, list[str]]()
        for path in files:
            self.by_name.setdefault(posixpath.basename(path), []).append(path)

    def find(self, command: Command) -> str | None:
        """The path of the file that COMMAND's script is, when it was read."""
        script = command.script or ""
        if not command.words:
            return script if script in self.files else None
        for candidate in self._candidates(command, script):
            if candidate in self.files:
                return candidate
        return self._by_suffix(command, script)

    def _candidates(self, command: Command, script: str) -> Iterator[str]:
        folder = posixpath.dirname(command.path)
        if not script.startswith("/"):
            yield posixpath.normpath(posixpath.join(folder, script))
            yield posixpath.normpath(script)
        absolute = posixpath.normpath(posixpath.join(command.workdir or "/", script))
        for path in (command.path, command.overrides):
            facts = self.files.get(path or "")
            for copy in facts.copies if facts is not None else ():
                for inside in _inside(copy.source, copy.destination, absolute):
                    yield inside
                    yield posixpath.normpath(posixpath.join(folder, inside))
                    yield posixpath.normpath(posixpath.join(posixpath.dirname(path or ""), inside))

    def _by_suffix(self, command: Command, script: str) -> str | None:
        """The one file whose path ends most like SCRIPT; None when two do so equally well."""
        parts = [part for part in script.split("/") if part not in ("", ".", "..")]
        same = self.by_name.get(parts[-1], []) if parts else []
        ranked = sorted(((_common(parts, path.split("/")), path) for path in same), reverse=True)
        best = [path for score, path in ranked if score == ranked[0][0]]
        if len(best) > 1:
            folder = posixpath.dirname(command.path)
            best = [path for path in best if folder and path.startswith(folder + "/")]
        return best[0] if len(best) == 1 else None


def _inside(source: str, destination: str, path: str) -> Iterator[str]:
    """What PATH in the container is in the project, given that SOURCE was copied to DESTINATION."""
    plain = destination.rstrip("/")
    if path == plain:
        yield posixpath.normpath(source)
    if destination.endswith("/") and path == f"{plain}/{posixpath.basename(source)}":
        yield posixpath.normpath(source)
    if path.startswith(plain + "/"):
        yield posixpath.normpath(posixpath.join(source, path[len(plain) + 1 :]))


def _common(parts: list[str], other: list[str]) -> int:
    """How many parts two paths have in common at their ends."""
    count = 0
    for mine, theirs in zip(reversed(parts), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
