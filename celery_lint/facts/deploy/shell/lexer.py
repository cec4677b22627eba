"""Cut shell text into tokens. Comments, here-documents and redirections never come out as words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from celery_lint.facts.deploy.shell.tree import Characters, Segment, ShellWord, Substitution, Variable

_BLANKS = " \t\r"
_ENDS_WORD = " \t\r\n;&|()<>"
_OPERATOR = re.compile(r"\n|;;&|;;|;&|&&|&>>|&>|&|\|\||\|&|\||;|\(|\)|<<<|<<-|<<|<>|<&|<|>>|>&|>\||>")
_REDIRECTIONS = frozenset(["<", ">", ">>", "<<", "<<-", "<<<", "<>", "<&", ">&", ">|", "&>", "&>>"])
_NAME = re.compile(r"[A-Za-z_]\w*|\d|[@*#?$!-]", re.ASCII)
_PARAMETER = re.compile(r"([A-Za-z_]\w*|\d+|[@*])(?:\[([^\]]*)\])?(:?[-=+?])?", re.ASCII)
DEEPEST = 50


class Token(Struct, frozen=True):
    """A word, or an OPERATOR (a newline is `\\n`)."""

    operator: str
    word: ShellWord | None
    start: int
    end: int


class Lexer:
    """Reads one text from its start to its end; it never fails: what makes no sense becomes literal text."""

    def __init__(self, text: str, start: int = 0, end: int | None = None, depth: int = 0) -> None:
        self.text = text
        self.position = start
        self.end = len(text) if end is None else end
        self.depth = depth
        self._documents: list[tuple[str, bool]] = []

    def tokens(self) -> Iterator[Token]:
        """All tokens, without redirections and their targets."""
        skip_word = ""
        while (token := self._next()) is not None:
            if token.operator in _REDIRECTIONS:
                skip_word = token.operator
            elif token.word is not None and skip_word:
                if skip_word in ("<<", "<<-"):
                    self._documents.append((_delimiter(token.word), skip_word == "<<-"))
                skip_word = ""
            else:
                skip_word = ""
                yield token

    def _next(self) -> Token | None:
        self._skip_blanks()
        start = self.position
        if start >= self.end:
            return None
        if operator := _OPERATOR.match(self.text, start, self.end):
            self.position = operator.end()
            if operator.group() == "\n":
                self._skip_documents()
            return Token(operator.group(), None, start, operator.end())
        word = self.word(_ENDS_WORD)
        if self._is_descriptor(word):
            return self._next()
        return Token("", word, start, self.position)

    def _is_descriptor(self, word: ShellWord) -> bool:
        follows = self.text[self.position : self.position + 1]
        return follows in ("<", ">") and follows != "" and (word.plain or "x").isdigit()

    def _skip_blanks(self) -> None:
        while self.position < self.end:
            character = self.text[self.position]
            if character in _BLANKS:
                self.position += 1
            elif self.text.startswith(("\\\n", "\\\r\n"), self.position):
                self.position = self.text.index("\n", self.position) + 1
            elif character == "#":
                newline = self.text.find("\n", self.position, self.end)
                self.position = self.end if newline < 0 else newline
            else:
                return

    def _skip_documents(self) -> None:
        for delimiter, strips_tabs in self._documents:
            while self.position < self.end:
                newline = self.text.find("\n", self.position, self.end)
                stop = self.end if newline < 0 else newline
                line = self.text[self.position : stop].removesuffix("\r")
                self.position = min(stop + 1, self.end)
                if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                    break
        self._documents.clear()

    def word(self, stops: str, quoted: bool = False) -> ShellWord:
        """The word that starts here and ends before one of STOPS; QUOTED inside double quotes."""
        start, segments = self.position, list[Segment]()
        while self.position < self.end and self.text[self.position] not in stops:
            segments.extend(self._segments(stops, quoted))
        return ShellWord(tuple(segments), start, self.position)

    def _segments(self, stops: str, quoted: bool) -> Iterator[Segment]:
        character = self.text[self.position]
        if character == "'" and not quoted:
            yield self._single_quoted()
        elif character == '"':
            self.position += 1
            inner = self.word('"', quoted=True)
            self.position = min(self.position + 1, self.end)
            yield from inner.segments or (Characters("", (), True),)
        elif character == "\\":
            yield from self._escaped(quoted)
        elif character == "`":
            yield self._backticks(quoted)
        elif character == "$":
            yield self._dollar(quoted)
        else:
            yield self._literal(stops, quoted)

    def _literal(self, stops: str, quoted: bool) -> Characters:
        start = self.position
        special = stops + '"\\`$' + ("" if quoted else "'")
        while self.position < self.end and self.text[self.position] not in special:
            self.position += 1
        return Characters(self.text[start : self.position], tuple(range(start, self.position)), quoted)

    def _single_quoted(self) -> Characters:
        start = self.position + 1
        close = self.text.find("'", start, self.end)
        stop = self.end if close < 0 else close
        self.position = min(stop + 1, self.end)
        return Characters(self.text[start:stop], tuple(range(start, stop)), True)

    def _escaped(self, quoted: bool) -> Iterator[Characters]:
        start = self.position
        following = self.text[start + 1 : start + 2]
        self.position = min(start + 1 + len(following), self.end)
        if following in ("", "\n"):
            return
        if quoted and following not in '$`"\\':
            yield Characters("\\" + following, (start, start + 1), True)
        else:
            yield Characters(following, (start + 1,), True)

    def _backticks(self, quoted: bool) -> Substitution:
        start = self.position
        self.position += 1
        while self.position < self.end and self.text[self.position] != "`":
            self.position += 2 if self.text[self.position] == "\\" else 1
        self.position = min(self.position + 1, self.end)
        return Substitution(quoted, start, self.position)

    def _dollar(self, quoted: bool) -> Segment:
        start = self.position
        following = self.text[start + 1 : start + 2]
        if following == "'" and not quoted:
            self.position += 1
            return self._single_quoted()
        if following == '"' and not quoted:
            self.position += 1
            return Characters("", (), True)
        if following == "(":
            self.position = self._after_brackets(start + 1, "()")
            return Substitution(quoted, start, self.position)
        if following == "{":
            return self._parameter(quoted)
        name = _NAME.match(self.text, start + 1, self.end)
        if name is None:
            self.position += 1
            return Characters("$", (start,), quoted)
        self.position = name.end()
        if name.group() in "#?$!-":
            return Substitution(quoted, start, self.position)
        return Variable(name.group(), "", None, quoted, start, self.position)

    def _parameter(self, quoted: bool) -> Segment:
        start = self.position
        self.position = self._after_brackets(start + 1, "{}")
        match = _PARAMETER.match(self.text, start + 2, self.position)
        if match is None or self.depth >= DEEPEST:
            return Substitution(quoted, start, self.position)
        name, index, operator = match.groups()
        closing = self.position - 1
        if operator is None and match.end() != closing:
            return Substitution(quoted, start, self.position)
        argument = None
        if operator is not None:
            argument = Lexer(self.text, match.end(), closing, self.depth + 1).word("", quoted)
        return Variable(name, (operator or "").lstrip(":"), argument, quoted, start, self.position, index)

    def _after_brackets(self, start: int, brackets: str) -> int:
        """The offset after the bracket that closes the one at START."""
        opening, closing = brackets[0], brackets[1]
        depth, position = 0, start
        while position < self.end:
            character = self.text[position]
            if character == "\\":
                position += 1
            elif character == "'" and opening == "(":
                close = self.text.find("'", position + 1, self.end)
                position = close if close >= 0 else position
            elif character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if depth == 0:
                    return position + 1
            position += 1
        return self.end


def _delimiter(word: ShellWord) -> str:
    return "".join(part.text for part in word.segments if isinstance(part, Characters))
