"""What a name means where it stands: the file's own import map and scopes.

The result of a resolution is written as `facts.model` says: `asyncio.run`, `.tasks.add`, `@app`, `%loop`,
`builtins.print`, `*Celery`.
"""

from __future__ import annotations

import builtins

import libcst as cst
from msgspec import Struct, field

from celery_lint.facts.python.walk import walk

_BUILTINS = frozenset(dir(builtins))


class Scope(Struct):
    """The names that one module, class, function, lambda or comprehension binds.

    PREFIX is what a name bound here is written with: `@` for the module, `@Class.` for a class body, `%`. Without
    HAS_WALRUS no expression of the file binds a name, and none is searched for it.
    """

    prefix: str
    parent: Scope | None = None
    is_class: bool = False
    has_walrus: bool = True
    bound: dict[str, str] = field(default_factory=dict)
    has_star_import: bool = False

    def bind(self, name: str) -> None:
        """NAME gets a value here; an import that bound it first keeps its meaning."""
        self.bound.setdefault(name, f"{self.prefix}{name}")

    def bind_import(self, name: str, target: str) -> None:
        """NAME is imported here as TARGET; of alternatives (`try`/`except ImportError`) the first counts."""
        if self.bound.get(name, self.prefix).startswith(self.prefix):
            self.bound[name] = target

    @property
    def module(self) -> Scope:
        """The module's scope."""
        return self if self.parent is None else self.parent.module

    def resolve(self, name: str) -> str:
        """What NAME means in this scope."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope.bound[name]
            scope = scope.parent
        if name in _BUILTINS or name in ("__name__", "__file__"):
            return f"builtins.{name}"
        return f"*{name}" if self.module.has_star_import else f"builtins.{name}"


def dotted(node: cst.CSTNode | None) -> str | None:
    """`a.b.c` as text, or None when NODE is no plain dotted name."""
    if type(node) is cst.Name:
        return node.value
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name:
        return None
    return ".".join([node.value, *reversed(parts)])


def import_base(node: cst.ImportFrom) -> str:
    """The module a `from` import names, with its leading dots."""
    return "." * len(node.relative) + (dotted(node.module) or "")


def join(base: str, name: str) -> str:
    """The member NAME of BASE: `pkg` → `pkg.name`, `.` → `.name`."""
    return f"{base}{name}" if base.endswith(".") else f"{base}.{name}"


class Bindings(cst.CSTVisitor):
    """Collects what one scope binds. It stays out of the scopes inside: they are collected when entered."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.scope.bind(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.scope.bind(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Global(self, node: cst.Global) -> None:
        for item in node.names:
            name = item.name.value
            self.scope.module.bind(name)
            self.scope.bound[name] = self.scope.module.bound[name]

    def visit_Nonlocal(self, node: cst.Nonlocal) -> None:
        for item in node.names:
            self.scope.bound[item.name.value] = f"%{item.name.value}"

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            module = dotted(alias.name) or ""
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self.scope.bind_import(alias.asname.name.value, module)
            else:
                top = module.partition(".")[0]
                self.scope.bind_import(top, top)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if isinstance(node.names, cst.ImportStar):
            self.scope.module.has_star_import = True
            return
        for alias in node.names:
            name = dotted(alias.name) or ""
            bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
            self.scope.bind_import(bound, join(import_base(node), name))

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:
        self._target(node.target)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._target(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._target(node.target)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._target(node.target)

    def visit_For(self, node: cst.For) -> None:
        self._target(node.target)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        # Only reached when the comprehension itself is the scope being collected.
        self._target(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._target(node.name)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        return False

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        if node.name is not None:
            self._target(node.name)

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        if node.name is not None:
            self._target(node.name)

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:
        if node.rest is not None:
            self._target(node.rest)

    def visit_ListComp(self, node: cst.ListComp) -> bool:
        walk(node, _Walruses(self))
        return False

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # type: ignore[assignment]

    def _target(self, node: cst.BaseExpression) -> None:
        if type(node) is cst.Name:
            self.scope.bind(node.value)
        elif type(node) is cst.Tuple or type(node) is cst.List:
            for element in node.elements:
                self._target(element.value)


class _Walruses(cst.CSTVisitor):
    """Finds what `:=` binds inside a comprehension: a name of the scope around it."""

    def __init__(self, bindings: Bindings) -> None:
        super().__init__()
        self.bindings = bindings

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self.bindings.visit_NamedExpr(node)

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


def module_scope(module: cst.Module, *, has_walrus: bool = True) -> Scope:
    """The names that MODULE binds at its top level; HAS_WALRUS says whether there may be a `:=` in it."""
    scope = Scope("@", has_walrus=has_walrus)
    for statement in module.body:
        _collect(statement, scope)
    return scope


def function_scope(node: cst.FunctionDef | cst.Lambda, parent: Scope) -> Scope:
    """The names that a function binds: its parameters and what its body assigns."""
    scope = Scope("%", parent, has_walrus=parent.has_walrus)
    for parameter in parameters(node.params):
        scope.bind(parameter.name.value)
    if isinstance(node, cst.FunctionDef):
        _collect(node.body, scope)
    return scope


def class_scope(node: cst.ClassDef, qualname: str, parent: Scope) -> Scope:
    """The names that a class body binds."""
    scope = Scope(f"@{qualname}.", parent, is_class=True, has_walrus=parent.has_walrus)
    _collect(node.body, scope)
    return scope


def _collect(node: cst.CSTNode, scope: Scope) -> None:
    walk(node, Bindings(scope), only_statements=not scope.has_walrus)


def comprehension_scope(first: cst.CompFor, parent: Scope) -> Scope:
    """The names that the `for` clauses of a comprehension bind."""
    scope = Scope("%", parent, has_walrus=parent.has_walrus)
    clause: cst.CompFor | None = first
    collector = Bindings(scope)
    while clause is not None:
        collector.visit_CompFor(clause)
        clause = clause.inner_for_in
    return scope


def parameters(params: cst.Parameters) -> list[cst.Param]:
    """All parameters in the order they are written, collecting ones included."""
    star = [params.star_arg] if isinstance(params.star_arg, cst.Param) else []
    end = [params.star_kwarg] if params.star_kwarg is not None else []
    return [*params.posonly_params, *params.params, *star, *params.kwonly_params, *end]
