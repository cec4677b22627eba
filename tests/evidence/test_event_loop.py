"""Rules about event loops, on real workers."""

from __future__ import annotations

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

# The coroutines of the examples have no body. These have one, and are put in their place.
SLOW_CHARGE = """
import asyncio
import shop.tasks

async def charge(order_id):
    await asyncio.sleep(1)

shop.tasks.charge = charge
"""
NOTIFY = """
import shop.tasks

async def notify(user_id, text):
    print(f"notified {user_id}")

shop.tasks.notify = notify
"""
NEWSLETTER = """
import asyncio
import shop.tasks

issues = []

async def rest(issue):
    try:
        await asyncio.sleep(0.1)
        print(f"the rest of {issue} ran in {issues[-1]}")
    except asyncio.CancelledError:
        print(f"the rest of {issue} was cancelled in {issues[-1]}")

async def send_newsletter(issue):
    issues.append(issue)
    left = asyncio.create_task(rest(issue))
    await asyncio.sleep(0.01 if issue == "May" else 0.5)

shop.tasks.send_newsletter = send_newsletter
"""
FORGET = """
import shop.cache
import shop.tasks

async def forget(key):
    print(f"forgot {key}")

for module in (shop.cache, shop.tasks):
    if hasattr(module, "forget"):
        module.forget = forget
"""


@Experiment(
    "CEL101",
    pools=("threads",),
    files={"shop/profiles.py": "async def fetch_profile(user_id):\n    return user_id\n"},
    fails=r"RuntimeError: There is no current event loop in thread 'ThreadPoolExecutor-\w+'",
    works=r"succeeded in …s: 7",
)
def test_get_event_loop_in_task(project: Project) -> str:
    project.python("from proj.tasks import refresh_profile; refresh_profile.delay(7)")
    return project.worker().until("succeeded|Traceback")


@Experiment(
    "CEL102",
    pools=("threads",),
    example="The fix > A loop that was found or kept",
    fails=r"RuntimeError: There is no current event loop in thread 'ThreadPoolExecutor-\w+'",
    works=r"succeeded in …s: None",
)
def test_loop_in_a_thread(project: Project) -> str:
    project.python("from shop.tasks import newsletter; newsletter.delay('May')")
    return project.worker().until("succeeded|Traceback")


@Experiment(
    "CEL102",
    pools=("prefork", "solo"),
    files={"driver.py": NEWSLETTER},
    fails="the rest of May ran in June",
    works="the rest of May was cancelled in May",
)
def test_loop_that_is_kept(project: Project) -> str:
    project.python("from shop.tasks import newsletter as n; n.delay('May'); n.delay('June')")
    return project.worker("-I", "driver", size=1).until("succeeded", times=2)


@Experiment(
    "CEL103",
    pools=("gevent", "eventlet"),
    files={"driver.py": SLOW_CHARGE},
    fails=(r"RuntimeError\(.asyncio.run\(\) cannot be called from a running event loop.\)", "1 of 3 succeeded"),
    works="3 of 3 succeeded",
)
def test_asyncio_on_green_pool(project: Project) -> str:
    project.python("from shop.tasks import charge_order as c; c.delay(1); c.delay(2); c.delay(3)")
    (command,) = project.commands("docker-compose.yml")
    words = [word.replace("gevent", project.pool) for word in command[1:]]
    log = project.celery(*words, "-I", "driver", "--loglevel=INFO").until("succeeded|raised", times=3)
    return f"{log}\n{log.count('succeeded in')} of 3 succeeded"


@Experiment(
    "CEL104",
    pools=("prefork", "threads", "solo", "gevent", "eventlet"),
    fails=(r"succeeded in …s: <coroutine object sync_stock at 0x…>", "coroutine 'sync_stock' was never awaited"),
    works=r"succeeded in …s: None",
)
def test_async_def_task(project: Project) -> str:
    project.python("from proj.tasks import sync_stock; sync_stock.delay(7)")
    worker = project.worker()
    worker.until("succeeded")
    return worker.until("never awaited", seconds=1)


@Experiment(
    "CEL105",
    pools=("prefork",),
    broker="redis",
    needs=("redis",),
    fails=r"RuntimeError\(.Event loop is closed.\)",
    works="6 of 6 succeeded",
)
def test_loop_bound_global(project: Project) -> str:
    project.python("from proj.tasks import warm_cache as w\nfor product in range(6): w.delay(product)")
    log = project.worker(size=1).until("succeeded|raised", times=6)
    return f"{log}\n{log.count('succeeded in')} of 6 succeeded"


@Experiment(
    "CEL106",
    pools=("prefork", "threads"),
    files={"driver.py": NOTIFY},
    fails=("coroutine 'notify' was never awaited", "succeeded in …s: None"),
    works="notified 7",
)
def test_coroutine_never_run(project: Project) -> str:
    project.python("from shop.tasks import order_shipped; order_shipped.delay(7)")
    return project.worker("-I", "driver").until("succeeded")


@Experiment("CEL107", fails="the event loop stood still", works="the event loop went on", broker="none")
def test_enqueue_blocks_event_loop(project: Project) -> str:
    """The broker does not answer: nothing listens on port 1."""
    return project.python(
        """
import asyncio, contextlib, time
from proj.tasks import upload

async def pauses():
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
    except asyncio.CancelledError:
        return max(longest, time.monotonic() - last)

async def main():
    watch = asyncio.create_task(pauses())
    await asyncio.sleep(0.1)
    started = time.monotonic()
    with contextlib.suppress(Exception):
        await upload("x.png")
    took = time.monotonic() - started
    watch.cancel()
    print("the event loop", "stood still" if await watch > took / 2 else "went on")

asyncio.run(main())
""",
        CELERY_BROKER_URL="redis://127.0.0.1:1",
    )


@Experiment(
    "CEL109",
    pools=("prefork", "threads"),
    files={"driver.py": FORGET},
    fails="coroutine 'forget' was never awaited",
    works="forgot keys",
)
def test_nested_event_loop(project: Project) -> str:
    project.python("from shop.tasks import rotate; rotate.delay()")
    return project.worker("-I", "driver", PYTHONWARNINGS="default").until("succeeded|Traceback")
