"""What a shell test says about the environment: `[ "$1" = worker ]`, `[[ -z $X ]]`, the patterns of a `case`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from celery_lint.facts.deploy.shell.expand import Expander, Scope
from celery_lint.facts.deploy.shell.tree import Node, Pipeline, ShellWord, Simple, Variable
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Condition

_OPENING = {"[": "]", "[[": "]]", "test": None}


def condition(nodes: tuple[Node, ...], expander: Expander, scope: Scope) -> Condition | bool | None:
    """What the commands NODES, used as a condition, test: known outright, as a `Condition`, or None for unknown."""
    if len(nodes) != 1:
        return None
    node = nodes[0]
    if isinstance(node, Pipeline) and node.negated and len(node.steps) == 1:
        return negated(condition(node.steps, expander, scope))
    if not isinstance(node, Simple) or not node.words:
        return None
    opening = node.words[0].plain or ""
    closing = _OPENING.get(opening, "")
    words = node.words[1:]
    if opening not in _OPENING or (closing is not None and (not words or words[-1].plain != closing)):
        return None
    return _test(words if closing is None else words[:-1], expander, scope)


def _test(words: tuple[ShellWord, ...], expander: Expander, scope: Scope) -> Condition | bool | None:
    if words and words[0].plain == "!":
        return negated(_test(words[1:], expander, scope))
    if len(words) == 1:
        return matches(words[0], ("",), expander, scope, negated=True)
    if len(words) == 2 and words[0].plain in ("-z", "-n"):
        return matches(words[1], ("",), expander, scope, negated=words[0].plain == "-n")
    if len(words) != 3 or words[1].plain not in ("=", "==", "!=", "-eq", "-ne"):
        return None
    pattern = expander.file.known(expander.single(words[2], scope).value)
    if pattern is None:
        return None
    return matches(words[0], (pattern,), expander, scope, negated=words[1].plain in ("!=", "-ne"))


def matches(
    subject: ShellWord, patterns: tuple[str, ...], expander: Expander, scope: Scope, *, negated: bool = False
) -> Condition | bool | None:
    """Whether SUBJECT matches one of PATTERNS (NEGATED: none of them)."""
    file: DeployFile = expander.file
    value = expander.single(subject, scope).value
    template = file.template(value)
    if template is not None:
        return Condition(template, patterns, negated)
    known = file.known(value)
    return None if known is None else any(fnmatchcase(known, pattern) for pattern in patterns) is not negated


def negated(condition: Condition | bool | None) -> Condition | bool | None:
    """The opposite of CONDITION."""
    if isinstance(condition, Condition):
        return Condition(condition.template, condition.patterns, not condition.negated)
    return None if condition is None else not condition


def tests_for_empty(nodes: tuple[Node, ...]) -> str | None:
    """The variable that the condition NODES finds empty or unset: X for `[ -z "$X" ]`."""
    if len(nodes) != 1 or not isinstance(nodes[0], Simple) or len(nodes[0].words) < 3:
        return None
    opening, flag, word = nodes[0].words[:3]
    if opening.plain not in _OPENING or flag.plain != "-z" or len(word.segments) != 1:
        return None
    segment = word.segments[0]
    plain = isinstance(segment, Variable) and segment.operator in ("", "-")
    return segment.name if plain and isinstance(segment, Variable) else None
