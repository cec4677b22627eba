"""What a shell test says about the environment: `[ "$1" = worker ]`, `[[ -z $X ]]`, the patterns of a `case`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from celery_lint.facts.deploy.shell.expand import Expander, Scope
from celery_lint.facts.deploy.shell.tree import Node, Pipeline, ShellWord, Simple, Variable
from celery_lint.facts.deploy.text import DeployFile
from celery_lint.facts.model import Condition

_OPENING = {"[": "]", "[[": "]]", "test": None}


UNREADABLE = Condition(None)


def condition(nodes: tuple[Node, ...], expander: Expander, scope: Scope) -> Condition | bool:
    """What the commands NODES, used as a condition, test: known outright, or a `Condition`."""
    if len(nodes) != 1:
        return UNREADABLE
    node = nodes[0]
    if isinstance(node, Pipeline) and node.negated and len(node.steps) == 1:
        return negated(condition(node.steps, expander, scope))
    if not isinstance(node, Simple) or not node.words:
        return UNREADABLE
    opening = node.words[0].plain or ""
    closing = _OPENING.get(opening, "")
    words = node.words[1:]
    if opening not in _OPENING or (closing is not None and (not words or words[-1].plain != closing)):
        return UNREADABLE
    return _test(words if closing is None else words[:-1], expander, scope)


def is_test(node: Node) -> bool:
    """Whether NODE only tests something."""
    if isinstance(node, Pipeline):
        return node.negated or all(is_test(step) for step in node.steps)
    return isinstance(node, Simple) and bool(node.words) and node.words[0].plain in _OPENING


def _test(words: tuple[ShellWord, ...], expander: Expander, scope: Scope) -> Condition | bool:
    if words and words[0].plain == "!":
        return negated(_test(words[1:], expander, scope))
    if len(words) == 1:
        return matches(words[0], ("",), expander, scope, negated=True)
    if len(words) == 2 and words[0].plain in ("-z", "-n"):
        return matches(words[1], ("",), expander, scope, negated=words[0].plain == "-n")
    if len(words) != 3 or words[1].plain not in ("=", "==", "!=", "-eq", "-ne"):
        return UNREADABLE
    pattern = expander.file.known(expander.single(words[2], scope).value)
    if pattern is None:
        return UNREADABLE
    return matches(words[0], (pattern,), expander, scope, negated=words[1].plain in ("!=", "-ne"))


def matches(
    subject: ShellWord, patterns: tuple[str, ...], expander: Expander, scope: Scope, *, negated: bool = False
) -> Condition | bool:
    """Whether SUBJECT matches one of PATTERNS (NEGATED: none of them)."""
    file: DeployFile = expander.file
    value = expander.single(subject, scope).value
    template = file.template(value)
    if template is not None:
        return Condition(template, patterns, negated)
    known = file.known(value)
    return UNREADABLE if known is None else any(fnmatchcase(known, pattern) for pattern in patterns) is not negated


def negated(condition: Condition | bool) -> Condition | bool:
    """The opposite of CONDITION."""
    if isinstance(condition, Condition):
        return Condition(condition.template, condition.patterns, not condition.negated)
    return not condition


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
