"""Adds `task_soft_time_limit` and `task_time_limit` to the settings of an app, in the style found there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from celery_lint.finding import Applicability
from celery_lint.fix.arguments import put_last
from celery_lint.fix.code import Code
from celery_lint.fix.outcome import Rewrite, Withheld
from celery_lint.fix.project import Drafts, Files
from celery_lint.remedy import SetTimeLimits


def rewrite(remedy: SetTimeLimits, files: Files) -> Rewrite:
    """The edits that set the limits (seconds) of REMEDY that its target does not set yet."""
    drafts = Drafts(files)
    draft = drafts.draft(remedy.path)
    holder = _holder(draft.code, remedy)
    wanted = {"task_soft_time_limit": remedy.soft, "task_time_limit": remedy.hard}
    present = dict(_present(holder))
    missing = {name: seconds for name, seconds in wanted.items() if seconds is not None and name not in present}
    if not missing:
        raise Withheld("the time limits are set already")
    _check_order(wanted, present)
    if isinstance(holder, cst.Dict):
        quote = _quote(holder)
        texts = [f"{quote}{name}{quote}: {seconds}" for name, seconds in missing.items()]
    else:
        texts = [f"{name}={seconds}" for name, seconds in missing.items()]
    put_last(draft, holder, texts)
    return Rewrite("Set a time limit for all tasks", Applicability.UNSAFE, drafts.edits())


def _holder(code: Code, remedy: SetTimeLimits) -> cst.Call | cst.Dict:
    if remedy.style == "mapping":
        try:
            return code.find(remedy.target, cst.Dict)
        except Withheld:
            call = code.find(remedy.target, cst.Call)
            value = call.args[0].value if len(call.args) == 1 else None
            if isinstance(value, cst.Dict):
                return value
            raise
    call = code.find(remedy.target, cst.Call)
    if any(argument.star == "**" for argument in call.args):
        raise Withheld(f"the call takes `**` options, which may set time limits (line {code.number(call)})")
    return call


def _check_order(wanted: Mapping[str, int | None], present: Mapping[str, cst.BaseExpression]) -> None:
    """Celery refuses every call of a task whose soft limit is above the hard one."""
    soft, hard = (_seconds(present.get(name), default) for name, default in wanted.items())
    if soft is not None and hard is not None and soft > hard:
        raise Withheld(f"a soft limit of {soft} s would be above the hard limit of {hard} s")


def _seconds(written: cst.BaseExpression | None, default: int | None) -> int | None:
    if written is None:
        return default
    return int(written.evaluated_value) if isinstance(written, cst.Integer) else None


def _present(holder: cst.Call | cst.Dict) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The settings that are written in HOLDER."""
    if isinstance(holder, cst.Call):
        yield from ((item.keyword.value, item.value) for item in holder.args if item.keyword is not None)
        return
    for element in holder.elements:
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            key = element.key.evaluated_value
            if isinstance(key, str):
                yield key, element.value


def _quote(holder: cst.Dict) -> str:
    """The quotes that the keys have."""
    for element in holder.elements:
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            return element.key.quote
    return '"'
