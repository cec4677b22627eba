"""LINK: the applications that the words after `-A` mean, and what that shows about import roots."""

from __future__ import annotations

from msgspec import Struct

from celery_lint.facts.model import Command, Name
from celery_lint.project.code.roots import Start
from celery_lint.project.code.symbols import Internal
from celery_lint.project.code.values import Placed
from celery_lint.project.settings.apps import Apps, Draft

# Where commands run in a folder that is nobody's checkout.
_CONTAINERS = frozenset({"compose", "dockerfile", "kubernetes", "helm"})


class Named(Struct, frozen=True):
    """The applications (DRAFTS) that a command names, and what it shows by that; none where nothing is found."""

    drafts: tuple[Draft, ...] = ()
    start: Start = Start()


class NamedApps:
    """Answers which applications of the project a name means."""

    def __init__(self, apps: Apps) -> None:
        self.apps = apps
        self.files = apps.files
        self.modules = apps.symbols.modules

    def of_command(self, text: str, command: Command) -> Named:
        """The applications that `-A TEXT` means in COMMAND."""
        named = self.named(text, command.path)
        return named if named.drafts else self._from_above(text, command)

    def has_module(self, text: str) -> bool:
        """Whether `-A TEXT` names a module of the project, from whichever folder."""
        names = tuple(text.partition(":")[0].split("."))
        found = [self.modules.below(root, names) for root in self.modules.tops(names[0])]
        return any(hit is not None and len(hit[1]) < 2 for hit in found)

    def named(self, text: str, beside: str) -> Named:
        """The applications that `-A TEXT` means in a command written in the file BESIDE."""
        module, _, attribute = text.partition(":")
        names = tuple(name for name in module.split(".") if name)
        hits: list[tuple[int, str, tuple[Draft, ...]]] = []
        for root in self.modules.tops(names[0]) if names else ():
            below = self.modules.below(root, names)
            if below is None:
                continue
            path, rest = below
            drafts = self._in_module(path, (*rest, *attribute.split(".")) if attribute else rest)
            if drafts:
                hits.append((_nearness(root, beside), root, drafts))
        best = max((nearness for nearness, _, _ in hits), default=0)
        nearest = [(root, drafts) for nearness, root, drafts in hits if nearness == best]
        return Named(
            tuple(dict.fromkeys(draft for _, drafts in nearest for draft in drafts)),
            Start(tuple(root for root, _ in nearest)),
        )

    def _from_above(self, text: str, command: Command) -> Named:
        """The applications that `-A TEXT` means in a container that has the whole repository in a folder (`./:/app`)
        and runs in the folder above: the first name is that folder's."""
        top, _, rest = text.partition(".")
        names = tuple(rest.partition(":")[0].split("."))
        if command.kind not in _CONTAINERS or "" not in self.modules.tops(names[0]):
            return Named()
        below = self.modules.below("", names)
        named = self.named(rest, "") if below is not None and not below[1] else Named()
        return Named(named.drafts, Start(named.start.folders, top)) if named.drafts else Named()

    def _in_module(self, path: str, names: tuple[str, ...]) -> tuple[Draft, ...]:
        """What Celery finds in a module: the attribute, `app`, `celery`, else any application of the module."""
        if names:
            return self.apps.of(Placed(path, 0, Name("@" + ".".join(names)))) or self._package(path, names)
        for name in ("app", "celery"):
            if name in self.files.python(path).definitions or name in self.files.python(path).imported:
                found = self.apps.of(Placed(path, 0, Name(f"@{name}")))
                if found:
                    return found
        return self._any(path) or self._package(path, ("celery",))

    def _package(self, path: str, names: tuple[str, ...]) -> tuple[Draft, ...]:
        target = self.apps.symbols.target(path, "@" + ".".join(names)) if path.endswith("__init__.py") else None
        is_module = isinstance(target, Internal) and target.fact is None and not target.rest and target.path != path
        return self._in_module(target.path, ()) if is_module and isinstance(target, Internal) else ()

    def _any(self, path: str) -> tuple[Draft, ...]:
        index = self.files.python(path)
        names = [name for name in index.definitions if "." not in name] + list(index.imported)
        found = [draft for name in names for draft in self.apps.of(Placed(path, 0, Name(f"@{name}"))) or ()]
        return tuple(dict.fromkeys(found))


def _nearness(root: str, beside: str) -> int:
    """How many folders the import root and the deployment file share."""
    pairs = zip(root.split("/") if root else [], beside.split("/"), strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), root.count("/") + 1 if root else 0)
