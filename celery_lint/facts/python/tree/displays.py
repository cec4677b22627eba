"""Lists, tuples, sets, dicts and comprehensions of CPython's tree as LibCST nodes."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import libcst as cst

from celery_lint.facts.python.tree.leaves import Node, Twin
from celery_lint.facts.python.tree.nodes import maker
from celery_lint.facts.python.tree.strings import Strings
from celery_lint.finding import Span

_list, _set, _tuple, _dict = (maker(kind, "elements") for kind in (cst.List, cst.Set, cst.Tuple, cst.Dict))
_element, _starred = maker(cst.Element, "value"), maker(cst.StarredElement, "value")
_pair, _unpacked = maker(cst.DictElement, "key", "value"), maker(cst.StarredDictElement, "value")
_list_comprehension = maker(cst.ListComp, "elt", "for_in")
_set_comprehension = maker(cst.SetComp, "elt", "for_in")
_generator = maker(cst.GeneratorExp, "elt", "for_in")
_dict_comprehension = maker(cst.DictComp, "key", "value", "for_in")
_clause = maker(cst.CompFor, "target", "iter", "ifs", "inner_for_in")
_condition = maker(cst.CompIf, "test")


class Displays(Strings):
    """Makes LibCST displays and comprehensions of CPython's."""

    def list_(self, twin: Twin, start: int, end: int) -> Node:
        return _list(self.elements(twin.elts))

    def set_(self, twin: Twin, start: int, end: int) -> Node:
        return _set(self.elements(twin.elts))

    def elements(self, twins: Sequence[Twin]) -> list[cst.BaseElement]:
        return [self.element(twin) for twin in twins]

    def element(self, twin: Twin) -> cst.BaseElement:
        return self.of(twin) if type(twin) is ast.Starred else _element(self.of(twin))

    def starred(self, twin: Twin, start: int, end: int) -> Node:
        return _starred(self.of(twin.value))

    def tuple_(self, twin: Twin, start: int, end: int) -> Node:
        """Its span is what stands between the parentheses; CPython counts those of a tuple as its own."""
        node = _tuple(self.elements(twin.elts))
        if not twin.elts:
            at = self.places.after_gap(start + 1)
            self.spans[id(node)] = Span(at, at)
            return node
        first = start + 1 if self.is_in_parentheses(twin, start) else start
        self.spans[id(node)] = self.listed(twin.elts, first)
        return node

    def is_in_parentheses(self, twin: Twin, start: int) -> bool:
        """Whether the tuple TWIN, which begins at START, has parentheses of its own."""
        first = twin.elts[0]
        opened = self.places.opened(start, self.places.start(first))
        return len(opened) > len(self.places.closed(self.places.end(first), len(opened)))

    def listed(self, twins: Sequence[Twin], boundary: int) -> Span:
        """From the first of TWINS to the last, and to the comma after it; before the first nothing but parentheses
        stands behind BOUNDARY."""
        first, last = twins[0], twins[-1]
        span = self.places.around(first, boundary)
        end = span.end
        if first is not last:
            end = self.places.around(last, self.places.end(twins[-2])).end
        return Span(span.start, self.places.after_comma(end) or end)

    def dict_(self, twin: Twin, start: int, end: int) -> Node:
        places, boundary = self.places, start + 1
        made: list[cst.BaseDictElement] = []
        for key, value in zip(twin.keys, twin.values, strict=True):
            node: cst.BaseDictElement
            if key is None:
                node = _unpacked(self.of(value))
                begin = self.after_comma_of(boundary)
                stop = places.around(value, begin + 2).end
            else:
                node = _pair(self.of(key), self.of(value))
                begin = places.around(key, boundary).start
                stop = places.around(value, places.end(key)).end
            self.spans[id(node)] = Span(begin, stop)
            made.append(node)
            boundary = places.end(value)
        return _dict(made)

    def after_comma_of(self, end: int) -> int:
        """Behind the parentheses and the comma, if any, that follow END."""
        closed = self.places.closed(end, len(self.data))
        end = closed[-1] if closed else end
        return self.places.after_gap(self.places.after_comma(end) or end)

    def list_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        return _list_comprehension(self.of(twin.elt), self.clauses(twin, twin.elt, start + 1))

    def set_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        return _set_comprehension(self.of(twin.elt), self.clauses(twin, twin.elt, start + 1))

    def generator(self, twin: Twin, start: int, end: int) -> Node:
        """Its span is what stands between the parentheses."""
        clauses = self.clauses(twin, twin.elt, start + 1)
        node = _generator(self.of(twin.elt), clauses)
        self.spans[id(node)] = Span(self.places.around(twin.elt, start + 1).start, self.spans[id(clauses)].end)
        return node

    def dict_comprehension(self, twin: Twin, start: int, end: int) -> Node:
        clauses = self.clauses(twin, twin.value, self.places.end(twin.key))
        return _dict_comprehension(self.of(twin.key), self.of(twin.value), clauses)

    def clauses(self, twin: Twin, element: Twin, boundary: int) -> cst.CompFor:
        """The `for` clauses behind ELEMENT, which BOUNDARY stands before: each begins where what is before it ends, and
        goes on to the end of the last."""
        places = self.places
        end, inner = places.around(element, boundary).end, places.end(element)
        starts: list[int] = []
        for clause in twin.generators:
            starts.append(end)
            ends = [places.end(clause.target), *map(places.end, (clause.iter, *clause.ifs))]
            for part, before in zip((clause.iter, *clause.ifs), ends, strict=False):
                end = places.around(part, before).end
            inner = end
        made: cst.CompFor | None = None
        for clause, start in zip(reversed(twin.generators), reversed(starts), strict=True):
            made = _clause(
                self.of(clause.target), self.of(clause.iter), [_condition(self.of(each)) for each in clause.ifs], made
            )
            self.spans[id(made)] = Span(start, inner)
        assert made is not None
        return made
