"""The compound statements of functions."""

from __future__ import annotations

from collections.abc import Collection

from celery_lint.project.code.index import FileIndex


def withs_in(index: FileIndex, block: int) -> list[int]:
    """The blocks of `with` inside BLOCK, without those of functions defined there, in order."""
    return blocks_in(index, block, ("with",))


def blocks_in(index: FileIndex, block: int, kinds: Collection[str]) -> list[int]:
    """The blocks of KINDS inside BLOCK, without those of functions defined there, in order."""
    found: list[int] = []
    waiting = [block]
    while waiting:
        for inner in index.blocks_in(waiting.pop()):
            kind = index.block(inner).kind
            if kind != "function":
                waiting.append(inner)
            if kind in kinds:
                found.append(inner)
    return sorted(found)
