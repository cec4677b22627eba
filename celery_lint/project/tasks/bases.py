"""What base classes do around the tasks that they are bases of."""

from __future__ import annotations

from celery_lint.facts.model import Call
from celery_lint.project.code.symbols import ClassRef, FunctionRef, Symbols
from celery_lint.project.tasks.passthrough import call_hands_on, runs_task


def calls_otherwise(base: ClassRef, symbols: Symbols) -> bool:
    """Whether BASE calls its tasks in a way of its own: with other arguments, or with another value coming back.

    `__call__` that enters a context, hands all on (`return super().__call__(*args, **kwargs)`) and changes nothing is
    Flask's way, and no way of its own.
    """
    if any(symbols.method(base, name) is not None for name in ("__new__", "run")):
        return True
    for item in symbols.lineage(base):
        if isinstance(item, ClassRef):
            own = symbols.files.python(item.path).methods.get((item.block, "__call__"))
            if own is not None and not _hands_on(FunctionRef(item.path, own.block), symbols):
                return True
    return False


def _hands_on(ref: FunctionRef, symbols: Symbols) -> bool:
    """Whether all goes in and all comes back out."""
    fact = symbols.fact(ref)
    returned = [item.value for item in symbols.index(ref).returns(fact)]
    comes_back = all(isinstance(value, Call) and runs_task(value, fact.parameters) for value in returned)
    return bool(returned) and comes_back and not fact.is_generator and call_hands_on(ref, symbols)
