"""What Celery has removed or deprecated: written by hand, checked against each release by `read_celery_table.py`.

An entry is `name: (replacement, release that deprecated it, release that removed or removes it)`. An empty
replacement: there is none. A name that is removed must not be there in the release that is read, a deprecated one
must be, or the script fails.
"""

from __future__ import annotations

Changes = dict[str, tuple[str, str, str]]

# Modules and their members that an import of any 5.x release no longer finds.
REMOVED: Changes = {
    "celery.task": ("celery.shared_task", "4.0", "5.0"),
    "celery.task.Task": ("celery.Task", "4.0", "5.0"),
    "celery.task.base.Task": ("celery.Task", "4.0", "5.0"),
    "celery.task.task": ("celery.shared_task", "4.0", "5.0"),
    "celery.task.base.task": ("celery.shared_task", "4.0", "5.0"),
    "celery.task.group": ("celery.group", "4.0", "5.0"),
    "celery.task.chord": ("celery.chord", "4.0", "5.0"),
    "celery.task.subtask": ("celery.signature", "4.0", "5.0"),
    "celery.task.current": ("celery.current_task", "4.0", "5.0"),
    "celery.task.periodic_task": ("", "4.0", "5.0"),
    "celery.task.PeriodicTask": ("", "4.0", "5.0"),
    "celery.task.base.periodic_task": ("", "4.0", "5.0"),
    "celery.task.base.PeriodicTask": ("", "4.0", "5.0"),
    "celery.task.base": ("celery.app.task", "4.0", "5.0"),
    "celery.task.control": ("celery.app.control", "4.0", "5.0"),
    "celery.task.http": ("", "4.0", "5.0"),
    "celery.task.schedules": ("celery.schedules", "4.0", "5.0"),
    "celery.task.sets": ("celery.canvas", "4.0", "5.0"),
    "celery.task.sets.TaskSet": ("celery.group", "3.0", "4.0"),
    "celery.task.sets.subtask": ("celery.signature", "4.0", "5.0"),
    "celery.task.trace": ("celery.app.trace", "4.0", "5.0"),
    "celery.decorators": ("celery", "2.0", "5.0"),
    "celery.decorators.task": ("celery.shared_task", "2.0", "5.0"),
    "celery.decorators.periodic_task": ("", "2.0", "5.0"),
    "celery.five": ("", "4.0", "5.0"),
    "celery.app.abstract": ("", "3.0", "4.0"),
    "celery.app.current_task": ("celery.current_task", "2.5", "3.0"),
    "celery.apps.celerybeat": ("celery.apps.beat", "3.0", "4.0"),
    "celery.backends.amqp": ("celery.backends.rpc", "4.0", "5.0"),
    "celery.backends.riak": ("", "4.4", "5.0"),
    "celery.bin.Option": ("click.Option", "4.0", "5.0"),
    "celery.bin.base.Command": ("click.Command", "4.4", "5.0"),
    "celery.bin.base.Option": ("click.Option", "4.4", "5.0"),
    "celery.bin.camqadm": ("celery.bin.amqp", "3.0", "4.0"),
    "celery.bin.celerybeat": ("celery.bin.beat", "3.0", "4.0"),
    "celery.bin.celeryctl": ("celery.bin.celery", "3.0", "4.0"),
    "celery.bin.celeryd": ("celery.bin.worker", "3.0", "4.0"),
    "celery.bin.celeryd_multi": ("celery.bin.multi", "3.0", "4.0"),
    "celery.concurrency.processes": ("celery.concurrency.prefork", "3.1", "4.0"),
    "celery.concurrency.threads": ("celery.concurrency.thread", "3.1", "4.0"),
    "celery.conf": ("", "2.0", "3.0"),
    "celery.contrib.batches": ("", "4.0", "4.0"),
    "celery.contrib.bundles": ("", "3.0", "4.0"),
    "celery.contrib.methods": ("", "4.0", "4.0"),
    "celery.datastructures": ("celery.utils.collections", "4.0", "5.0"),
    "celery.result.BaseAsyncResult": ("celery.result.AsyncResult", "3.0", "4.0"),
    "celery.result.TaskSetResult": ("celery.result.GroupResult", "3.0", "4.0"),
    "celery.utils.compat": ("", "4.0", "4.0"),
    "celery.utils.datastructures": ("celery.utils.collections", "4.0", "5.0"),
    "celery.utils.deprecated_property": ("celery.utils.deprecated.Property", "4.0", "5.0"),
    "celery.utils.encoding": ("kombu.utils.encoding", "4.0", "5.0"),
    "celery.utils.fun_takes_kwargs": ("celery.utils.functional.fun_takes_argument", "4.0", "4.0"),
    "celery.utils.is_iterable": ("", "4.0", "4.0"),
    "celery.utils.isatty": ("celery.platforms.isatty", "4.0", "4.0"),
    "celery.utils.kwdict": ("", "4.0", "4.0"),
    "celery.utils.mail": ("", "4.0", "4.0"),
    "celery.utils.qualname": ("celery.utils.imports.qualname", "3.0", "4.0"),
    "celery.utils.strtobool": ("celery.utils.serialization.strtobool", "4.0", "4.0"),
    "celery.utils.timedelta_seconds": ("", "4.0", "4.0"),
    "celery.utils.timeutils": ("celery.utils.time", "4.0", "4.0"),
    "celery.utils.warn_deprecated": ("", "4.0", "5.0"),
    "celery.worker.job": ("celery.worker.request", "4.0", "4.0"),
}

# Still importable.
DEPRECATED: Changes = {
    "celery.subtask": ("celery.signature", "3.0", "6.0"),
    "celery.canvas.subtask": ("celery.signature", "3.0", "6.0"),
    "celery.canvas.maybe_subtask": ("celery.canvas.maybe_signature", "3.0", "6.0"),
    "celery.execute": ("", "2.4", "6.0"),
    "celery.execute.send_task": ("", "2.4", "6.0"),
    "celery.log": ("celery.utils.log", "2.4", "6.0"),
    "celery.log.get_default_logger": ("celery.utils.log.get_logger", "2.4", "6.0"),
    "celery.messaging": ("", "2.4", "6.0"),
    "celery.registry": ("", "2.4", "6.0"),
    "celery.registry.tasks": ("", "2.4", "6.0"),
    "celery.backends.cache.get_best_memcache": ("celery.backends.cache.get_memcache_client", "5.7", "6.0"),
    "celery.backends.cache.import_best_memcache": ("celery.backends.cache.get_memcache_client", "5.7", "6.0"),
    "celery.signals.task_sent": ("celery.signals.before_task_publish", "3.1", "6.0"),
}

# Options of a task (of its decorator, or of its class), by what the release does with them.
REMOVED_TASK_OPTIONS: Changes = {
    "accept_magic_kwargs": ("", "3.0", "4.0"),
    "disable_error_emails": ("", "3.1", "4.0"),
    "error_whitelist": ("throws", "3.1", "4.0"),
    "send_error_emails": ("", "3.1", "4.0"),
}
DEPRECATED_TASK_OPTIONS: Changes = {
    "abstract": ("", "4.0", "6.0"),
    "acks_on_failure_or_timeout": ("acks_on_failure", "5.7", "7.0"),
    "delivery_mode": ("task_routes", "5.7", "6.0"),
    "exchange": ("task_routes", "5.7", "6.0"),
    "exchange_type": ("task_routes", "5.7", "6.0"),
    "priority": ("task_routes", "5.7", "6.0"),
    "queue": ("task_routes", "5.7", "6.0"),
    "routing_key": ("task_routes", "5.7", "6.0"),
}

# Methods and attributes of tasks and of results.
DEPRECATED_MEMBERS: dict[str, Changes] = {
    "celery.app.task.Task": {
        "subtask": ("signature", "3.1", "6.0"),
        "subtask_from_request": ("signature_from_request", "3.1", "6.0"),
    },
    "celery.result.AsyncResult": {
        "wait": ("get", "2.4", "6.0"),
        "task_id": ("id", "2.4", "6.0"),
        "status": ("state", "2.4", "6.0"),
    },
}

# Settings of before Celery 4 and 5 that nothing reads any more, under their old names.
REMOVED_SETTINGS: Changes = {
    "CELERYD_LOG_LEVEL": ("", "2.4", "4.0"),
    "CELERYMON_LOG_FORMAT": ("", "2.4", "3.0"),
    "CELERY_AMQP_TASK_RESULT_EXPIRES": ("result_expires", "2.5", "4.0"),
    "CELERY_AMQP_TASK_RESULT_CONNECTION_MAX": ("broker_pool_limit", "2.5", "4.0"),
    "CELERY_CHORD_PROPAGATES": ("", "3.1", "5.0"),
    "CELERY_SEND_TASK_ERROR_EMAILS": ("", "3.1", "4.0"),
    "CELERY_TASK_ERROR_WHITELIST": ("", "2.5", "4.0"),
}
