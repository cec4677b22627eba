"""Expand the words of a script: variables whose value is known, defaults, arrays, word splitting."""

from __future__ import annotations

import re

from msgspec import Struct, field
from msgspec.structs import replace

from celery_lint.facts.deploy.shell.tree import Characters, Node, ShellWord, Substitution, Variable
from celery_lint.facts.deploy.text import LONGEST_VALUE, DeployFile, Spanned, has_holes, joined, spread

_FIELD = re.compile(r"[^ \t\r\n]+")
MOST_FIELDS = 500

Value = Spanned | tuple[Spanned, ...]


class Scope(Struct):
    """What the shell knows at one point of a script. POSITIONAL is None while the arguments are not known."""

    variables: dict[str, Value] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    functions: dict[str, Node] = field(default_factory=dict)
    positional: tuple[Spanned, ...] | None = None
    workdir: str | None = None

    def copy(self) -> Scope:
        """An equal scope; assignments there are not seen here."""
        return replace(
            self, variables=dict(self.variables), exported=set(self.exported), functions=dict(self.functions)
        )


class Expander(Struct, frozen=True):
    """Expands words of the script TEXT of FILE."""

    file: DeployFile
    text: Spanned

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the file the characters START:END of the script were written."""
        return self.text[start:end].place

    def fields(self, word: ShellWord, scope: Scope) -> list[Spanned]:
        """The words that WORD becomes: none, one, or several."""
        done, current, is_open, moved = list[Spanned](), list[Spanned](), False, False
        for segment in word.segments:
            quoted = segment.quoted
            pieces = self._pieces(segment, scope)
            moved = moved or (len(pieces) > 1)
            for index, piece in enumerate(pieces):
                if index and is_open:
                    done.append(joined(current))
                    current, is_open = [], False
                current.append(piece)
                is_open = is_open or bool(piece.value) or (quoted and not _is_list(segment))
        if is_open:
            done.append(joined(current))
        if len(done) == 1 and not moved:
            return [done[0].at(self.place(word.start, word.end))]
        return done[:MOST_FIELDS]

    def single(self, word: ShellWord, scope: Scope) -> Spanned:
        """The text of WORD where the shell does not split: an assignment, the subject of a `case`."""
        parts = list[Spanned]()
        for segment in word.segments:
            value = self._value(segment, scope)
            parts.extend(_spaced(value) if isinstance(value, tuple) else (value,))
        found = joined(parts)
        if len(found) > LONGEST_VALUE:
            return spread(self.file.hole(), self.place(word.start, word.end))
        return found

    def _pieces(self, segment: Characters | Variable | Substitution, scope: Scope) -> list[Spanned]:
        """What SEGMENT adds to the word: the second and later ones start a new word each."""
        value = self._value(segment, scope)
        if isinstance(value, tuple):
            return list(value)
        if segment.quoted or isinstance(segment, Characters):
            return [value]
        return self._split(value, self.place(segment.start, segment.end))

    def _split(self, value: Spanned, reference: tuple[int, int]) -> list[Spanned]:
        """VALUE at white space. A value that is one word stands where it is used, several where they are written."""
        if has_holes(value.value):
            value = self._with_wide_defaults(value)
        if not any(blank in value.value for blank in " \t\n"):
            return [spread(value.value, reference)]
        pieces = [value[match.start() : match.end()] for match in _FIELD.finditer(value.value)]
        empty = spread("", reference)
        lead = [empty] if value.value[:1].isspace() else []
        return [*lead, *pieces, *([empty] if value.value[-1:].isspace() else [])]

    def _with_wide_defaults(self, value: Spanned) -> Spanned:
        """VALUE with those holes filled whose default is several words."""
        parts = list[Spanned]()
        for index, character in enumerate(value.value):
            hole = self.file.hole_of(character)
            default = hole.default if hole is not None else None
            if default is not None and any(blank in default for blank in " \t\n"):
                parts.append(spread(default, value[index : index + 1].place))
            else:
                parts.append(value[index : index + 1])
        return joined(parts)

    def _value(self, segment: Characters | Variable | Substitution, scope: Scope) -> Value:
        if isinstance(segment, Characters):
            starts = [self.text.starts[offset] for offset in segment.offsets]
            ends = [self.text.ends[offset] for offset in segment.offsets]
            return Spanned(segment.text, starts, ends)
        place = self.place(segment.start, segment.end)
        if isinstance(segment, Substitution):
            return spread(self.file.hole(), place)
        if _is_list(segment):
            return self._list(segment, scope, place)
        return self._scalar(segment, scope, place)

    def _list(self, variable: Variable, scope: Scope, place: tuple[int, int]) -> Value:
        """`"$@"`, `${ARGS[@]}`: as many words as there are."""
        known = scope.positional if variable.name in ("@", "*") else scope.variables.get(variable.name)
        if known is None or variable.operator:
            name = variable.name if variable.name in ("@", "*") and not variable.operator else None
            return spread(self.file.hole(name and "@"), place)
        return known if isinstance(known, tuple) else (known,)

    def _scalar(self, variable: Variable, scope: Scope, place: tuple[int, int]) -> Spanned:
        known = self._lookup(variable, scope)
        if variable.operator == "+":
            if known is None or has_holes(known.value):
                return spread(self.file.hole(), place)
            return self._argument(variable, scope) if known.value else spread("", place)
        if known is None:
            value = self._from_environment(variable, scope, place)
        elif not known.value and variable.operator in ("-", "="):
            value = self._argument(variable, scope)
        else:
            value = known
        if variable.operator == "=":
            scope.variables[variable.name] = value
        return value if any(blank in value.value for blank in " \t\n") else spread(value.value, place)

    def _lookup(self, variable: Variable, scope: Scope) -> Spanned | None:
        """The value that the script itself gives; None when it would come from outside."""
        if variable.name.isdigit():
            if scope.positional is None or variable.name == "0":
                return None
            number = int(variable.name[:5])
            return scope.positional[number - 1] if number <= len(scope.positional) else spread("", (0, 0))
        value = scope.variables.get(variable.name)
        if isinstance(value, tuple):
            number = int(variable.index) if variable.index and variable.index.isdigit() else 0
            return value[number] if number < len(value) else spread("", (0, 0))
        return value

    def _from_environment(self, variable: Variable, scope: Scope, place: tuple[int, int]) -> Spanned:
        default = None
        if variable.operator in ("-", "=") and variable.argument is not None:
            default = self.single(variable.argument, scope).value
        return spread(self.file.hole(variable.name, default), place)

    def _argument(self, variable: Variable, scope: Scope) -> Spanned:
        place = self.place(variable.start, variable.end)
        return spread("", place) if variable.argument is None else self.single(variable.argument, scope)


def _is_list(segment: Characters | Variable | Substitution) -> bool:
    return isinstance(segment, Variable) and (segment.name in ("@", "*") or segment.index in ("@", "*"))


def _spaced(values: tuple[Spanned, ...]) -> list[Spanned]:
    return [part for value in values for part in (spread(" ", value.place), value)][1:]
