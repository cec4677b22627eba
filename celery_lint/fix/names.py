"""Which names a file binds and what they stand for, as far as rewriters need to know."""

from __future__ import annotations

import libcst as cst

from celery_lint.fix.code import Code


class Names:
    """The names of one file. Imports count wherever in the file they stand."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.imported = dict(_imported(code))
        self.used = frozenset(node.value for node in code.nodes(cst.Name))

    def dotted(self, node: cst.CSTNode) -> str | None:
        """The absolute dotted name that a name or attribute stands for, through the file's imports."""
        if isinstance(node, cst.Name):
            return self.imported.get(node.value, node.value)
        if isinstance(node, cst.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr.value}" if base is not None else None
        return None

    def called(self, node: cst.CSTNode) -> str | None:
        """The dotted name of what NODE calls, when it is a call of a name."""
        return self.dotted(node.func) if isinstance(node, cst.Call) else None

    def fresh(self, *wanted: str) -> str:
        """The first of WANTED that nothing in the file is called, else the first one with a number."""
        for name in wanted:
            if name not in self.used:
                return name
        number = 2
        while f"{wanted[0]}_{number}" in self.used:
            number += 1
        return f"{wanted[0]}_{number}"


def written(node: cst.BaseExpression | None) -> str:
    """A dotted name as it is written: `a.b.c`."""
    if isinstance(node, cst.Attribute):
        return f"{written(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def module_of(node: cst.ImportFrom) -> str:
    """The module of a `from` import, with its dots."""
    return "." * len(node.relative) + written(node.module)


def alias_of(alias: cst.ImportAlias) -> str | None:
    """The name after `as`."""
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return None


def _imported(code: Code) -> list[tuple[str, str]]:
    found = []
    for statement in code.nodes(cst.Import):
        for alias in statement.names:
            name, bound = written(alias.name), alias_of(alias)
            head = name.partition(".")[0]
            found.append((bound, name) if bound else (head, head))
    for origin in code.nodes(cst.ImportFrom):
        if isinstance(origin.names, cst.ImportStar):
            continue
        module = module_of(origin)
        for alias in origin.names:
            name = written(alias.name)
            found.append((alias_of(alias) or name, f"{module}.{name}"))
    return found
