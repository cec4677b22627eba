"""What the editor was told: diagnostics by URI, and what was said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lsprotocol.types import Diagnostic

from celery_lint.server.broken import broken_diagnostics
from celery_lint.server.diagnostics import Desk
from celery_lint.server.projects import Project
from celery_lint.server.snapshot import Broken


class Editor(Protocol):
    """What can be said to the editor."""

    def publish(self, uri: str, version: int | None, found: Sequence[Diagnostic]) -> None:
        """These are all diagnostics of URI."""

    def log(self, message: str) -> None:
        """For those who want to know how it went."""

    def complain(self, message: str) -> None:
        """Something that the user has to know."""

    def begin(self, name: str) -> None:
        """The project called NAME is read for the first time, which takes a while."""

    def end(self, name: str) -> None:
        """It was read."""

    def refresh(self) -> None:
        """Ask again for what was answered from an older state."""


class Board:
    """Keeps EDITOR informed, of what is new only."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._misplaced: dict[str, list[Diagnostic]] = {}
        self._said: set[str] = set()

    def say_once(self, message: str) -> None:
        """Something that the user has to know, and be left alone with afterwards."""
        if message not in self._said:
            self._said.add(message)
            self._editor.complain(message)

    def show(self, project: Project, found: dict[str, list[Diagnostic]], desk: Desk) -> None:
        """FOUND, by path, are all diagnostics of PROJECT; those of its configuration come with it."""
        wanted = {desk.uri(path): each for path, each in found.items()}
        if project.broken is not None and project.broken.is_configuration:
            wanted |= broken_diagnostics(project.broken, desk)
        versions = {document.uri: document.version for document in desk.documents.values()}
        for uri in [*wanted, *(uri for uri in project.published if uri not in wanted)]:
            if wanted.get(uri, []) != project.published.get(uri, []):
                self._editor.publish(uri, versions.get(uri), wanted.get(uri, []))
        project.published = wanted

    def forget(self, project: Project) -> None:
        """PROJECT is none of ours any more."""
        self._editor.end(str(project.place.root))
        for uri in project.published:
            self._editor.publish(uri, None, ())
        project.wake()

    def show_misplaced(self, broken: Broken, desk: Desk) -> None:
        """The configuration for a folder is BROKEN, so that it is not known which project that is."""
        self.say_once(broken.message)
        for uri, found in broken_diagnostics(broken, desk).items():
            self._misplaced[uri] = found
            self._editor.publish(uri, None, found)

    def take_misplaced(self) -> set[str]:
        """The URIs of such configurations so far: those that are not shown again are to be cleared."""
        before, self._misplaced = set(self._misplaced), {}
        return before

    def clear_misplaced(self, before: set[str]) -> None:
        """Take away what was shown BEFORE, and is not shown again."""
        for uri in before - self._misplaced.keys():
            self._editor.publish(uri, None, ())
