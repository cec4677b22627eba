"""LINK: calls that go to the network or start a process, and what timeout they have.

Names are resolved by import, clients by where they are made: `requests.get`, `Session().get`, `self.client.post`, a
module's `partial(requests.get, timeout=5)`, a session class of the project.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from celery_lint.facts.model import Argument, Attribute, Call, Name, Value
from celery_lint.finding import Location
from celery_lint.project.code.expressions import called_on, last_name
from celery_lint.project.code.files import Files
from celery_lint.project.code.index import FileIndex
from celery_lint.project.code.origins import Origins
from celery_lint.project.code.patterns import Pattern, Sought
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef
from celery_lint.project.code.values import Evaluator, Known, Placed
from celery_lint.project.network.tables import CLIENTS, FUNCTIONS, POSITIONS, Client, Kind, Service, Timeout

_LIBRARIES = Pattern(
    rb"^(?:\xef\xbb\xbf)?[ \t]*(?:from|import)\s+(?:[\w., ]*\b)?(?:"
    + b"|".join(sorted({name.partition(".")[0].encode() for name in (*FUNCTIONS, *CLIENTS)}))
    + rb")\b",
    re.MULTILINE,
)
_PARTIAL = Pattern(rb"\bpartial\b")
# Somebody gives every request a timeout from behind.
_PATCHED = Pattern(
    rb"TimeoutSauce|Timeout\w{0,80}Adapter|\bSession\.(?:request|send)\s*=[^=]"
    rb"|\brequests\.(?:get|post|put|patch|delete|head|request)\s*=[^=]"
)
_ADAPTER = Pattern(rb"class\s+\w+\([\w., ]*HTTPAdapter\b|\w\.(?:request|send|get|post)\s*=[^=]")
_SOCKET_DEFAULT = Pattern(rb"\bsetdefaulttimeout\s*\(\s*[^)N\s]")
_DEADLINES = re.compile(r"timeout|deadline|fail_after|move_on_after|time_limit", re.IGNORECASE)
_PASSED_ON = frozenset({"httpx.Timeout", "urllib3.Timeout", "urllib3.util.Timeout", "aiohttp.ClientTimeout"})


class Outgoing(Struct, frozen=True):
    """A call that waits for the network or a process.

    NAME is what to call it: `requests.get`, `session.post`. TIMEOUT: what it has; "none" means that it surely waits for
    ever. KEYWORD is the argument that gives it one, None when it takes none. LIBRARY is the package (`requests`).
    """

    path: str
    call: Call
    name: str
    library: str
    kind: Kind
    timeout: Timeout
    keyword: str | None

    @property
    def location(self) -> Location:
        """Where the call is written."""
        return Location(self.path, self.call.span)


class Network:
    """Finds the outgoing calls of functions."""

    def __init__(self, files: Files, evaluator: Evaluator) -> None:
        self.files = files
        self.evaluator = evaluator
        self.symbols = evaluator.symbols
        self.origins = Origins(evaluator.symbols)
        self._known: dict[FunctionRef, tuple[Outgoing, ...]] = {}
        self._hanging: dict[FunctionRef, tuple[Outgoing, ...]] = {}

    def of(self, function: FunctionRef) -> tuple[Outgoing, ...]:
        """The outgoing calls that the body of FUNCTION makes itself, in order."""
        if function not in self._known:
            self._known[function] = tuple(self._find(function, self._methods)) if self._is_used else ()
        return self._known[function]

    def hanging(self, function: FunctionRef) -> tuple[Outgoing, ...]:
        """Those of them that surely wait for ever when the other side does not answer, but could be given a timeout."""
        if function not in self._hanging:
            found = self._find(function, self._hanging_methods) if self._is_used else ()
            self._hanging[function] = tuple(each for each in found if each.timeout == "none" and each.keyword)
        return self._hanging[function]

    def _find(self, function: FunctionRef, methods: frozenset[str] | None) -> Iterator[Outgoing]:
        index = self.symbols.index(function)
        for call in index.calls(self.symbols.fact(function)):
            found = self._outgoing(function.path, call, methods)
            if found is not None:
                yield found

    def outgoing(self, path: str, call: Call) -> Outgoing | None:
        """What CALL, in PATH, waits for; None when it is no call that goes out."""
        return self._outgoing(path, call, self._methods)

    def _outgoing(self, path: str, call: Call, methods: frozenset[str] | None) -> Outgoing | None:
        """The same, where calls of no other METHODS count (None: of any)."""
        placed = Placed(path, call.block, call)
        name = self.symbols.external(path, call.callee)
        if name in FUNCTIONS:
            return self._made(placed, call, name, name, FUNCTIONS[name], call.arguments)
        if name is not None or self.symbols.function(path, call.block, call.callee) is not None:
            return None
        return self._of_partial(placed, call) or self._of_method(placed, call, methods)

    def _of_partial(self, placed: Placed, call: Call) -> Outgoing | None:
        """A call of `partial(requests.get, timeout=5)`."""
        if not isinstance(call.callee, Name) or not self._has_partials:
            return None
        held = self.evaluator.follow(placed.at(call.callee))
        inner = held.value
        if not isinstance(inner, Call) or self.symbols.external(held.path, inner.callee) != "functools.partial":
            return None
        name = self.symbols.external(held.path, inner.arguments[0].value) if inner.arguments else None
        if name not in FUNCTIONS:
            return None
        arguments = (*call.arguments, *(each for each in inner.arguments[1:] if each.keyword or each.star))
        return self._made(placed, call, name, _shown(call.callee), FUNCTIONS[name], arguments)

    # methods of clients

    def _of_method(self, placed: Placed, call: Call, methods: frozenset[str] | None) -> Outgoing | None:
        method = last_name(call.callee)
        if method is None or (methods is not None and method not in methods):
            return None
        owner = called_on(call.callee)
        if owner is None:
            return None
        for depth, holder in enumerate(_holders(owner)):
            for origin, made_by, is_own in self._makers(placed.at(holder)):
                client = CLIENTS[made_by]
                if client.methods is not None and (depth or method not in client.methods):
                    continue
                service = self._service(client, origin, is_own, method)
                return self._made(placed, call, made_by, _shown(call.callee), service, call.arguments)
        return None

    def _makers(self, owner: Placed) -> Iterator[tuple[Placed, str, bool]]:
        """The constructors that OWNER may come from: (the call, or what stands for it, the name in CLIENTS, whether it
        is a subclass of the project)."""
        for origin in self.origins.of(owner):
            if isinstance(origin.value, Call):
                found = self._maker(self.symbols.class_of(origin.path, origin.block, origin.value.callee))
            else:
                found = self._maker(self.symbols.type_of(origin.path, origin.block, origin.value))
            if found is not None:
                yield origin, *found

    def _maker(self, made: ClassRef | External | None) -> tuple[str, bool] | None:
        if isinstance(made, External):
            return (made.name, False) if made.name in CLIENTS else None
        if made is None:
            return None
        for item in self.symbols.lineage(made):
            if isinstance(item, External) and item.name in CLIENTS:
                return item.name, True
        return None

    def _service(self, client: Client, origin: Placed, is_own: bool, method: str) -> Service:
        """What a method does without a timeout of its own."""
        service = client.service
        default = service.default
        if is_own:
            default = "unknown"
        elif client.at_construction is not None:
            default = self._at_construction(client, origin)
        elif client.service.kind == "http" and self._has_adapters:
            default = "unknown"
        return Service(service.kind, default, service.keyword, POSITIONS.get(method))

    def _at_construction(self, client: Client, origin: Placed) -> Timeout:
        call = origin.value
        if not isinstance(call, Call) or client.at_construction is None:
            return "unknown"
        return self._timeout(origin, call.arguments, Service(client.service.kind, client.service.default))

    # timeouts

    def _made(
        self, placed: Placed, call: Call, made_by: str, name: str, service: Service, arguments: tuple[Argument, ...]
    ) -> Outgoing:
        timeout = self._timeout(placed, arguments, service)
        library = made_by.partition(".")[0]
        if timeout == "none" and self._is_guarded(self.files.python(placed.path), call):
            timeout = "given"
        if timeout == "none" and library == "requests" and self._is_patched:
            timeout = "unknown"
        return Outgoing(placed.path, call, name, library, service.kind, timeout, service.keyword)

    def _timeout(self, placed: Placed, arguments: tuple[Argument, ...], service: Service) -> Timeout:
        positional = [each for each in arguments if each.keyword is None]
        for each in arguments:
            if each.keyword is not None and each.keyword == service.keyword:
                return self._given(placed.at(each.value))
        if service.position is not None and len(positional) > service.position:
            at = positional[service.position]
            return "unknown" if at.star else self._given(placed.at(at.value))
        if any(each.star for each in arguments):
            return self._spread(placed, arguments, service)
        if service.default == "none" and service.follows_socket and self._has_socket_default:
            return "default"
        # More positions than are known here: releases differ in where the timeout stands.
        return (
            "unknown"
            if service.follows_socket and service.position is None and len(positional) > 3
            else service.default
        )

    def _spread(self, placed: Placed, arguments: tuple[Argument, ...], service: Service) -> Timeout:
        """`**options`: only a timeout that can be seen in them says anything, since more may be added to them."""
        for each in arguments:
            if each.star == "**":
                for key, _, value in self.evaluator.entries(placed.at(each.value)):
                    if isinstance(key, Known) and key.value == service.keyword:
                        return self._given(value)
        return "unknown"

    def _given(self, value: Placed) -> Timeout:
        if self.evaluator.scalar(value) == Known(None):
            return "none"
        call = self.evaluator.follow(value).value
        if isinstance(call, Call) and len(call.arguments) == 1 and call.arguments[0].keyword in (None, "total"):
            nothing = self.evaluator.scalar(value.at(call.arguments[0].value)) == Known(None)
            if nothing and self.symbols.external(value.path, call.callee) in _PASSED_ON:
                return "none"
        return "given"

    def _is_guarded(self, index: FileIndex, call: Call) -> bool:
        """Whether a `with timeout(5):` stands around CALL, or a decorator of its function sets a deadline."""
        function = index.function_at(call.block)
        decorators = function.decorators if function is not None else ()
        around = [item.value for number in index.up(call.block) for item in index.block(number).items]
        called = [value.callee for value in (*around, *decorators) if isinstance(value, Call)]
        return any(_DEADLINES.search(last_name(callee) or "") for callee in called)

    # what holds for the whole project

    @cached_property
    def _is_used(self) -> bool:
        return self._mentions(_LIBRARIES)

    @cached_property
    def _has_partials(self) -> bool:
        return any(self.files.mentions(path, _PARTIAL) for path in self.files.mentioning(_LIBRARIES))

    @cached_property
    def _methods(self) -> frozenset[str] | None:
        """The methods of clients that the project can have, by the packages that it mentions; None: of any name."""
        return _methods_of(self._clients)

    @cached_property
    def _hanging_methods(self) -> frozenset[str] | None:
        """The same of those clients that may wait for ever: an SDK takes no timeout, and has one."""
        return _methods_of([client for client in self._clients if client.service.keyword is not None])

    @cached_property
    def _clients(self) -> list[Client]:
        mentioned = {
            package: self._mentions(Pattern(rb"\b" + package.encode() + rb"\b"))
            for package in {name.partition(".")[0] for name in CLIENTS}
        }
        return [client for name, client in CLIENTS.items() if mentioned[name.partition(".")[0]]]

    @cached_property
    def _is_patched(self) -> bool:
        return self._mentions(_PATCHED)

    @cached_property
    def _has_adapters(self) -> bool:
        return self._mentions(_ADAPTER)

    @cached_property
    def _has_socket_default(self) -> bool:
        return self._mentions(_SOCKET_DEFAULT)

    def _mentions(self, pattern: Sought) -> bool:
        return self.files.is_mentioned(pattern)


def _methods_of(clients: Iterable[Client]) -> frozenset[str] | None:
    """The methods of CLIENTS; None: of any name."""
    methods = [client.methods for client in clients]
    known = [each for each in methods if each is not None]
    return frozenset[str]().union(*known) if len(known) == len(methods) else None


def _holders(owner: Value) -> Iterator[Value]:
    """OWNER, and what it is an attribute of: an SDK's methods stand deeper than on the client itself."""
    yield owner
    while isinstance(owner, Name) and "." in owner.ref:
        owner = Name(owner.ref.rpartition(".")[0], owner.span)
        if not owner.ref.strip(".@%*") or owner.ref in ("%self", "%cls"):
            return
        yield owner


def _shown(callee: Value) -> str:
    if isinstance(callee, Name):
        return callee.ref.lstrip("@%.*")
    if isinstance(callee, Attribute):
        inner = callee.value.callee if isinstance(callee.value, Call) else callee.value
        return (
            f"{_shown(inner)}().{callee.name}" if isinstance(callee.value, Call) else f"{_shown(inner)}.{callee.name}"
        )
    return "…"
