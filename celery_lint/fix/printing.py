"""What a `print` says, as the message and arguments of a log call."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import libcst as cst
from msgspec import Struct
from msgspec.structs import replace

from celery_lint.fix.arguments import remove
from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.outcome import Withheld

_DROPPED = ("end", "flush")
_ENDINGS = (": ", " - ", ":", " -", " ")


class Message(Struct, frozen=True):
    """A log message. TEXT is None when the first argument of the print stays as it is.

    GONE are the arguments that are part of the message now, or mean nothing to a logger.
    """

    text: str | None
    replaces_first: bool
    gone: tuple[cst.Arg, ...]
    tells_exception: bool = False

    def telling(self) -> Message:
        """The same message about the exception being handled."""
        return replace(self, tells_exception=True)

    def remove_from(self, draft: Draft, call: cst.Call) -> None:
        """Take the arguments that the message replaces out of CALL."""
        remove(draft, call, self.gone)


def read_print(code: Code, call: cst.Call, *, lazy: bool) -> Message:
    """The message of the print CALL; LAZY loggers get `%s` arguments. Raises `Withheld`."""
    line = code.number(call)
    separator, options = _options(call, line)
    values = [argument for argument in call.args if argument.keyword is None]
    error = _caught(code, call)
    tells = error is not None and any(
        name.value == error for argument in values for name in code.nodes(cst.Name, argument.value)
    )
    if any(argument.star for argument in values):
        if len(values) > 1:
            raise Withheld(f"the print on line {line} unpacks its arguments")
        sequence = code.text_of(values[0].value)
        return Message(f"{separator!r}.join(map(str, {sequence}))".replace("'", '"'), True, options, tells)
    if len(values) < 2:
        return _single(code, values, options, error if tells else None, lazy=lazy, line=line)
    if error is not None and code.text_of(values[-1].value) in _spellings(error):
        return _before_exception(code, values, separator, options, lazy=lazy, line=line)
    return _several(code, values, separator, options, tells, lazy=lazy, line=line)


def _options(call: cst.Call, line: int) -> tuple[str, tuple[cst.Arg, ...]]:
    """The separator, and the keyword arguments, which all go."""
    separator = " "
    options = tuple(argument for argument in call.args if argument.keyword is not None)
    for option in options:
        name = option.keyword.value if option.keyword is not None else ""
        if name == "sep":
            known = _literal(option.value)
            if known is None:
                raise Withheld(f"the separator of the print on line {line} is not known")
            separator = known
        elif name not in _DROPPED:
            raise Withheld(f"the print on line {line} has `{name}=`")
    if any(argument.star == "**" for argument in call.args):
        raise Withheld(f"the print on line {line} unpacks its arguments")
    return separator, options


def _caught(code: Code, call: cst.Call) -> str | None:
    """The name of the exception that the handler around CALL caught."""
    function = code.function(call)
    for around in code.ancestors(call):
        if around is function:
            return None
        if isinstance(around, cst.ExceptHandler):
            return around.name.name.value if around.name and isinstance(around.name.name, cst.Name) else None
    return None


def _literal(node: cst.BaseExpression) -> str | None:
    """The value of a plain string."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


# One argument


def _single(
    code: Code, values: Sequence[cst.Arg], options: tuple[cst.Arg, ...], error: str | None, *, lazy: bool, line: int
) -> Message:
    if not values:
        return Message(None, False, options)
    value = values[0].value
    if isinstance(value, cst.FormattedString):
        end = _exception_at_end(code, value, error) if error is not None else None
        text = _written(code, value, end, lazy=lazy)
        return Message(text, text is not None, options, error is not None)
    if _is_text(value):
        return Message(None, False, options, error is not None)
    if not lazy:
        raise Withheld(f"the logger of this file takes no `%s` arguments (line {line})")
    return Message('"%s"', False, options, error is not None)


def _is_text(node: cst.BaseExpression) -> bool:
    """Whether NODE is certainly a string."""
    if isinstance(node, cst.FormattedString | cst.SimpleString):
        return not (isinstance(node, cst.SimpleString) and "b" in node.prefix)
    if isinstance(node, cst.ConcatenatedString):
        return _is_text(node.left)
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.operator, cst.Add | cst.Modulo | cst.Multiply) and _is_text(node.left)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return node.func.attr.value in ("format", "join") and _is_text(node.func.value)
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in ("str", "repr")


def _exception_at_end(code: Code, text: cst.FormattedString, error: str) -> str | None:
    """What to cut off an f-string that ends with the exception (`f"Failed: {e}"` → `: `), which `logger.exception`
    adds by itself; None when it does not end so, or says it elsewhere too."""
    if len(text.parts) < 2:
        return None
    last, before = text.parts[-1], text.parts[-2]
    if not isinstance(last, cst.FormattedStringExpression) or not isinstance(before, cst.FormattedStringText):
        return None
    if code.text_of(last.expression) not in _spellings(error):
        return None
    rest = text.parts[:-2]
    ending = next((ending for ending in _ENDINGS if before.value.endswith(ending)), None)
    if ending is None or any(_mentions(code, part, error) for part in rest):
        return None
    return ending if rest or before.value.removesuffix(ending).strip() else None


def _written(code: Code, text: cst.FormattedString, end: str | None, *, lazy: bool) -> str | None:
    """The f-string TEXT as the arguments of a log call, without the exception after END: lazy `%s` arguments where
    the logger takes them and the f-string formats nothing. None when it stays as it is."""
    parts = list(text.parts)
    if end is not None:
        before = parts[-2]
        assert isinstance(before, cst.FormattedStringText)
        parts = [*parts[:-2], before.with_changes(value=before.value.removesuffix(end))]
    values = [part for part in parts if isinstance(part, cst.FormattedStringExpression)]
    plain = text.start.lower().replace("f", "", 1)
    if not values:
        return f"{plain}{_joined(parts, percent='%')}{text.end}"
    if lazy and all(_is_plain(code, value) for value in values):
        arguments = ", ".join(code.text_of(value.expression) for value in values)
        return f"{plain}{_joined(parts, percent='%%')}{text.end}, {arguments}"
    if end is None:
        return None
    kept = (part.value if isinstance(part, cst.FormattedStringText) else code.text_of(part) for part in parts)
    return f"{text.start}{''.join(kept)}{text.end}"


def _joined(parts: Sequence[cst.BaseFormattedStringContent], *, percent: str) -> str:
    """The text of PARTS for a string that is no f-string, with `%s` (or `%r`) for each value."""
    found = []
    for part in parts:
        if isinstance(part, cst.FormattedStringText):
            found.append(part.value.replace("{{", "{").replace("}}", "}").replace("%", percent))
        elif isinstance(part, cst.FormattedStringExpression):
            found.append(f"%{part.conversion or 's'}")
    return "".join(found)


def _is_plain(code: Code, value: cst.FormattedStringExpression) -> bool:
    """Whether `%s` says the same: no format, no `=`, nothing on a line of its own."""
    one_line = "\n" not in code.text_of(value)
    return not value.format_spec and value.equal is None and value.conversion in (None, "s", "r", "a") and one_line


def _spellings(error: str) -> tuple[str, ...]:
    return error, f"str({error})", f"repr({error})"


def _mentions(code: Code, node: cst.CSTNode, name: str) -> bool:
    return any(found.value == name for found in code.nodes(cst.Name, node))


# Several arguments


def _several(
    code: Code,
    values: Sequence[cst.Arg],
    separator: str,
    options: tuple[cst.Arg, ...],
    tells: bool,
    *,
    lazy: bool,
    line: int,
) -> Message:
    texts = [_literal(argument.value) for argument in values]
    literal = all(text is not None for text in texts)
    if not lazy and not literal:
        raise Withheld(f"the logger of this file takes no `%s` arguments (line {line})")
    if literal:
        message = separator.join(text or "" for text in texts)
    else:
        message = separator.replace("%", "%%").join("%s" if text is None else text.replace("%", "%%") for text in texts)
    in_message = [argument for argument, text in zip(values, texts, strict=True) if text is not None]
    first = texts[0] is not None
    gone = (*(argument for argument in in_message if argument is not values[0]), *options)
    return Message(_quoted(message, _quote(values)), first, gone, tells)


def _before_exception(
    code: Code, values: Sequence[cst.Arg], separator: str, options: tuple[cst.Arg, ...], *, lazy: bool, line: int
) -> Message:
    """`print("failed:", e)`: `logger.exception` says what the exception was."""
    rest, options = values[:-1], (values[-1], *options)
    if len(rest) > 1:
        return _several(code, rest, separator, options, True, lazy=lazy, line=line)
    text = _literal(rest[0].value)
    if text is None:
        return _single(code, rest, options, None, lazy=lazy, line=line).telling()
    return Message(_quoted(text.rstrip(" :-") or text, _quote(rest)), True, options, True)


def _quote(values: Sequence[cst.Arg]) -> str:
    for argument in values:
        if isinstance(argument.value, cst.SimpleString):
            return argument.value.quote[0]
    return '"'


def _quoted(text: str, quote: str) -> str:
    """TEXT as a string literal, between QUOTEs where it has none itself."""
    written = repr(text)
    if quote in text or "\\" in text or not text.isprintable():
        return written if quote in text or written[0] == quote else _requoted(written, text, quote)
    return f"{quote}{text}{quote}"


def _requoted(written: str, text: str, quote: str) -> str:
    candidate = f"{quote}{written[1:-1]}{quote}"
    return candidate if ast.literal_eval(candidate) == text else written
