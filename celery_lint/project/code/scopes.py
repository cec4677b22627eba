"""What a name stands for across files: imports, re-exports, aliases, locals."""

from __future__ import annotations

from celery_lint.facts.model import Assignment, Call, Class, Function, Name, Value
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.refs import External, FunctionRef, Internal, Target

# Chains of aliases and re-exports longer than this are a cycle or a puzzle.
DEPTH = 12


class Scopes:
    """Answers what names stand for."""

    def __init__(self, files: Files, modules: Modules) -> None:
        self.files = files
        self.modules = modules
        # A question that is still being answered has the answer None: that ends circles of aliases.
        self._targets: dict[str, dict[str, Target | None]] = {}
        self._assigned: dict[tuple[str, int], dict[str, list[Assignment]]] = {}

    # names

    def target(self, path: str, ref: str, depth: int = 0) -> Target | None:
        """What REF, written in PATH as facts write names, stands for; None for locals and the unknown."""
        if depth > DEPTH or ref.startswith("%"):
            return None
        known = self._targets.get(path)
        if known is None:
            known = self._targets[path] = {}
        if ref in known:
            return known[ref]
        known[ref] = None
        found = known[ref] = self._find_target(path, ref, depth)
        return found

    def _find_target(self, path: str, ref: str, depth: int) -> Target | None:
        if ref.startswith("@"):
            return self._member(path, tuple(ref[1:].split(".")), depth)
        if ref.startswith("*"):
            return self._starred(path, tuple(ref[1:].split(".")), depth)
        if ref.startswith("builtins."):
            return External(ref)
        found = self.modules.find(path, ref)
        if found is None:
            return None if ref.startswith(".") else External(ref)
        module, names = found
        return self._member(module, names, depth) if names else Internal(module, None)

    def _member(self, path: str, names: tuple[str, ...], depth: int) -> Target | None:
        index = self.files.python(path)
        for length in (2, 1):
            definitions = index.definitions.get(".".join(names[:length])) if len(names) >= length else None
            if definitions:
                return self._defined(path, definitions, names[length:], depth)
        bound = index.imported.get(names[0])
        if bound is not None:
            return self._imported(path, bound.module, bound.name, bound.alias, names, depth)
        submodule = self.modules.below(path.rpartition("/")[0], names) if path.endswith("__init__.py") else None
        if submodule is not None and submodule[0] != path:
            module, rest = submodule
            return self._member(module, rest, depth + 1) if rest else Internal(module, None)
        return self._starred(path, names, depth) or Internal(path, None, names)

    def _imported(
        self, path: str, module: str, name: str | None, alias: str | None, names: tuple[str, ...], depth: int
    ) -> Target | None:
        if name is not None:
            base = f"{module}{name}" if module.endswith(".") else f"{module}.{name}"
            return self.target(path, ".".join((base, *names[1:])), depth + 1)
        base = module if alias is not None else names[0]
        return self.target(path, ".".join((base, *names[1:])), depth + 1)

    def _starred(self, path: str, names: tuple[str, ...], depth: int) -> Target | None:
        if depth > DEPTH:
            return None
        for module in self.files.python(path).star_imports:
            found = self.modules.find(path, module)
            if found is None or found[1] or found[0] == path:
                continue
            target = self._member(found[0], names, depth + 1)
            if target is not None and not (isinstance(target, Internal) and target.fact is None and target.rest):
                return target
        return None

    def _defined(
        self, path: str, definitions: list[Function | Class | Assignment], rest: tuple[str, ...], depth: int
    ) -> Target | None:
        fact = _wrapped(definitions) or definitions[-1]
        if isinstance(fact, Assignment) and len(definitions) == 1 and isinstance(fact.value, Name):
            alias = self.target(path, ".".join((fact.value.ref, *rest)), depth + 1)
            if alias is not None:
                return alias
        return Internal(path, fact, rest)

    def external(self, path: str, value: Value) -> str | None:
        """The dotted name of VALUE when it is something that is not of this project."""
        if type(value) is not Name:
            return None
        target = self.target(path, value.ref)
        return target.name if type(target) is External else None

    # locals

    def assigned(self, path: str, block: int, ref: str) -> list[Assignment]:
        """The assignments to the local REF that code in BLOCK of PATH sees, in order."""
        index = self.files.python(path)
        function = index.function_at(block)
        while function is not None:
            found = self._assigned_in(index, function.block).get(ref)
            if found is not None:
                return found
            function = index.function_at(function.outer)
        return []

    def _assigned_in(self, index: FileIndex, function: int) -> dict[str, list[Assignment]]:
        """The assignments of the function with the body FUNCTION, by what they assign to."""
        key = (index.path, function)
        known = self._assigned.get(key)
        if known is None:
            known = self._assigned[key] = {}
            for assignment in index.assignments_by_function.get(function, []):
                if assignment.target is not None:
                    known.setdefault(assignment.target, []).append(assignment)
        return known

    def local_function(self, path: str, block: int, ref: str) -> FunctionRef | None:
        """The function defined in an enclosing function under the local name REF."""
        index = self.files.python(path)
        local = index.local_functions
        around = index.function_at(block) if local else None
        while around is not None:
            function = local.get((around.block, ref.removeprefix("%")))
            if function is not None:
                return FunctionRef(path, function.block)
            around = index.function_at(around.outer)
        return None


def _wrapped(definitions: list[Function | Class | Assignment]) -> Function | Class | None:
    """`send = app.task(send)` is what a decorator does: the name still stands for the function."""
    if len(definitions) != 2 or not isinstance(definitions[0], Function | Class):
        return None
    made = definitions[1]
    call = made.value if isinstance(made, Assignment) else None
    given = call.arguments if isinstance(call, Call) else ()
    is_itself = any(isinstance(each.value, Name) and each.value.ref == f"@{definitions[0].name}" for each in given)
    return definitions[0] if is_itself else None
