"""LINK: the facts of all files become a project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from celery_lint.facts.model import Attribute, Call, Function, Name
from celery_lint.finding import Location
from celery_lint.project.code.files import Files
from celery_lint.project.code.foreseen import DECLARES
from celery_lint.project.code.modules import Modules
from celery_lint.project.code.patterns import Pattern
from celery_lint.project.code.roots import Roots, count_imports
from celery_lint.project.code.symbols import ClassRef, External, FunctionRef, Symbols
from celery_lint.project.code.values import Evaluator, Known, Placed, Unknown
from celery_lint.project.deployment.commands import find_commands
from celery_lint.project.deployment.queues import find_queues
from celery_lint.project.deployment.routing import read_routes
from celery_lint.project.deployment.workers import WorkerFinder
from celery_lint.project.model import App, Task, Worker
from celery_lint.project.project import Project
from celery_lint.project.schedule.schedules import find_entries
from celery_lint.project.settings.apps import Apps, Draft, main_name
from celery_lint.project.settings.celery_version import find_release
from celery_lint.project.settings.configuration import Configuration
from celery_lint.project.tasks.declaring import Decorators
from celery_lint.project.tasks.names import task_names
from celery_lint.project.tasks.reach import Reach, Root, signal_roots
from celery_lint.project.tasks.tasks import TaskDraft, TaskFinder, may_declare, options_of
from celery_lint.settings import Settings

_SIGNALS = Pattern(rb"\.connect\b")
_CELERY_NAMED = Pattern(rb"celery")
_CONSUMERS = Pattern(rb"\badd_consumer\b")
_HOOKS = ("__call__", "run", "before_start", "on_success", "on_failure", "on_retry", "after_return", "__init__")


def link(files: Files, options: Settings) -> Project:
    """The project that FILES make up."""
    modules = Modules(files)
    # Of the files that are read anyway to find the tasks.
    imports = count_imports(may_declare(files), files, modules)
    symbols = Symbols(files, modules)
    evaluator = Evaluator(symbols)
    apps = Apps(evaluator)
    celery = find_release(files, options, [_module_path(draft) for draft in apps.drafts])
    commands = find_commands(apps, celery.table, options.workers)
    # From here on everything that is a module has its names.
    roots = Roots(modules, imports, commands.starts)
    made = _apps(apps, roots)
    finder = WorkerFinder(evaluator, made)
    workers = tuple(finder.find(commands))
    task_finder = TaskFinder(apps, Decorators(apps, options.task_decorators))
    tasks = tuple(_task(draft, apps, made, roots) for draft in _task_drafts(task_finder))
    symbols.bind_self(_bound_tasks(tasks, evaluator))
    tables = {app: read_routes(app, evaluator) for app in made.values()}
    reach = Reach(symbols)
    reached = reach.explore([*_roots(tasks, symbols), *_app_roots(apps, symbols), *_signal_roots(files, symbols)])
    return Project(
        files=files,
        options=options,
        celery=celery,
        symbols=symbols,
        evaluator=evaluator,
        roots=roots,
        apps=tuple(made.values()),
        tasks=tasks,
        workers=workers,
        commands=tuple(finder.commands),
        schedule=tuple(find_entries(apps, made)),
        route_tables=tables,
        queues=tuple(find_queues(files, evaluator, tuple(made.values()), tasks, tables)),
        reach=reach,
        reached=reached,
        tasks_open=_tasks_open(tasks, task_finder.computed, files),
        queues_open=_queues_open(workers, files),
    )


# applications


def _apps(apps: Apps, roots: Roots) -> dict[int, App]:
    configuration = Configuration(apps)
    return {id(draft): _app(draft, apps, configuration, roots) for draft in apps.drafts}


def _module_path(draft: Draft) -> str:
    """The file that holds an application by name, else the one that makes it."""
    return draft.variables[0][0] if draft.variables else draft.location.path


def _app(draft: Draft, apps: Apps, configuration: Configuration, roots: Roots) -> App:
    collector = configuration.of(draft)
    call = draft.constructor.value
    assert isinstance(call, Call)
    path = _module_path(draft)
    module = roots.names_of(path)[0]
    variable = (draft.variables[0][1] if draft.variables else call.target or "").lstrip("@%")
    return App(
        name=f"{module}.{variable}" if variable else module,
        location=draft.location,
        module_path=path,
        variables=draft.variables,
        call=call,
        main=main_name(draft, apps.evaluator),
        settings=collector.settings,
        app_class=draft.app_class,
        task_class=_task_class(draft, call, apps),
        configured_at=tuple(collector.places),
    )


def _task_class(draft: Draft, call: Call, apps: Apps) -> ClassRef | External | None:
    """The base of an app's tasks: `task_cls=`, or `app.Task = …`."""
    if draft.foreign:
        return External("the tasks of an unknown application class")
    argument = call.argument(None, "task_cls")
    if argument is not None:
        found = _class(draft.constructor.at(argument.value), apps)
        return found or External("an unknown class")
    for path in dict.fromkeys([draft.constructor.path, *(path for path, _ in draft.variables)]):
        for assignment in apps.files.python(path).facts.assignments:
            target = assignment.target_value
            owner = _owner_of_task(Placed(path, assignment.block, target))
            if owner is not None and assignment.value is not None and draft in (apps.of(owner) or ()):
                return _class(Placed(path, assignment.block, assignment.value), apps) or External("an unknown class")
    return None


def _owner_of_task(target: Placed) -> Placed | None:
    value = target.value
    if isinstance(value, Name) and value.ref.endswith(".Task"):
        return target.at(Name(value.ref.removesuffix(".Task")))
    if isinstance(value, Attribute) and value.name == "Task":
        return target.at(value.value)
    return None


def _class(placed: Placed, apps: Apps) -> ClassRef | External | None:
    found = apps.symbols.class_of(placed.path, placed.block, placed.value)
    if found is not None:
        return found
    text = apps.evaluator.text(placed)
    if not isinstance(text, Known):
        return None
    dotted = text.value.replace(":", ".")
    return apps.symbols.class_of(placed.path, placed.block, Name(dotted))


# tasks


def _task_drafts(finder: TaskFinder) -> Iterator[TaskDraft]:
    seen: set[Location] = set()
    for draft in finder.find():
        if draft.location not in seen:
            seen.add(draft.location)
            yield draft


def _task(draft: TaskDraft, apps: Apps, made: dict[int, App], roots: Roots) -> Task:
    options, is_open = options_of(draft, apps)
    name = options.get("name")
    owners = [made[id(item)] for item in draft.declaration.apps or ()]
    base = options.get("base")
    base_class = _class(base.value, apps) if base is not None else None
    function = draft.function
    return Task(
        names=task_names(draft, name, apps, roots),
        location=draft.location,
        function=FunctionRef(draft.path, function.block) if function is not None else None,
        decorator=draft.decorator,
        options=options,
        options_open=is_open,
        app=owners[0] if len(owners) == 1 else None,
        apps=tuple(owners) or _apps_near(draft.path, tuple(made.values())),
        base=base_class,
        base_is_unknown=base is not None and base_class is None,
        is_async=function is not None and function.is_async,
        cls=ClassRef(draft.path, draft.cls.block) if draft.cls is not None else None,
        custom_decorator=_wraps(draft.declaration.custom, apps.symbols),
        decorators_below=draft.decorators_below,
        explicit_name=name is not None,
        label=draft.label,
    )


def _bound_tasks(tasks: tuple[Task, ...], evaluator: Evaluator) -> dict[FunctionRef, ClassRef]:
    """What `self` is in bound tasks: an instance of the task's base."""
    found: dict[FunctionRef, ClassRef] = {}
    for task in tasks:
        bind = task.option("bind")
        bases = [base for base in (task.base, *(app.task_class for app in task.apps)) if isinstance(base, ClassRef)]
        if task.function is not None and bases and bind is not None and evaluator.scalar(bind.value) == Known(True):
            found[task.function] = bases[0]
    return found


def _wraps(custom: FunctionRef | None, symbols: Symbols) -> bool:
    """Whether the project's own task decorator puts a function of its own around the task's."""
    if custom is None:
        return False
    return any(True for _ in symbols.index(custom).inside(symbols.fact(custom)))


def _apps_near(path: str, apps: tuple[App, ...]) -> tuple[App, ...]:
    """The applications a shared task may belong to: those that share most folders with it."""
    if len(apps) < 2:
        return apps
    near = {app: _shared_folders(app.module_path, path) for app in apps}
    best = max(near.values())
    return tuple(app for app, shared in near.items() if shared == best)


def _shared_folders(one: str, other: str) -> int:
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    count = 0
    for a, b in pairs:
        if a != b:
            break
        count += 1
    return count


# worker code


def _roots(tasks: tuple[Task, ...], symbols: Symbols) -> Iterator[Root]:
    for task in tasks:
        if task.function is not None:
            yield Root(task.function, f"task `{task.name}`", task.location, task)
        for base in (task.base, task.cls):
            if isinstance(base, ClassRef):
                yield from _hooks(base, task, symbols)
    for app in dict.fromkeys(app for task in tasks for app in task.apps):
        if isinstance(app.task_class, ClassRef):
            first = next(task for task in tasks if app in task.apps)
            yield from _hooks(app.task_class, first, symbols)


def _hooks(base: ClassRef, task: Task, symbols: Symbols) -> Iterator[Root]:
    """What a base class does around each of its tasks."""
    for name in _HOOKS:
        method = symbols.method(base, name)
        if method is not None:
            yield Root(method, f"task `{task.name}`", task.location, task)


def _app_roots(apps: Apps, symbols: Symbols) -> Iterator[Root]:
    """The constructor of the project's own Celery class runs in every worker."""
    for draft in apps.drafts:
        method = symbols.method(draft.app_class, "__init__") if draft.app_class is not None else None
        if method is not None:
            yield Root(method, "the application's constructor", draft.location)


def _signal_roots(files: Files, symbols: Symbols) -> Iterator[Root]:
    yield from signal_roots(symbols, tuple(files.mentioning_all(_SIGNALS, _CELERY_NAMED)))


# what stays open


def _tasks_open(tasks: tuple[Task, ...], computed: Sequence[str], files: Files) -> str | None:
    """Why tasks may exist under names that cannot be seen; None when all are seen. COMPUTED are files that make
    tasks of functions that cannot be told."""
    for path in computed:
        return f"{path} makes tasks at run time"
    for task in tasks:
        if not task.names:
            return f"the name of the task at {task.location.path} is computed"
        fact = files.python(task.location.path)
        function = fact.functions_by_block.get(task.function.block) if task.function is not None else None
        if function is not None and _is_dynamic(files, task, function):
            return f"{task.location.path} makes tasks in a function"
    for path, error in files.unreadable.items():
        if files.mentions(path, DECLARES) or not files.data(path):
            return f"{path} cannot be read: {error.message}"
    return None


def _is_dynamic(files: Files, task: Task, function: Function) -> bool:
    index = files.python(task.location.path)
    return not task.explicit_name and index.function_at(function.outer) is not None


def _queues_open(workers: tuple[Worker, ...], files: Files) -> str | None:
    """Why some worker may consume queues that cannot be seen; None when all are seen."""
    for worker in workers:
        if isinstance(worker.queues, Unknown):
            return f"the queues of `{worker.label}` are computed"
        if worker.excludes_queues:
            return f"`{worker.label}` excludes queues"
    for path in files.mentioning(_CONSUMERS):
        return f"{path} adds consumers at run time"
    return None
