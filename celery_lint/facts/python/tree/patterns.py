"""Patterns of a `match` statement as LibCST nodes: of them only the names that they bind are a fact."""

from __future__ import annotations

import ast

import libcst as cst

from celery_lint.facts.python.tree.expressions import Expressions
from celery_lint.facts.python.tree.leaves import Twin
from celery_lint.facts.python.tree.nodes import UnknownSyntaxError, maker

_as, _star = maker(cst.MatchAs, "pattern", "name"), maker(cst.MatchStar, "name")
_value, _singleton = maker(cst.MatchValue, "value"), maker(cst.MatchSingleton, "value")
_list, _element = maker(cst.MatchList, "patterns"), maker(cst.MatchSequenceElement, "value")
_mapping = maker(cst.MatchMapping, "elements", "rest")
_mapping_element = maker(cst.MatchMappingElement, "key", "pattern")
_class = maker(cst.MatchClass, "cls", "patterns", "kwds")
_keyword = maker(cst.MatchKeywordElement, "key", "pattern")
_or, _or_element = maker(cst.MatchOr, "patterns"), maker(cst.MatchOrElement, "pattern")


class Patterns(Expressions):
    """Makes LibCST patterns of CPython's."""

    def pattern(self, twin: Twin) -> cst.CSTNode:
        """The LibCST node of the pattern TWIN."""
        match twin:
            case ast.MatchAs():
                return _as(self.pattern(twin.pattern) if twin.pattern is not None else None, self.bound(twin.name))
            case ast.MatchStar():
                return _star(self.bound(twin.name))
            case ast.MatchValue():
                return _value(self.of(twin.value))
            case ast.MatchSingleton():
                return _singleton(self.identifier(str(twin.value)))
            case ast.MatchSequence():
                return _list([self.element_of(each) for each in twin.patterns])
            case ast.MatchMapping():
                pairs = zip(twin.keys, twin.patterns, strict=True)
                elements = [_mapping_element(self.of(key), self.pattern(value)) for key, value in pairs]
                return _mapping(elements, self.bound(twin.rest))
            case ast.MatchClass():
                named = zip(twin.kwd_attrs, twin.kwd_patterns, strict=True)
                keywords = [_keyword(self.identifier(name), self.pattern(value)) for name, value in named]
                plain = [_element(self.pattern(each)) for each in twin.patterns]
                return _class(self.of(twin.cls), plain, keywords)
            case ast.MatchOr():
                return _or([_or_element(self.pattern(each)) for each in twin.patterns])
        raise UnknownSyntaxError(type(twin).__name__)

    def element_of(self, twin: Twin) -> cst.CSTNode:
        """A part of a sequence."""
        return self.pattern(twin) if type(twin) is ast.MatchStar else _element(self.pattern(twin))

    def bound(self, name: str | None) -> cst.Name | None:
        """The name that a pattern binds."""
        return self.identifier(name) if name is not None else None
