"""LINK: whether an exception survives pickling: it is rebuilt by calling its class with `self.args`."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.facts.model import Attribute, Call, Function, Name, Parameter, Text
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Symbols

# These keep in `args` what their `__init__` got; OSError and the Unicode errors have ways of their own.
_PLAIN = frozenset({
    "builtins.Exception", "builtins.ValueError", "builtins.RuntimeError", "builtins.TypeError", "builtins.KeyError",
    "builtins.LookupError", "builtins.IndexError", "builtins.ArithmeticError", "builtins.AssertionError",
    "builtins.NotImplementedError",
})  # fmt: skip
_HARMLESS = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
_OWN_WAYS = ("__reduce__", "__reduce_ex__", "__new__", "__getnewargs__", "__setstate__")
_DEPTH = 5


class Broken(Struct, frozen=True):
    """Why an exception cannot be rebuilt: INIT needs NEEDED arguments (or names them), and hands on GIVEN; or it READS
    an attribute of one for which it hands on a string."""

    init: FunctionRef
    needed: int
    given: int
    keyword: str | None
    base: str
    reads: str | None = None


def unpicklable(cls: ClassRef, symbols: Symbols) -> Broken | None:
    """Why pickle cannot rebuild an exception of the class CLS; None when it can, or when that cannot be told."""
    outside = [item.name for item in symbols.lineage(cls) if isinstance(item, External)]
    base = next((name for name in outside if name in _PLAIN), None)
    if base is None or any(name not in _PLAIN | _HARMLESS for name in outside) or not _is_whole(cls, symbols):
        return None
    init = symbols.method(cls, "__init__")
    if init is None or any(symbols.method(cls, name) is not None for name in _OWN_WAYS):
        return None
    given = _handed_on(cls, init, symbols)
    if given is None:
        return None
    parameters = symbols.fact(init).parameters[1:]
    keyword = next((each.name for each in parameters if each.keyword_only and each.default is None), None)
    plain = [each for each in parameters if not each.star and not each.keyword_only]
    needed = sum(1 for each in plain if each.default is None)
    takes_any = any(each.star == "*" for each in parameters)
    base = base.removeprefix("builtins.")
    if keyword is None and needed <= given and (given <= len(plain) or takes_any):
        reads = _read_of_string(init, plain, symbols)
        return Broken(init, needed, given, None, base, reads) if reads is not None else None
    return Broken(init, needed if given < needed or keyword else len(plain), given, keyword, base)


def _read_of_string(init: FunctionRef, plain: list[Parameter], symbols: Symbols) -> str | None:
    """What INIT reads of a parameter in whose place it hands on a text: `response.url`, where a string has no `url`."""
    index, fact = symbols.index(init), symbols.fact(init)
    [call] = [call for call in index.calls(fact) if _is_init(call)]
    given = call.arguments if isinstance(call.callee, Attribute) else call.arguments[1:]
    texts = {
        f"%{parameter.name}" for parameter, each in zip(plain, given, strict=False) if isinstance(each.value, Text)
    }
    names = (value.ref for value in index.values(fact) if isinstance(value, Name))
    read = (ref for ref in names if ref.partition(".")[0] in texts and "." in ref)
    return next((ref.removeprefix("%") for ref in read if not hasattr(str, ref.split(".")[1])), None)


def _is_whole(cls: ClassRef, symbols: Symbols) -> bool:
    """Whether all bases are known."""
    for item in symbols.lineage(cls):
        if isinstance(item, ClassRef):
            written = [base for base in symbols.class_fact(item).bases if base.keyword is None]
            if len(written) != len(list(symbols.bases(item))):
                return False
    return True


def _handed_on(cls: ClassRef, init: FunctionRef, symbols: Symbols, depth: int = 0) -> int | None:
    """How many arguments end up in `self.args`; None when that cannot be told."""
    index, fact = symbols.index(init), symbols.fact(init)
    if depth > _DEPTH or any(_last(each.target) == "args" for each in index.assignments(fact)):
        return None
    calls = [call for call in index.calls(fact) if _is_init(call)]
    if len(calls) != 1 or calls[0].block != init.block or _is_decorated(fact):
        return None
    [call] = calls
    above = _above(cls, init, symbols)
    if above is not None:
        return _handed_on(cls, above, symbols, depth + 1)
    if any(argument.star or argument.keyword is not None for argument in call.arguments):
        return None
    return len(call.arguments) - (0 if isinstance(call.callee, Attribute) else 1)


def _above(cls: ClassRef, init: FunctionRef, symbols: Symbols) -> FunctionRef | None:
    """The `__init__` of the project that comes behind INIT in the lineage of CLS."""
    passed = False
    for item in symbols.lineage(cls):
        if not isinstance(item, ClassRef):
            continue
        function = symbols.index(item).methods.get((item.block, "__init__"))
        if function is None:
            continue
        if passed:
            return FunctionRef(item.path, function.block)
        passed = FunctionRef(item.path, function.block) == init
    return None


def _is_init(call: Call) -> bool:
    """`super().__init__(…)`, `Exception.__init__(self, …)`"""
    callee = call.callee
    if isinstance(callee, Attribute):
        return callee.name == "__init__"
    return isinstance(callee, Name) and callee.ref.endswith(".__init__")


def _is_decorated(fact: Function) -> bool:
    return bool(fact.decorators)


def _last(target: str | None) -> str | None:
    return target.rpartition(".")[2] if target is not None and target.startswith("%self.") else None
