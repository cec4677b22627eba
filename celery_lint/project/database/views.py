"""LINK: what web frameworks hand to the project's code: requests, signals' instances, saved forms."""

from __future__ import annotations

from celery_lint.facts.model import Call, Function, Name, Value
from celery_lint.project.code.bindings import bindings
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.placed import Placed
from celery_lint.project.code.refs import ClassRef, External, FunctionRef
from celery_lint.project.code.symbols import Symbols

_REQUESTS = frozenset({
    "django.http.HttpRequest", "django.http.request.HttpRequest", "django.core.handlers.wsgi.WSGIRequest",
    "django.core.handlers.asgi.ASGIRequest", "rest_framework.request.Request", "fastapi.Request",
    "starlette.requests.Request", "flask.Request",
})  # fmt: skip
_VIEW_CLASSES = (
    "django.views.", "rest_framework.views.", "rest_framework.viewsets.", "rest_framework.generics.",
    "django.contrib.auth.views.", "rest_framework.mixins.",
)  # fmt: skip
_VIEW_DECORATORS = ("django.views.decorators.", "django.contrib.auth.decorators.", "rest_framework.decorators.")
_RESPONSES = ("django.shortcuts.render", "django.shortcuts.redirect", "django.http.", "rest_framework.response.")
_CONNECTS = Pattern(rb"\.connect")
_SIGNALS = "django.db.models.signals."
_FORMS = frozenset({
    "django.forms.ModelForm", "django.forms.models.ModelForm", "rest_framework.serializers.ModelSerializer",
    "rest_framework.serializers.HyperlinkedModelSerializer",
})  # fmt: skip
_SINGLE = ("django.views.generic.", "rest_framework.generics.", "rest_framework.viewsets.")


class Views:
    """Recognises what a framework passes in."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols

    # requests

    def is_request(self, placed: Placed) -> bool:
        """Whether PLACED is the request of a view: by annotation or by how a framework calls the function."""
        value = placed.value
        if not isinstance(value, Name):
            return False
        if value.ref == "%self.request":
            owner = self.symbols.enclosing_class(placed.path, placed.block)
            return owner is not None and self._is_view_class(owner)
        if not value.ref.startswith("%") or "." in value.ref:
            return self.symbols.external(placed.path, value) == "flask.request"
        found = bindings(self.symbols.files, placed.path, placed.block, value)
        return bool(found) and all(
            each.parameter is not None
            and each.function is not None
            and self._is_request_parameter(placed.path, each.function, each.parameter.name)
            for each in found
        )

    def _is_request_parameter(self, path: str, function: Function, name: str) -> bool:
        position = next(number for number, item in enumerate(function.parameters) if item.name == name)
        annotation = function.parameters[position].annotation
        if annotation is not None:
            found = self.symbols.class_of(path, function.outer, annotation)
            return isinstance(found, External) and found.name in _REQUESTS
        if name != "request":
            return False
        index = self.symbols.files.python(path)
        owner = index.class_of(function)
        if owner is not None:
            return position == 1 and self._is_view_class(ClassRef(path, owner.block))
        return position == 0 and self._is_view(path, function)

    def is_view(self, path: str, function: Function) -> bool:
        """Whether FUNCTION is a view of Django, or a method of one."""
        owner = self.symbols.files.python(path).class_of(function)
        if owner is not None:
            return self._is_view_class(ClassRef(path, owner.block))
        return self._is_view(path, function)

    def _is_view_class(self, ref: ClassRef) -> bool:
        lineage = self.symbols.lineage(ref)
        return any(isinstance(item, External) and item.name.startswith(_VIEW_CLASSES) for item in lineage)

    def _is_view(self, path: str, function: Function) -> bool:
        """Whether a decorator, or what it returns, makes a function a view."""
        for decorator in function.decorators:
            callee = decorator.callee if isinstance(decorator, Call) else decorator
            if (self.symbols.external(path, callee) or "").startswith(_VIEW_DECORATORS):
                return True
        returned = (item.value for item in self.symbols.files.python(path).returns(function))
        calls = (value.callee for value in returned if isinstance(value, Call))
        return any((self.symbols.external(path, callee) or "").startswith(_RESPONSES) for callee in calls)

    # signals

    def sender(self, path: str, function: Function) -> tuple[str, int, Value] | tuple[()] | None:
        """The sender of the model signals that FUNCTION receives, as the place of its name; an empty tuple when none
        is given; None when it receives no model signal."""
        found = [call for call in function.decorators if isinstance(call, Call) and self._receives(path, call)]
        if found:
            return self._sender_of(path, function.outer, found[0])
        for other in self.symbols.files.holding(function.name):
            if self.symbols.files.mentions(other, _CONNECTS):
                for call in self.symbols.files.python(other).calls_named("connect"):
                    if self._connects(other, call, path, function):
                        return self._sender_of(other, call.block, call)
        return None

    def _connects(self, path: str, call: Call, home: str, function: Function) -> bool:
        """`post_save.connect(FUNCTION)`"""
        given = call.argument(0, "receiver")
        if given is None or not isinstance(call.callee, Name):
            return False
        name = self.symbols.external(path, Name(call.callee.ref.removesuffix(".connect")))
        if name is None or not name.startswith(_SIGNALS):
            return False
        return self.symbols.function(path, call.block, given.value) == FunctionRef(home, function.block)

    def _receives(self, path: str, call: Call) -> bool:
        if self.symbols.external(path, call.callee) != "django.dispatch.receiver" or not call.arguments:
            return False
        signal = call.arguments[0].value
        names = [self.symbols.external(path, each) or "" for each in getattr(signal, "items", (signal,))]
        return bool(names) and all(name.startswith(_SIGNALS) for name in names)

    def _sender_of(self, path: str, block: int, call: Call) -> tuple[str, int, Value] | tuple[()]:
        given = call.argument(None, "sender")
        return (path, block, given.value) if given is not None else ()

    # what is saved

    def instance_from(self, placed: Placed, owner: Value, method: str) -> tuple[str, int, Value] | None:
        """The model, by the place of its name, that `form.save()`, `serializer.save()` or `view.get_object()` gives."""
        if method not in ("save", "get_object"):
            return None
        cls = self.symbols.type_of(placed.path, placed.block, owner)
        if not isinstance(cls, ClassRef) or self.symbols.method(cls, method) is not None:
            return None
        lineage = [item.name for item in self.symbols.lineage(cls) if isinstance(item, External)]
        if method == "save":
            own = self.symbols.method(cls, "create") is None and self.symbols.method(cls, "update") is None
            return self._meta_model(cls) if own and _FORMS & set(lineage) else None
        if not any(name.startswith(_SINGLE) for name in lineage):
            return None
        found = self.symbols.attribute(cls, "model")
        if found is None or found[1].value is None:
            return None
        return found[0], found[1].block, found[1].value

    def _meta_model(self, cls: ClassRef) -> tuple[str, int, Value] | None:
        """`class Meta: model = Order`"""
        for item in self.symbols.lineage(cls):
            if not isinstance(item, ClassRef):
                continue
            index = self.symbols.index(item)
            for inner in index.facts.classes:
                if inner.outer == item.block and inner.name == "Meta":
                    for assignment in index.assigned_in(inner.block):
                        if (assignment.target or "").endswith(".model") and assignment.value is not None:
                            return item.path, assignment.block, assignment.value
        return None
