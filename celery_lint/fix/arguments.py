"""Adds and removes arguments of a call (or entries of a dict), laid out as their neighbours are."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from celery_lint.fix.code import Code
from celery_lint.fix.draft import Draft
from celery_lint.fix.outcome import Withheld
from celery_lint.fix.recorded import Extent

Holder = cst.Call | cst.Dict | cst.List | cst.Tuple | cst.Set
Member = cst.Arg | cst.BaseDictElement | cst.BaseElement


def members(holder: Holder) -> Sequence[Member]:
    """The arguments of a call, the entries of a dict, or the items of a list, tuple or set."""
    return holder.args if isinstance(holder, cst.Call) else holder.elements


def put_first(draft: Draft, call: cst.Call, text: str) -> None:
    """Put the keyword argument TEXT ahead of the keywords of CALL, behind its positional arguments."""
    code = draft.code
    keywords = [argument for argument in call.args if argument.keyword is not None]
    if not keywords:
        put_last(draft, call, [text])
        return
    first = keywords[0]
    start = _start(code, first)
    if _starts_line(code, start):
        draft.put_above(code.leading_comments(code.line(start)), [f"{text},"])
    else:
        draft.insert(start, f"{text}, ")


def put_last(draft: Draft, holder: Holder, texts: Sequence[str]) -> None:
    """Put TEXTS behind the members of HOLDER."""
    code = draft.code
    items = members(holder)
    closing = _closing(code, holder)
    if not items:
        draft.insert(closing, ", ".join(texts))
        return
    last = items[-1]
    if isinstance(last.value, cst.GeneratorExp) and not last.value.lpar:
        raise Withheld(f"the call takes a generator (line {code.number(holder)})")
    end = value_end(code, last.value)
    if not _starts_line(code, _start(code, last)):
        comma = _comma_after(code, end, closing)
        if comma is None:
            draft.insert(end, "".join(f", {text}" for text in texts))
        else:
            draft.insert(comma, "".join(f" {text}," for text in texts))
        return
    _put_lines(draft, last, end, closing, texts)


def _closing(code: Code, holder: Holder) -> int:
    """Where the closing bracket of HOLDER stands."""
    if not isinstance(holder, cst.Tuple):
        return code.extent(holder).end - 1
    if not holder.rpar:
        raise Withheld(f"the tuple has no parentheses (line {code.number(holder)})")
    return code.extent(holder.rpar[0]).start


def _put_lines(draft: Draft, last: Member, end: int, closing: int, texts: Sequence[str]) -> None:
    """One line for each of TEXTS, below the line of the last member and its comment."""
    code = draft.code
    indent = code.indent(code.line(_start(code, last)))
    comma = _comma_after(code, end, closing)
    line = code.line(comma if comma is not None else end)
    if code.line(closing) == line:
        lines = ",".join(f"\n{indent}{text}" for text in texts)
        draft.insert(end if comma is None else comma, f",{lines}" if comma is None else f"{lines},")
        return
    if comma is None:
        draft.insert(end, ",")
    trailing = "," if comma is not None else ""
    body = [*(f"{text}," for text in texts[:-1]), f"{texts[-1]}{trailing}"]
    draft.insert(code.lines[line].next, "".join(f"{indent}{text}\n" for text in body))


def remove(draft: Draft, call: cst.Call, gone: Sequence[cst.Arg]) -> None:
    """Take the arguments GONE out of CALL; a comment behind one that had its own line stays there."""
    for index, argument in enumerate(call.args):
        if argument in gone:
            kept = [before for before in call.args[:index] if before not in gone]
            _remove(draft, call, index, kept)


def _remove(draft: Draft, call: cst.Call, index: int, kept: Sequence[cst.Arg]) -> None:
    code = draft.code
    argument = call.args[index]
    start, end = _start(code, argument), value_end(code, argument.value)
    comma = _comma_after(code, end, code.extent(call).end - 1)
    stop = end if comma is None else comma
    behind = Extent(stop, code.lines[code.line(stop)].end)
    rest = code.text[behind.start : behind.end].strip()
    if _starts_line(code, start) and not rest:
        draft.delete_lines(code.line(start), code.line(stop))
    elif _starts_line(code, start) and rest.startswith("#"):
        draft.replace(Extent(start, code.text.index("#", stop)), "")
    elif index + 1 < len(call.args):
        draft.replace(Extent(start, _start(code, call.args[index + 1])), "")
    else:
        draft.replace(Extent(value_end(code, kept[-1].value) if kept else start, end if kept else stop), "")


def value_start(code: Code, value: cst.BaseExpression) -> int:
    """Where VALUE starts, its parentheses included."""
    opening: Sequence[cst.CSTNode] = getattr(value, "lpar", ())
    return code.extent(opening[0]).start if opening else code.extent(value).start


def value_end(code: Code, value: cst.BaseExpression) -> int:
    """Where VALUE ends, its parentheses included."""
    closing: Sequence[cst.CSTNode] = getattr(value, "rpar", ())
    return code.extent(closing[-1]).end if closing else code.extent(value).end


def _start(code: Code, item: Member) -> int:
    """Where an argument or entry starts, its stars and parentheses included."""
    return code.extent(item).start


def _starts_line(code: Code, offset: int) -> bool:
    return not code.text[code.lines[code.line(offset)].start : offset].strip()


def _comma_after(code: Code, end: int, closing: int) -> int | None:
    """The offset behind the comma that follows the member ending at END."""
    position = end
    while position < closing:
        character = code.text[position]
        if character == ",":
            return position + 1
        if character == "#":
            position = code.lines[code.line(position)].end
        else:
            position += 1
    return None
