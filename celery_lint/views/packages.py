"""Modules by packages, so that few enough groups are left to be seen at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

REST = "…"


def packages(names: Iterable[str], most: int) -> Mapping[str, str]:
    """The package that stands for each of NAMES: not more than MOST, the largest split as far as that allows.

    A package that is nearly everything says nothing: it is split even into three times as many, the smallest of its
    parts left together if need be (`package.…`).
    """
    ordered = sorted(set(names))
    groups = (_largest("", _split("", ordered), 3 * most, True) or {}) if ordered else {}
    while True:
        for package in sorted(groups, key=lambda each: (-len(groups[each]), each)):
            room = 3 * most if 2 * len(groups[package]) > len(ordered) else most
            parts = _largest(package, _split(package, groups[package]), room - len(groups) + 1, room > most)
            if parts is not None and list(parts) != [package]:
                del groups[package]
                groups |= parts
                break
        else:
            return {name: package for package, members in groups.items() for name in members}


def _split(package: str, names: list[str]) -> dict[str, list[str]]:
    """NAMES of PACKAGE, by what is one step below it, or more steps where there is no choice."""
    if package.endswith(REST):
        return {package: names}
    depth = package.count(".") + 1 if package else 0
    while True:
        parts: dict[str, list[str]] = defaultdict(list)
        for name in names:
            parts[".".join(name.split(".")[: depth + 1])].append(name)
        depth += 1
        if len(parts) > 1 or depth > max(name.count(".") for name in names):
            return dict(parts)


def _largest(package: str, parts: dict[str, list[str]], room: int, may_cut: bool) -> dict[str, list[str]] | None:
    """PARTS when there is ROOM for them; else the largest of them and the rest as one, if that MAY be; else None."""
    if len(parts) <= room:
        return parts
    if not may_cut or room < 2:
        return None
    by_size = sorted(parts, key=lambda part: (-len(parts[part]), part))
    rest = {name for part in by_size[room - 1 :] for name in parts[part]}
    kept = {part: parts[part] for part in parts if part in by_size[: room - 1]}
    return {**kept, f"{package}.{REST}".lstrip("."): sorted(rest)}
