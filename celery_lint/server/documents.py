"""What is open in the editor, saved or not: its text is what the project is read with."""

from __future__ import annotations

import codecs
import os
from functools import cached_property
from pathlib import Path
from threading import Lock

from msgspec import Struct

from celery_lint.regular import read_regular
from celery_lint.server.uris import real_path
from celery_lint.source import Source

_BOM = "\ufeff"


class Document(Struct, frozen=True, dict=True):
    """The TEXT of the file PATH (with no links in it) in the editor, which calls it URI."""

    uri: str
    path: Path
    version: int | None
    text: str

    @cached_property
    def data(self) -> bytes:
        """What saving it would write: in the encoding that its first lines name, with the byte order mark that the
        file has."""
        text = self.text
        plain = text.encode("utf-8", "replace")
        if not text.startswith(_BOM) and _has_bom(self.path):
            return codecs.BOM_UTF8 + plain
        try:
            encoding = Source(str(self.path), plain).encoding.removesuffix("-sig")
            return plain if encoding == "utf-8" else text.encode(encoding, "replace")
        except (SyntaxError, LookupError, UnicodeError):
            return plain

    @cached_property
    def source(self) -> Source:
        """The same, as people count it."""
        return Source(str(self.path), self.data)

    @property
    def shows_bom(self) -> bool:
        """Whether the editor has the byte order mark in its text."""
        return self.text.startswith(_BOM)


class Documents:
    """All open documents. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, Document] = {}

    def put(self, uri: str, version: int | None, text: str) -> Document | None:
        """The document URI has this TEXT now; None when it is no file."""
        path = real_path(uri)
        if path is None:
            return None
        document = Document(uri, path, version, text)
        with self._lock:
            self._open[uri] = document
        return document

    def drop(self, uri: str) -> Document | None:
        """The document URI is closed; what it was."""
        with self._lock:
            return self._open.pop(uri, None)

    def get(self, uri: str) -> Document | None:
        """The document that the editor calls URI."""
        with self._lock:
            return self._open.get(uri)

    def at(self, path: Path) -> Document | None:
        """The document that the file PATH is open as."""
        return next((document for document in self.all() if document.path == path), None)

    def all(self) -> tuple[Document, ...]:
        """Everything that is open."""
        with self._lock:
            return tuple(self._open.values())

    def below(self, root: Path) -> dict[str, Document]:
        """What is open below ROOT, by its path relative to it, with `/`."""
        return {
            document.path.relative_to(root).as_posix(): document
            for document in self.all()
            if document.path.is_relative_to(root)
        }


def _has_bom(path: Path) -> bool:
    try:
        return read_regular(os.fspath(path), most=len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8)
    except OSError:
        return False
