"""Modules by packages, so that few enough groups are left to be seen at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


def packages(names: Iterable[str], most: int) -> Mapping[str, str]:
    """The package that stands for each of NAMES: not more than MOST, the largest split as far as that allows."""
    ordered = sorted(set(names))
    groups = _split("", ordered) if ordered else {}
    while True:
        for package in sorted(groups, key=lambda each: (-len(groups[each]), each)):
            parts = _split(package, groups[package])
            if len(groups) - 1 + len(parts) <= most and list(parts) != [package]:
                del groups[package]
                groups |= parts
                break
        else:
            return {name: package for package, members in groups.items() for name in members}


def _split(package: str, names: list[str]) -> dict[str, list[str]]:
    """NAMES of PACKAGE, by what is one step below it, or more steps where there is no choice."""
    depth = package.count(".") + 1 if package else 0
    while True:
        parts: dict[str, list[str]] = defaultdict(list)
        for name in names:
            parts[".".join(name.split(".")[: depth + 1])].append(name)
        depth += 1
        if len(parts) > 1 or depth > max(name.count(".") for name in names):
            return dict(parts)
