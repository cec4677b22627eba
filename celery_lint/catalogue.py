"""All rules, which of them run, and where their pages are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

from msgspec import Struct
from pathspec import GitIgnoreSpec

from celery_lint import pages
from celery_lint import rules as package
from celery_lint.errors import ConfigurationError
from celery_lint.finding import Severity
from celery_lint.own import checked, file_of, rules_in_package, rules_of_packages, rules_of_project
from celery_lint.rule import Rule
from celery_lint.settings import Configuration, Settings, did_you_mean

# What cannot be read cannot be judged: asking for other rules only does not make that go away, ignoring it does.
_ALWAYS_ON = "CEL002"


class FileIgnore(Struct, frozen=True):
    """Rules that are not reported in the files that PATTERN matches."""

    pattern: GitIgnoreSpec
    codes: frozenset[str]


class Agenda(Struct, frozen=True):
    """The rules that run, the severities that the project gives to some of them (by code), and where some are not
    reported. RENAMED tells of selectors that are former codes and names."""

    rules: tuple[Rule, ...]
    severities: Mapping[str, Severity]
    file_ignores: tuple[FileIgnore, ...]
    renamed: tuple[str, ...] = ()


class Catalogue(Struct, frozen=True, dict=True):
    """All rules, sorted by code."""

    rules: tuple[Rule, ...]

    def find(self, selector: str) -> tuple[Rule, ...]:
        """The rules that SELECTOR (a code, the start of one, or a name) means; none when it is unknown."""
        return tuple(rule for rule in self.rules if _closeness(selector, rule) >= 0)

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """The code of each rule by everything that it is, or was, called."""
        return {word: rule.code for rule in self.rules for word in rule.words}

    @property
    def words(self) -> tuple[str, ...]:
        """What rules are called today: their codes and names."""
        return tuple(word for rule in self.rules for word in (rule.code, rule.name))

    def now(self, word: str) -> str | None:
        """What WORD, a former code or name of a rule, is today; None where it is none."""
        return next((now for rule in self.rules if (now := rule.now(word)) is not None), None)

    def suggestion(self, word: str) -> str:
        """`; did you mean "…"?` for a selector that is unknown."""
        known = self.words
        # A code with letters for digits is the one that it looks like.
        code = word.upper()[:3] + word.upper()[3:].translate(str.maketrans("OI", "01"))
        return did_you_mean(code, known) or did_you_mean(word.lower().replace("_", "-"), known)

    def agenda(self, configuration: Configuration) -> Agenda:
        """What CONFIGURATION asks for. Raises ConfigurationError for a selector that means no rule."""
        settings = configuration.settings
        self._refuse_unknown(configuration)
        severities = sorted(settings.severity.items(), key=lambda pair: len(pair[0]))
        return Agenda(
            tuple(rule for rule in self.rules if _runs(rule, settings)),
            {rule.code: Severity[level.upper()] for selector, level in severities for rule in self.find(selector)},
            tuple(
                FileIgnore(GitIgnoreSpec.from_lines([pattern]), self._codes(selectors))
                for pattern, selectors in settings.per_file_ignores.items()
            ),
            tuple(
                f'{configuration.origin(key)}: {key}: "{selector}" is called {now} now'
                for key, selector in dict.fromkeys(_all_selectors(settings))
                if (now := self.now(selector)) is not None
            ),
        )

    def _codes(self, selectors: Iterable[str]) -> frozenset[str]:
        return frozenset(rule.code for selector in selectors for rule in self.find(selector))

    def _refuse_unknown(self, configuration: Configuration) -> None:
        for key, selector in _all_selectors(configuration.settings):
            if not self.find(selector):
                why = _own_are_missing(configuration) or self.suggestion(selector)
                raise ConfigurationError(f'{configuration.origin(key)}: {key}: unknown rule "{selector}"{why}')


@cache
def load_catalogue() -> Catalogue:
    """All rules of the package `celery_lint.rules`: what `@rule` declared, one a module."""
    return _sorted(rules_in_package(package))


def catalogue_of(configuration: Configuration) -> Catalogue:
    """Our rules, those of installed packages, and those of the project that CONFIGURATION is for, if they may run.
    Raises UserError when some cannot be loaded."""
    own = (*rules_of_packages(), *rules_of_project(configuration))
    return _sorted(checked(load_catalogue().rules, own)) if own else load_catalogue()


def page(rule: Rule) -> str | None:
    """The Markdown page of RULE; None when it has none."""
    file = page_file(rule)
    return file.read_text(encoding="utf-8") if file.is_file() else None


def page_file(rule: Rule) -> Path:
    """Where the page of RULE should be: in the installed package, or in the source tree that this module runs in; that
    of a rule that is not ours beside it."""
    if not _is_ours(rule):
        return file_of(rule).with_name(f"{rule.stem}.md")
    return pages.folder() / rule.family / f"{rule.stem}.md"


class Published(Mapping[str, str]):
    """The addresses of the published pages of RULES, by code; none as long as the package names no such place. It is
    asked for that place when somebody asks for an address."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    def __getitem__(self, code: str) -> str:
        return self._all[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> dict[str, str]:
        base = _published()
        rules = [rule for rule in self._rules if _is_ours(rule)] if base else []
        return {rule.code: f"{base}/{rule.family}/{rule.stem}.md" for rule in rules}


@cache
def _published() -> str | None:
    """Where the pages of our rules are published, as the installed package says it."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        declared = metadata("celery-lint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    return next((url.partition(", ")[2].rstrip("/") for url in declared if url.startswith("Rules, ")), None)


def _is_ours(rule: Rule) -> bool:
    return rule.check.__module__.startswith(package.__name__ + ".")


def _sorted(rules: Iterable[Rule]) -> Catalogue:
    return Catalogue(tuple(sorted(rules, key=lambda rule: rule.code)))


def _own_are_missing(configuration: Configuration) -> str:
    """What is said of an unknown rule of a project whose own rules did not run."""
    folder = configuration.settings.rules_path
    return (
        f" (the rules in {folder} are code of the project: --own-rules runs them)"
        if configuration.withholds_rules
        else ""
    )


def _closeness(selector: str, rule: Rule) -> int:
    """How exactly SELECTOR means RULE: the length of the code that it gives, -1 when it does not."""
    if selector in rule.words:
        return len(rule.code)
    return len(selector) if len(selector) >= 3 and rule.code.startswith(selector) else -1


def _runs(rule: Rule, settings: Settings) -> bool:
    """The closest selector decides; between equals the one that switches off."""
    wanted = max(_closest(settings.select or (), rule), _closest(settings.extend_select, rule))
    preset = ("recommended", "policy", settings.preset)
    if rule.code == _ALWAYS_ON or (settings.select is None and rule.preset in preset):
        wanted = max(wanted, 0)
    return wanted > _closest(settings.ignore, rule)


def _all_selectors(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every selector that SETTINGS name, with its key."""
    ignored = (selector for selectors in settings.per_file_ignores.values() for selector in selectors)
    for key, selectors in {
        "select": settings.select or (),
        "extend-select": settings.extend_select,
        "ignore": settings.ignore,
        "severity": settings.severity,
        "per-file-ignores": ignored,
    }.items():
        yield from ((key, selector) for selector in selectors)


def _closest(selectors: Sequence[str], rule: Rule) -> int:
    """How exactly the closest of SELECTORS means RULE."""
    return max([_closeness(selector, rule) for selector in selectors]) if selectors else -1
