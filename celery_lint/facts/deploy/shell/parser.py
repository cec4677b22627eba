"""Build the tree of a shell script. What a shell would reject is passed over, never an error."""

from __future__ import annotations

import re

from celery_lint.facts.deploy.shell.lexer import DEEPEST, Lexer, Token
from celery_lint.facts.deploy.shell.tree import (
    Assign,
    Case,
    Chain,
    Characters,
    FunctionDefinition,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    ShellWord,
    Simple,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_CLOSING = frozenset(["then", "elif", "else", "fi", "do", "done", "esac", "}"])
_SEPARATORS = frozenset([";", "\n", "&"])
_NO_BODY = Group((), subshell=False)


def parse(text: str) -> tuple[Node, ...]:
    """The commands of TEXT in order."""
    parser = _Parser(list(Lexer(text).tokens()))
    nodes = list[Node]()
    while not parser.at_end:
        nodes.extend(parser.nodes(frozenset()))
        parser.advance()
    return tuple(nodes)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def at_end(self) -> bool:
        return self.index >= len(self.tokens)

    def advance(self) -> None:
        self.index += 1

    def operator(self) -> str:
        return "" if self.at_end else self.tokens[self.index].operator

    def reserved(self) -> str:
        """The text of an unquoted word here: it may be a reserved one."""
        word = None if self.at_end else self.tokens[self.index].word
        return (word.plain or "") if word is not None else ""

    def take(self, *wanted: str) -> str:
        """The reserved word or operator here, when it is one of WANTED; then it is passed."""
        found = self.operator() or self.reserved()
        if found not in wanted:
            return ""
        self.advance()
        return found

    def nodes(self, ends: frozenset[str]) -> tuple[Node, ...]:
        """Commands up to one of the reserved words or operators ENDS, or to what cannot start a command."""
        found = list[Node]()
        while not self.at_end:
            if self.take(*_SEPARATORS):
                continue
            here = self.operator() or self.reserved()
            if here in ends or here in _CLOSING or here in (")", ";;", ";&", ";;&"):
                break
            before = self.index
            found.append(self.chain())
            if self.index == before:
                self.advance()
        return tuple(found)

    def chain(self) -> Node:
        steps, operators = [self.pipeline()], list[str]()
        while operator := self.take("&&", "||"):
            self.skip_newlines()
            operators.append(operator)
            steps.append(self.pipeline())
        return steps[0] if not operators else Chain(tuple(steps), tuple(operators))

    def pipeline(self) -> Node:
        negated = bool(self.take("!"))
        steps = [self.command()]
        while self.take("|", "|&"):
            self.skip_newlines()
            steps.append(self.command())
        return steps[0] if len(steps) == 1 and not negated else Pipeline(tuple(steps), negated)

    def skip_newlines(self) -> None:
        while self.take("\n"):
            pass

    def command(self) -> Node:
        if self.depth >= DEEPEST:
            self.advance()
            return _NO_BODY
        self.depth += 1
        try:
            return self.compound() or self.simple()
        finally:
            self.depth -= 1

    def compound(self) -> Node | None:
        match self.operator() or self.reserved():
            case "(":
                return self.group(")")
            case "{":
                return self.group("}")
            case "if":
                return self.conditional()
            case "case":
                return self.case()
            case "for" | "select":
                return self.for_loop()
            case "while" | "until":
                return self.while_loop()
            case "function":
                self.advance()
                return self.function()
        after = self.tokens[self.index + 1 : self.index + 3]
        if self.reserved() and [token.operator for token in after] == ["(", ")"]:
            return self.function()
        return None

    def group(self, closing: str) -> Group:
        self.advance()
        body = self.nodes(frozenset([closing]))
        self.take(closing)
        return Group(body, subshell=closing == ")")

    def function(self) -> FunctionDefinition:
        name = self.reserved()
        self.advance()
        if self.take("("):
            self.take(")")
        self.skip_newlines()
        return FunctionDefinition(name, self.command())

    def conditional(self) -> If:
        branches = list[tuple[tuple[Node, ...], tuple[Node, ...]]]()
        while self.take("if", "elif"):
            condition = self.nodes(frozenset(["then"]))
            self.take("then")
            branches.append((condition, self.nodes(frozenset(["elif", "else", "fi"]))))
        orelse = self.nodes(frozenset(["fi"])) if self.take("else") else None
        self.take("fi")
        return If(tuple(branches), orelse)

    def case(self) -> Node:
        self.advance()
        subject = None if self.at_end else self.tokens[self.index].word
        if subject is None:
            return _NO_BODY
        self.advance()
        self.skip_newlines()
        self.take("in")
        branches = list[tuple[tuple[ShellWord, ...], tuple[Node, ...]]]()
        self.skip_newlines()
        while not self.at_end and not self.take("esac"):
            before = self.index
            patterns = self.patterns()
            branches.append((patterns, self.nodes(frozenset(["esac"]))))
            self.take(";;", ";&", ";;&")
            self.skip_newlines()
            if self.index == before:
                break
        return Case(subject, tuple(branches))

    def patterns(self) -> tuple[ShellWord, ...]:
        self.take("(")
        found = list[ShellWord]()
        while not self.at_end and not self.take(")"):
            word = self.tokens[self.index].word
            if word is None and self.operator() != "|":
                break
            if word is not None:
                found.append(word)
            self.advance()
        return tuple(found)

    def for_loop(self) -> Loop:
        self.advance()
        variable = self.reserved()
        self.advance()
        self.skip_newlines()
        words = None
        if self.take("in"):
            words = self.plain_words()
        while self.take(";", "\n"):
            pass
        return Loop(variable, words, (), self.do_body())

    def while_loop(self) -> Loop:
        self.advance()
        condition = self.nodes(frozenset(["do"]))
        return Loop(None, None, condition, self.do_body())

    def do_body(self) -> tuple[Node, ...]:
        if not self.take("do"):
            return ()
        body = self.nodes(frozenset(["done"]))
        self.take("done")
        return body

    def plain_words(self) -> tuple[ShellWord, ...]:
        found = list[ShellWord]()
        while not self.at_end and (word := self.tokens[self.index].word) is not None:
            found.append(word)
            self.advance()
        return tuple(found)

    def simple(self) -> Simple:
        assigns, words = list[Assign](), list[ShellWord]()
        while not self.at_end and (word := self.tokens[self.index].word) is not None:
            assign = None if words and not _declares(words) else self.assignment(word)
            if assign is not None:
                assigns.append(assign)
            else:
                words.append(word)
                self.advance()
        return Simple(tuple(assigns), tuple(words))

    def assignment(self, word: ShellWord) -> Assign | None:
        """WORD as an assignment, which is then passed; None when it is none."""
        first = word.segments[0] if word.segments else None
        if not isinstance(first, Characters) or first.quoted:
            return None
        match = _ASSIGNMENT.match(first.text)
        if match is None:
            return None
        end = match.end()
        token = self.tokens[self.index]
        self.advance()
        array = len(word.segments) == 1 and end == len(first.text) and self.operator() == "("
        if array and self.tokens[self.index].start == token.end:
            return Assign(match[1], self.array(), bool(match[2]))
        rest = Characters(first.text[end:], first.offsets[end:], quoted=False)
        value = ShellWord((rest, *word.segments[1:]), word.start + end, word.end)
        return Assign(match[1], value, bool(match[2]))

    def array(self) -> tuple[ShellWord, ...]:
        self.advance()
        found = list[ShellWord]()
        while not self.at_end and not self.take(")"):
            if (word := self.tokens[self.index].word) is not None:
                found.append(word)
            self.advance()
        return tuple(found)


def _declares(words: list[ShellWord]) -> bool:
    return words[0].plain in ("export", "declare", "local", "readonly", "typeset")
