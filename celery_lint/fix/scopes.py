"""Whether a name that a fix wants to import means something else where the fix stands."""

from __future__ import annotations

import symtable
from collections.abc import Iterator

import libcst as cst

from celery_lint.fix.code import Code, Definition
from celery_lint.fix.names import alias_of, module_of, written


def is_taken(code: Code, module: str, name: str | None) -> bool:
    """Whether the module level calls something else so than `import MODULE`, or `from MODULE import NAME`, would."""
    bound = name or module.partition(".")[0]
    symbol = _symbol(code.symbols, bound)
    if symbol is None:
        return False
    if symbol.is_assigned():
        return True
    wanted = (module, name) if name is not None else (bound, None)
    return symbol.is_imported() and any(origin != wanted for origin in _origins(code, bound))


def is_hidden(code: Code, name: str, offset: int) -> bool:
    """Whether a function around OFFSET calls something of its own NAME, other than by importing it."""
    table, around = code.symbols, list(_around(code, offset))
    for definition in around:
        table = _below(code, table, definition)
        symbol = _symbol(table, name)
        # What a class calls something, its methods do not see.
        sees = not isinstance(definition, cst.ClassDef) or definition is around[-1]
        if sees and symbol is not None and (symbol.is_parameter() or (symbol.is_local() and symbol.is_assigned())):
            return True
    return False


def runs_at_once(code: Code, offset: int) -> bool:
    """Whether what stands at OFFSET runs when the module is imported: in no function."""
    return not any(isinstance(node, cst.FunctionDef) for node in _around(code, offset))


def imported_at(code: Code, name: str) -> list[int]:
    """Where imports at module level bind NAME."""
    found: list[int] = []
    for statement in code.imports:
        aliases = () if isinstance(statement.names, cst.ImportStar) else statement.names
        bound = {alias_of(alias) or written(alias.name).partition(".")[0] for alias in aliases}
        if name in bound:
            found.append(code.extent(statement).start)
    return found


def _symbol(table: symtable.SymbolTable | None, name: str) -> symtable.Symbol | None:
    try:
        return table.lookup(name) if table is not None else None
    except KeyError:
        return None


def _around(code: Code, offset: int) -> Iterator[Definition]:
    """The definitions whose bodies hold OFFSET, outermost first."""
    return (node for node in code.definitions if code.extent(node.body).start <= offset <= code.extent(node.body).end)


def _below(code: Code, table: symtable.SymbolTable | None, node: Definition) -> symtable.SymbolTable | None:
    line = code.number(node)
    for child in table.get_children() if table is not None else ():
        if child.get_name() == node.name.value and child.get_lineno() == line:
            return child
    return None


def _origins(code: Code, bound: str) -> Iterator[tuple[str, str | None]]:
    """What the imports at module level that bind the name BOUND import."""
    for statement in code.imports:
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                name, called = written(alias.name), alias_of(alias)
                if (called or name.partition(".")[0]) == bound:
                    yield (name if called else bound), None
        elif not isinstance(statement.names, cst.ImportStar):
            for alias in statement.names:
                if (alias_of(alias) or written(alias.name)) == bound:
                    yield module_of(statement), written(alias.name)
