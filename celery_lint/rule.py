"""What a rule is: a pure function over the project, and everything machine-readable about it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, get_type_hints

from msgspec import Struct

from celery_lint.finding import Confidence, Finding, Location, Related, Severity
from celery_lint.remedy import Remedy

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW

# `recommended` runs, `strict` runs when it is asked for; `policy` finds nothing until its own option is set.
Preset = Literal["recommended", "strict", "policy"]

_CODE = re.compile(r"[A-Z]{3}\d{3}")

# A check takes (subject, project) or (project); its subject's type is read from the annotation.
Check = Callable[..., Iterator[Finding]]


class Rule(Struct, frozen=True):
    """One rule. `family` and `stem` come from the module it lives in: `rules/<family>/<stem>.py`."""

    code: str
    name: str
    since: str
    severity: Severity
    confidence: Confidence
    fix: str  # "safe", "unsafe", "none", or several joined by " / "
    check: Check
    preset: Preset = "recommended"
    absorbs: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    security: float | None = None
    former: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What the rule is called by: its code and its name, and those that it had before."""
        return self.code, self.name, *self.former

    def now(self, word: str) -> str | None:
        """What WORD, a code or name that the rule had before, is today; None where it is none of these."""
        if word not in self.former:
            return None
        return self.code if word in self.former_codes else self.name

    @property
    def former_codes(self) -> tuple[str, ...]:
        """The codes that the rule had before."""
        return tuple(word for word in self.former if _CODE.fullmatch(word))

    @property
    def summary(self) -> str:
        """One line: what the rule finds (the first line of the check's docstring)."""
        return (inspect.getdoc(self.check) or "").partition("\n")[0]

    @property
    def family(self) -> str:
        """The folder of the rule: `event_loop`, `wiring`, `database`, …"""
        return self.check.__module__.split(".")[-2:][0]

    @property
    def stem(self) -> str:
        """The file of the rule, with `-`: also the file of its page."""
        return self.check.__module__.split(".")[-1].replace("_", "-")

    def subject(self) -> type[object]:
        """The type of the check's first parameter: what the rule is asked about one by one."""
        first = self._parameters[0]
        # Most annotations are just a name, as text: `get_type_hints` compiles each, and that of what is returned.
        named = self.check.__annotations__.get(first)
        kind = self.check.__globals__.get(named) if isinstance(named, str) else named
        return kind if isinstance(kind, type) else self._hinted(first)

    def _hinted(self, parameter: str) -> type[object]:
        kind: type[object] = get_type_hints(self.check)[parameter]
        return kind

    @property
    def wants_project(self) -> bool:
        """Whether the check is given the project as well."""
        return len(self._parameters) > 1

    @property
    def _parameters(self) -> tuple[str, ...]:
        if hasattr(self.check, "__wrapped__"):
            return tuple(inspect.signature(self.check).parameters)
        code = self.check.__code__
        return code.co_varnames[: code.co_argcount]

    def finding(
        self,
        message: str,
        at: Location,
        entity: str,
        *,
        related: tuple[Related, ...] = (),
        remedy: Remedy | None = None,
        withheld: str | None = None,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
    ) -> Finding:
        """A finding of this rule. SEVERITY and CONFIDENCE replace the rule's own where the case is another."""
        return Finding(
            self.code,
            self.name,
            severity if severity is not None else self.severity,
            confidence if confidence is not None else self.confidence,
            message,
            at,
            entity,
            related,
            remedy,
            withheld=withheld,
        )


def listed(names: Sequence[str]) -> str:
    """NAMES in a message: two at most, and how many others there are."""
    first, *others = (f"`{name}`" for name in names)
    if not others:
        return first
    return f"{first} and {others[0] if len(others) == 1 else f'{len(others)} others'}"


def rule(
    code: str,
    name: str,
    *,
    since: str,
    severity: Severity,
    confidence: Confidence,
    fix: str = "none",
    preset: Preset = "recommended",
    absorbs: tuple[str, ...] = (),
    twins: tuple[str, ...] = (),
    security: float | None = None,
    former: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Declare the decorated function to be the check of a rule; its name then stands for the rule.

    ABSORBS names rules whose finding at the same place has the same root cause: theirs is dropped. TWINS are codes of
    other linters that find the same: `# noqa` with one of them silences this rule too. SECURITY says how grave it is if
    an attacker can use what is found, from 0.1 to 10, as CVSS counts. FORMER are codes and names that the rule had
    before: whoever uses one means it, and is told what it is called today.
    """

    def declare(check: Check) -> Rule:
        return Rule(code, name, since, severity, confidence, fix, check, preset, absorbs, twins, security, former)

    return declare
