"""What an expression says without running it: LibCST expressions become `facts.model` values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import libcst as cst
from msgspec import Struct, field

from celery_lint.facts import model
from celery_lint.facts.python.names import Scope, comprehension_scope, dotted, function_scope, parameters
from celery_lint.facts.python.spans import Spans
from celery_lint.facts.python.walk import children
from celery_lint.finding import Span

_OPERATORS: dict[type[cst.CSTNode], str] = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//",
    cst.Modulo: "%", cst.Power: "**", cst.BitOr: "|", cst.BitAnd: "&", cst.And: "and", cst.Or: "or",
    cst.Equal: "==", cst.NotEqual: "!=", cst.Is: "is", cst.IsNot: "is not", cst.In: "in", cst.NotIn: "not in",
    cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">", cst.GreaterThanEqual: ">=",
}  # fmt: skip


# Greater numbers are not calculated with.
_MOST = 2**63 - 1


class Values(Struct):
    """Turns the expressions of one file into values, and collects the calls found on the way.

    SCOPE and BLOCK say where the expression stands; the reader moves them while it walks. CONSTANTS has the values of
    strings and numbers that are known already, by the `id` of their nodes.
    """

    spans: Spans
    scope: Scope
    constants: Mapping[int, object] = field(default_factory=dict)
    block: int = 0
    comprehension: Span = model.NOWHERE
    has_yield: bool = False
    calls: list[model.Call] = field(default_factory=list)
    assignments: list[model.Assignment] = field(default_factory=list)
    blocks: list[model.Block] = field(default_factory=list)
    loops: list[model.Loop] = field(default_factory=list)

    def of(self, node: cst.CSTNode, use: model.Use = "other", target: str | None = None) -> model.Value:
        """The value of NODE; USE and TARGET are noted on it when it is a call."""
        # The nodes' own `isinstance` is that of abstract classes: many times as slow.
        kind = type(node)
        if kind is cst.Call:
            return self._call(node, use, target)  # type: ignore[arg-type]
        if kind is cst.Await:
            return model.Await(self.of(node.expression, "awaited", target), self.spans.of(node))  # type: ignore[attr-defined]
        convert = _CONVERT.get(kind)
        return convert(self, node) if convert is not None else self._opaque(node)

    def _walrus(self, node: cst.NamedExpr) -> model.Value:
        target = self.reference(node.target)
        value = self.of(node.value, "assigned", target)
        self.assignments.append(model.Assignment(target, self.of(node.target), value, self.spans.of(node), self.block))
        return value

    def reference(self, node: cst.CSTNode) -> str | None:
        """NODE as a resolved dotted name, or None when it is something else."""
        name = dotted(node)
        if name is None:
            return None
        head, dot, tail = name.partition(".")
        return f"{self.scope.resolve(head)}{dot}{tail}"

    def _call(self, node: cst.Call, use: model.Use, target: str | None) -> model.Call:
        callee = self.of(node.func, "receiver")
        arguments = tuple(self.argument(argument) for argument in node.args)
        call = model.Call(callee, arguments, self.spans.of(node), self.block, use, target)
        self.calls.append(call)
        return call

    def argument(self, node: cst.Arg) -> model.Argument:
        """One argument of a call or a class statement."""
        keyword = node.keyword.value if node.keyword is not None else None
        star = node.star if node.star in ("*", "**") else ""
        return model.Argument(self.of(node.value, "argument"), keyword, star, self.spans.of(node))

    def _opaque(self, node: cst.CSTNode) -> model.Value:
        parts = tuple(self.of(child) for child in children(node))
        return model.Opaque(tuple(part for part in parts if _says_something(part)), self.spans.of(node))

    def _name(self, node: cst.Name) -> model.Value:
        constant = _CONSTANTS.get(node.value, _MISSING)
        if constant is not _MISSING:
            return model.Literal(constant, self.spans.of(node))  # type: ignore[arg-type]
        return model.Name(self.scope.resolve(node.value), self.spans.of(node))

    def _attribute(self, node: cst.Attribute) -> model.Value:
        reference = self.reference(node)
        if reference is not None:
            return model.Name(reference, self.spans.of(node))
        return model.Attribute(self.of(node.value, "receiver"), node.attr.value, self.spans.of(node))

    def _number(self, node: cst.Integer | cst.Float) -> model.Value:
        number, span = self._constant(node), self.spans.of(node)
        if isinstance(number, int | float) and not -_MOST <= number <= _MOST:
            return model.Opaque((), span)  # no program means it, and neither `float` nor `str` can be relied on
        return model.Literal(number, span)  # type: ignore[arg-type]

    def _constant(self, node: cst.Integer | cst.Float | cst.SimpleString) -> object:
        known = self.constants.get(id(node))
        return node.evaluated_value if known is None else known

    def _string(self, node: cst.SimpleString) -> model.Value:
        text = self._constant(node)
        return (
            model.Literal(text, self.spans.of(node)) if isinstance(text, str) else model.Opaque((), self.spans.of(node))
        )

    def _concatenated(self, node: cst.ConcatenatedString) -> model.Value:
        left, right, span = self.of(node.left), self.of(node.right), self.spans.of(node)
        if isinstance(left, model.Literal) and isinstance(right, model.Literal):
            return model.Literal(f"{left.value}{right.value}", span)
        parts = (part for side in (left, right) for part in (side.parts if isinstance(side, model.Text) else (side,)))
        return model.Text(tuple(parts), span)

    def _formatted(self, node: cst.FormattedString) -> model.Value:
        parts: list[model.Value] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(model.Literal(_unescaped(part.value, node.prefix), self.spans.of(part)))
            elif isinstance(part, cst.FormattedStringExpression):
                plain = part.conversion is None and not part.format_spec
                inner = self.of(part.expression)
                width = [
                    self.of(spec.expression)
                    for spec in part.format_spec or ()
                    if isinstance(spec, cst.FormattedStringExpression)
                ]
                parts.append(inner if plain else model.Opaque((inner, *width), self.spans.of(part)))
        return model.Text(tuple(parts), self.spans.of(node))

    def _items(self, node: cst.List | cst.Tuple | cst.Set) -> model.Value:
        items = tuple(
            model.Opaque((self.of(element.value),), self.spans.of(element))
            if type(element) is cst.StarredElement
            else self.of(element.value)
            for element in node.elements
        )
        return model.Items(_ITEM_KINDS[type(node)], items, self.spans.of(node))  # type: ignore[arg-type]

    def _mapping(self, node: cst.Dict) -> model.Value:
        entries = tuple(
            model.Entry(
                self.of(element.key) if type(element) is cst.DictElement else None,
                self.of(element.value),
                self.spans.of(element),
            )
            for element in node.elements
        )
        return model.Mapping(entries, self.spans.of(node))

    def _operation(self, node: cst.BinaryOperation | cst.BooleanOperation) -> model.Value:
        operator = _OPERATORS.get(type(node.operator), "?")
        return model.Operation(operator, self.of(node.left), self.of(node.right), self.spans.of(node))

    def _comparison(self, node: cst.Comparison) -> model.Value:
        if len(node.comparisons) != 1:
            return self._opaque(node)
        target = node.comparisons[0]
        operator = _OPERATORS.get(type(target.operator), "?")
        return model.Operation(operator, self.of(node.left), self.of(target.comparator), self.spans.of(node))

    def _unary(self, node: cst.UnaryOperation) -> model.Value:
        inner = self.of(node.expression)
        if (
            isinstance(node.operator, cst.Minus)
            and isinstance(inner, model.Literal)
            and isinstance(inner.value, int | float)
        ):
            return model.Literal(-inner.value, self.spans.of(node))
        if isinstance(node.operator, cst.Not):
            return model.Operation("not", inner, model.Literal(None), self.spans.of(node))
        return model.Opaque((inner,), self.spans.of(node))

    def _subscript(self, node: cst.Subscript) -> model.Value:
        slices = [element.slice for element in node.slice]
        value = self.of(node.value)
        if len(slices) == 1 and isinstance(slices[0], cst.Index):
            return model.Subscript(value, self.of(slices[0].value), self.spans.of(node))
        return model.Opaque((value, *(self._opaque(item) for item in slices)), self.spans.of(node))

    def _choice(self, node: cst.IfExp) -> model.Value:
        return model.Choice(self.of(node.test), self.of(node.body), self.of(node.orelse), self.spans.of(node))

    def _lambda(self, node: cst.Lambda) -> model.Value:
        for parameter in parameters(node.params):
            if parameter.default is not None:
                self.of(parameter.default)
        outer_scope, outer_block = self.scope, self.block
        self.blocks.append(model.Block("lambda", outer_block, self.spans.of(node)))
        self.scope, self.block = function_scope(node, outer_scope), len(self.blocks) - 1
        body = self.of(node.body, "returned")
        self.scope, self.block = outer_scope, outer_block
        return model.Lambda(body, self.spans.of(node))

    def _comprehension(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp) -> model.Value:
        outer = self.scope
        self.scope = comprehension_scope(node.for_in, outer)
        around, self.comprehension = self.comprehension, self.spans.of(node)
        value = self._opaque(node)
        self.scope, self.comprehension = outer, around
        return value

    def _clause(self, node: cst.CompFor) -> model.Value:
        target, value = self.of(node.target), self.of(node.iter, "iterated")
        self.loops.append(model.Loop(target, value, self.comprehension, self.block))
        rest = [self.of(item.test) for item in node.ifs]
        if node.inner_for_in is not None:
            rest.append(self.of(node.inner_for_in))
        return model.Opaque((target, value, *rest), self.spans.of(node))

    def _yield(self, node: cst.Yield) -> model.Value:
        self.has_yield = True
        if node.value is None:
            return model.Opaque((), self.spans.of(node))
        inner = node.value.item if isinstance(node.value, cst.From) else node.value
        return model.Opaque((self.of(inner, "yielded"),), self.spans.of(node))


def _says_something(value: model.Value) -> bool:
    return not isinstance(value, model.Opaque) or bool(value.parts)


def _unescaped(text: str, prefix: str) -> str:
    text = text.replace("{{", "{").replace("}}", "}")
    if "\\" not in text or "r" in prefix.lower():
        return text
    try:
        quoted = text.replace('"', '\\"').replace("\n", "\\n")
        return str(ast.literal_eval(f'"{quoted}"'))
    except (SyntaxError, ValueError):
        return text


_MISSING = object()
_CONSTANTS: dict[str, object] = {"None": None, "True": True, "False": False}
_ITEM_KINDS: dict[type[cst.CSTNode], str] = {cst.List: "list", cst.Tuple: "tuple", cst.Set: "set"}
_CONVERT: dict[type[cst.CSTNode], Callable[..., model.Value]] = {
    cst.Name: Values._name,
    cst.Attribute: Values._attribute,
    cst.Integer: Values._number,
    cst.Float: Values._number,
    cst.SimpleString: Values._string,
    cst.ConcatenatedString: Values._concatenated,
    cst.FormattedString: Values._formatted,
    cst.List: Values._items,
    cst.Tuple: Values._items,
    cst.Set: Values._items,
    cst.Dict: Values._mapping,
    cst.BinaryOperation: Values._operation,
    cst.BooleanOperation: Values._operation,
    cst.Comparison: Values._comparison,
    cst.UnaryOperation: Values._unary,
    cst.Subscript: Values._subscript,
    cst.IfExp: Values._choice,
    cst.Lambda: Values._lambda,
    cst.ListComp: Values._comprehension,
    cst.SetComp: Values._comprehension,
    cst.DictComp: Values._comprehension,
    cst.GeneratorExp: Values._comprehension,
    cst.CompFor: Values._clause,
    cst.Yield: Values._yield,
    cst.NamedExpr: Values._walrus,
}
