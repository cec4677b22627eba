"""What the statements of a Python file say, written down as facts. Expressions are left to `Values`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst

from celery_lint.facts import model
from celery_lint.facts.python.names import class_scope, dotted, function_scope, import_base, module_scope, parameters
from celery_lint.facts.python.spans import Spans
from celery_lint.facts.python.values import Values
from celery_lint.facts.python.walk import walk
from celery_lint.finding import Span

_AUGMENTED: dict[type[cst.BaseAugOp], model.AssignmentOperator] = {cst.AddAssign: "+=", cst.BitOrAssign: "|="}


def facts_of(
    path: str, module: cst.Module, spans: Spans, constants: Mapping[int, object], *, has_walrus: bool
) -> model.PythonFacts:
    """What MODULE, the tree of the file PATH, says. SPANS tell where nodes stand, CONSTANTS what literals are (by the
    identity of their nodes), HAS_WALRUS whether expressions may bind names."""
    found = _Statements(Values(spans, module_scope(module, has_walrus=has_walrus), constants))
    found.values.blocks.append(model.Block("module", -1, spans.of(module)))
    for statement in module.body:
        walk(statement, found)
    return model.PythonFacts(
        path,
        blocks=tuple(found.values.blocks),
        imports=tuple(found.imports),
        functions=tuple(sorted(found.functions, key=lambda function: function.span)),
        classes=tuple(sorted(found.classes, key=lambda item: item.span)),
        assignments=tuple(sorted((*found.assignments, *found.values.assignments), key=lambda item: item.span)),
        calls=tuple(sorted(found.values.calls, key=lambda call: call.span)),
        returns=tuple(found.returns),
        raises=tuple(found.raises),
        jumps=tuple(found.jumps),
        loops=tuple(sorted(found.values.loops, key=lambda loop: loop.span)),
        evaluations=tuple(found.evaluations),
    )


@dataclass
class _Statements(cst.CSTVisitor):
    """Walks the statements of one file and writes the facts down."""

    values: Values
    imports: list[model.Import] = field(default_factory=list)
    functions: list[model.Function] = field(default_factory=list)
    classes: list[model.Class] = field(default_factory=list)
    assignments: list[model.Assignment] = field(default_factory=list)
    returns: list[model.Return] = field(default_factory=list)
    raises: list[model.Raise] = field(default_factory=list)
    jumps: list[model.Jump] = field(default_factory=list)
    evaluations: list[model.Evaluation] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def _span(self, node: cst.CSTNode) -> Span:
        return self.values.spans.of(node)

    def _open(self, block: model.Block) -> int:
        self.values.blocks.append(block)
        outer, self.values.block = self.values.block, len(self.values.blocks) - 1
        return outer

    def _inside(self, kind: model.BlockKind, node: cst.CSTNode, value: model.Value | None = None) -> None:
        """Walk the body NODE as a block of its own."""
        outer = self._open(model.Block(kind, self.values.block, self._span(node), value=value))
        walk(node, self)
        self.values.block = outer

    # definitions

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        decorators = tuple(self.values.of(item.decorator, "decorator") for item in node.decorators)
        signature = self._parameters(node.params)
        returns = self.values.of(node.returns.annotation) if node.returns is not None else None
        outer_scope, qualname = self.values.scope, ".".join([*self.names, node.name.value])
        outer = self._open(
            model.Block(
                "function", self.values.block, self._span(node.body), qualname, is_async=node.asynchronous is not None
            )
        )
        block = self.values.block
        self.names.append(node.name.value)
        outer_yield, self.values.has_yield = self.values.has_yield, False
        self.values.scope = function_scope(node, outer_scope)
        walk(node.body, self)
        is_generator, self.values.has_yield = self.values.has_yield, outer_yield
        self.values.scope, self.values.block = outer_scope, outer
        self.names.pop()
        self.functions.append(
            model.Function(
                node.name.value,
                qualname,
                self._span(node),
                self._span(node.name),
                block,
                outer,
                node.asynchronous is not None,
                is_generator,
                decorators,
                signature,
                returns,
            )
        )
        return False

    def _parameters(self, params: cst.Parameters) -> tuple[model.Parameter, ...]:
        return tuple(
            model.Parameter(
                item.name.value,
                star="**" if item is params.star_kwarg else "*" if item is params.star_arg else "",
                keyword_only=item in params.kwonly_params,
                positional_only=item in params.posonly_params,
                default=self.values.of(item.default, "other") if item.default is not None else None,
                annotation=self.values.of(item.annotation.annotation) if item.annotation is not None else None,
            )
            for item in parameters(params)
        )

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        decorators = tuple(self.values.of(item.decorator, "decorator") for item in node.decorators)
        bases = tuple(self.values.argument(item) for item in (*node.bases, *node.keywords))
        qualname = ".".join([*self.names, node.name.value])
        outer_scope = self.values.scope
        outer = self._open(model.Block("class", self.values.block, self._span(node.body), qualname))
        block = self.values.block
        self.names.append(node.name.value)
        self.values.scope = class_scope(node, qualname, outer_scope)
        walk(node.body, self)
        self.values.scope, self.values.block = outer_scope, outer
        self.names.pop()
        self.classes.append(
            model.Class(
                node.name.value, qualname, self._span(node), self._span(node.name), block, outer, decorators, bases
            )
        )
        return False

    # simple statements

    def visit_Import(self, node: cst.Import) -> bool:
        for alias in node.names:
            asname = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else None
            self.imports.append(
                model.Import(dotted(alias.name) or "", None, asname, self._span(alias), self.values.block)
            )
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        base = import_base(node)
        if isinstance(node.names, cst.ImportStar):
            self.imports.append(model.Import(base, "*", None, self._span(node), self.values.block))
            return False
        for alias in node.names:
            asname = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else None
            self.imports.append(model.Import(base, dotted(alias.name), asname, self._span(alias), self.values.block))
        return False

    def visit_Assign(self, node: cst.Assign) -> bool:
        targets = [item.target for item in node.targets]
        single = self.values.reference(targets[0]) if len(targets) == 1 else None
        value = self.values.of(node.value, "assigned", single)
        for target in targets:
            self._assignment(target, value, node)
        return False

    def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:
        annotation = self.values.of(node.annotation.annotation)
        value = None
        if node.value is not None:
            value = self.values.of(node.value, "assigned", self.values.reference(node.target))
        self._assignment(node.target, value, node, annotation=annotation)
        return False

    def visit_AugAssign(self, node: cst.AugAssign) -> bool:
        value = self.values.of(node.value, "assigned")
        self._assignment(node.target, value, node, _AUGMENTED.get(type(node.operator), "other"))
        return False

    def _assignment(
        self,
        target: cst.BaseExpression,
        value: model.Value | None,
        node: cst.CSTNode,
        operator: model.AssignmentOperator = "=",
        annotation: model.Value | None = None,
    ) -> None:
        self.assignments.append(
            model.Assignment(
                self.values.reference(target),
                self.values.of(target),
                value,
                self._span(node),
                self.values.block,
                operator,
                annotation,
            )
        )

    def visit_Return(self, node: cst.Return) -> bool:
        value = self.values.of(node.value, "returned") if node.value is not None else None
        self.returns.append(model.Return(value, self._span(node), self.values.block))
        return False

    def visit_Expr(self, node: cst.Expr) -> bool:
        value = self.values.of(node.value, "discarded")
        if not isinstance(value, model.Call | model.Literal):
            self.evaluations.append(model.Evaluation(value, self.values.block))
        return False

    def visit_Raise(self, node: cst.Raise) -> bool:
        value = self.values.of(node.exc) if node.exc is not None else None
        cause = self.values.of(node.cause.item) if node.cause is not None else None
        self.raises.append(model.Raise(value, cause, self._span(node), self.values.block))
        return False

    def visit_Break(self, node: cst.Break) -> bool:
        return self._jump("break", node)

    def visit_Continue(self, node: cst.Continue) -> bool:
        return self._jump("continue", node)

    def visit_Pass(self, node: cst.Pass) -> bool:
        return self._jump("pass", node)

    def _jump(self, kind: model.JumpKind, node: cst.CSTNode) -> bool:
        self.jumps.append(model.Jump(kind, self._span(node), self.values.block))
        return False

    # compound statements

    def visit_If(self, node: cst.If) -> bool:
        test = self._test(node.test)
        self._inside("if", node.body, test)
        if isinstance(node.orelse, cst.If):
            outer = self._open(model.Block("else", self.values.block, self._span(node.orelse), value=test))
            walk(node.orelse, self)
            self.values.block = outer
        elif node.orelse is not None:
            self._inside("else", node.orelse.body, test)
        return False

    def _test(self, node: cst.BaseExpression) -> model.Value:
        return self.values.of(node)

    def visit_While(self, node: cst.While) -> bool:
        self._inside("while", node.body, self.values.of(node.test))
        if node.orelse is not None:
            walk(node.orelse.body, self)
        return False

    def visit_For(self, node: cst.For) -> bool:
        value = self.values.of(node.iter, "iterated")
        target, block = self.values.of(node.target), len(self.values.blocks)
        self.values.loops.append(model.Loop(target, value, self._span(node.body), block))
        self._inside("for", node.body, value)
        if node.orelse is not None:
            walk(node.orelse.body, self)
        return False

    def visit_With(self, node: cst.With) -> bool:
        items = tuple(self._with_item(item) for item in node.items)
        outer = self._open(
            model.Block(
                "with", self.values.block, self._span(node.body), items=items, is_async=node.asynchronous is not None
            )
        )
        walk(node.body, self)
        self.values.block = outer
        return False

    def _with_item(self, node: cst.WithItem) -> model.WithItem:
        target = self.values.reference(node.asname.name) if node.asname is not None else None
        return model.WithItem(self.values.of(node.item, "entered", target), target)

    def visit_Try(self, node: cst.Try) -> bool:
        self._inside("try", node.body)
        for handler in node.handlers:
            self._handler(handler)
        if node.orelse is not None:
            self._inside("else", node.orelse.body)
        if node.finalbody is not None:
            self._inside("finally", node.finalbody.body)
        return False

    visit_TryStar = visit_Try  # type: ignore[assignment]

    def _handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
        caught = self.values.of(node.type) if node.type is not None else None
        name = self.values.reference(node.name.name) if node.name is not None else None
        outer = self._open(model.Block("except", self.values.block, self._span(node.body), name, caught))
        walk(node.body, self)
        self.values.block = outer

    def visit_MatchCase(self, node: cst.MatchCase) -> bool:
        self._evaluate(node.guard)
        self._inside("case", node.body)
        return False

    # whatever else holds an expression: assert, del, a match subject

    def visit_Assert(self, node: cst.Assert) -> bool:
        return self._evaluate(node.test, node.msg)

    def visit_Del(self, node: cst.Del) -> bool:
        return self._evaluate(node.target)

    def _evaluate(self, *nodes: cst.BaseExpression | cst.BaseDelTargetExpression | None) -> bool:
        for node in nodes:
            if node is not None:
                self.evaluations.append(model.Evaluation(self.values.of(node), self.values.block))
        return False

    def visit_Match(self, node: cst.Match) -> bool:
        self._evaluate(node.subject)
        for case in node.cases:
            walk(case, self)
        return False
