"""`json`, version 1: the whole picture, for programs. Its schema is `schemas/map-v1.json`."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from celery_lint import __version__
from celery_lint.report.text import escape, printable_json
from celery_lint.views.model import Picture


class Tool(Struct, frozen=True):
    """What wrote the document."""

    name: Literal["celery-lint"]
    version: str


class Document(Struct, frozen=True):
    """A whole map."""

    version: Literal[1]
    tool: Tool
    map: Picture


def json(picture: Picture) -> bytes:
    """PICTURE as UTF-8."""
    data = msgspec.to_builtins(Document(1, Tool("celery-lint", __version__), picture))
    return printable_json(msgspec.json.format(msgspec.json.encode(encodable(data)), indent=2)) + b"\n"


def schema() -> dict[str, object]:
    """The JSON schema of what `json` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Document)}


def encodable(data: object) -> object:
    """DATA without bytes that are no text (the surrogates of a file's name): JSON has no way to write those."""
    if isinstance(data, str):
        return escape(data) if any("\ud800" <= char <= "\udfff" for char in data) else data
    if isinstance(data, list | tuple):
        return [encodable(each) for each in data]
    if isinstance(data, dict):
        return {key: encodable(value) for key, value in data.items()}
    return data
