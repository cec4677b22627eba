"""Rules about databases, on a real PostgreSQL."""

from __future__ import annotations

import re

from tests.evidence.experiment import Experiment
from tests.evidence.project import Project

# The pages call the database server `db`. For drivers that look up its address it is this machine.
HERE = """
import socket
lookup = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: lookup("127.0.0.1" if host == "db" else host, *rest, **more)
"""
MODEL = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase): ...

class {name}(Base):
    __tablename__ = "{table}"
    id: Mapped[int] = mapped_column(primary_key=True)
    {columns}
"""
ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, state text, total int, paid bool); INSERT INTO orders VALUES (1)"
DATABASE_ERRORS = re.compile(
    r"raised unexpected: (ResourceClosed|Database|Programming|Operational|Interface|Internal|NoSuchColumn)Error"
)
OPEN_TRANSACTIONS = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"


@Experiment(
    "CEL301",
    pools=("prefork", "solo"),
    servers=("postgresql",),
    needs=("sqlalchemy", "asyncpg"),
    files={"driver.py": HERE},
    fails=r"attached to a different loop|another operation is in progress|Event loop is closed",
    works="8 of 8 succeeded",
)
def test_pooled_async_engine(project: Project) -> str:
    sql(project, "CREATE TABLE carts (expires_at timestamptz)")
    project.python("from shop.tasks import cleanup\nfor _ in range(8): cleanup.delay()")
    return succeeded(project, 8, "-I", "driver", size=1)


@Experiment(
    "CEL302",
    pools=("prefork",),
    servers=("postgresql",),
    needs=("sqlalchemy", "psycopg", "psycopg2"),
    fails="some of 60 tasks fail with errors of the database",
    works="60 of 60 succeeded",
)
def test_engine_used_before_fork(project: Project) -> str:
    sql(project, ORDERS)
    project.python("from shop.tasks import count_orders\nfor _ in range(60): count_orders.delay()")
    return succeeded(project, 60)


@Experiment(
    "CEL303",
    pools=("prefork",),
    servers=("postgresql",),
    needs=("psycopg2",),
    fails="some of 60 tasks fail with errors of the database",
    works="60 of 60 succeeded",
)
def test_client_opened_before_fork(project: Project) -> str:
    sql(project, ORDERS)
    project.python("from proj.tasks import count_orders\nfor _ in range(60): count_orders.delay()")
    return succeeded(project, 60)


@Experiment(
    "CEL304",
    pools=("prefork",),
    servers=("postgresql",),
    needs=("sqlalchemy", "psycopg", "psycopg2"),
    files={"shop/models.py": MODEL.format(name="Order", table="orders", columns="state: Mapped[str | None]")},
    fails="the task has returned, and 1 transactions are open",
    works="the task has returned, and 0 transactions are open",
)
def test_session_not_scoped(project: Project) -> str:
    """The order does not exist, so that the task returns early."""
    sql(project, ORDERS)
    project.python("from proj.tasks import close_order; close_order.delay(404)")
    project.worker(size=1).until("succeeded|raised")
    return f"the task has returned, and {sql(project, OPEN_TRANSACTIONS)} transactions are open"


@Experiment(
    "CEL305",
    pools=("prefork",),
    servers=("postgresql",),
    needs=("sqlalchemy", "psycopg", "psycopg2", "requests"),
    files={
        "models.py": MODEL.format(
            name="Order", table="orders", columns="total: Mapped[int | None]\n    paid: Mapped[bool | None]"
        ),
        "driver.py": """
import time
from types import SimpleNamespace
import requests
import models
import proj.tasks

def post(*arguments, **options):
    print("the service is slow")
    time.sleep(20)

requests.post = post
proj.tasks.Order = models.Order
""",
    },
    fails="the task waits for the service, and 1 transactions are open",
    works="the task waits for the service, and 0 transactions are open",
)
def test_session_held_during_wait(project: Project) -> str:
    sql(project, ORDERS)
    project.python("from proj.tasks import charge; charge.delay(1)")
    project.worker("-I", "driver", size=1).until("the service is slow|raised")
    return f"the task waits for the service, and {sql(project, OPEN_TRANSACTIONS)} transactions are open"


@Experiment(
    "CEL306",
    pools=("prefork",),
    files={
        "start_worker.py": """
from proj.tasks import POOL_SIZE, app
print("this worker has a POOL_SIZE of", POOL_SIZE)
app.worker_main(["worker", "--loglevel=INFO"])
"""
    },
    fails=("this worker has a POOL_SIZE of 20", "celery@… ready"),
    works=("this worker has a POOL_SIZE of 1", "celery@… ready"),
)
def test_argv_worker_detection(project: Project) -> str:
    return project.start("python", "start_worker.py", SHOP_WORKER="1").until("ready")


@Experiment(
    "CEL307",
    pools=("threads",),
    servers=("postgresql",),
    needs=("sqlalchemy", "asyncpg"),
    files={"driver.py": HERE},
    fails="is bound to a different event loop",
    works="24 of 24 succeeded",
)
def test_first_connect_race_on_threads(project: Project) -> str:
    project.python("from proj.tasks import load\nfor _ in range(24): load.delay()")
    project.deployed("Procfile", "-I", "driver")
    log = project.until("succeeded in", times=24, seconds=15)
    return f"{log}\n{log.count('succeeded in')} of 24 succeeded"


@Experiment(
    "CEL308",
    pools=("prefork",),
    servers=("postgresql",),
    needs=("sqlalchemy", "psycopg", "psycopg2"),
    files={
        "models.py": MODEL.format(name="Product", table="products", columns="stock: Mapped[int]"),
        "driver.py": """
import time
import models
import proj.tasks
from sqlalchemy import event
from sqlalchemy.orm import Session

proj.tasks.Product = models.Product
event.listen(Session, "before_flush", lambda *_: time.sleep(0.05))
""",
    },
    fails="20 of 20 succeeded, and the stock is wrong",
    works="20 of 20 succeeded, and the stock is right",
)
def test_lock_around_session(project: Project) -> str:
    """The lock is one of each process."""
    sql(project, "CREATE TABLE products (id int PRIMARY KEY, stock int); INSERT INTO products VALUES (1, 100)")
    project.python("from proj.tasks import reserve\nfor _ in range(20): reserve.delay(1)")
    done = succeeded(project, 20, "-I", "driver")
    stock = sql(project, "SELECT stock FROM products")
    return f"{done}, and the stock is {'right' if stock == '80' else 'wrong'}"


def sql(project: Project, statement: str) -> str:
    """What the first column of the last row is that STATEMENT gives in the database `shop`."""
    done = project.python(
        "import psycopg2\n"
        "connection = psycopg2.connect('dbname=shop')\n"
        "cursor = connection.cursor()\n"
        f"cursor.execute({statement!r})\n"
        "print(cursor.fetchall()[-1][0] if cursor.description else '')\n"
        "connection.commit()\n"
    )
    return done.partition("\n")[0]


def succeeded(project: Project, tasks: int, *options: str, size: int = 4) -> str:
    """How many of so many TASKS succeed, with what the worker says of the others."""
    log = project.worker(*options, size=size).until("succeeded in|raised", times=tasks, seconds=15)
    count = len(re.findall("succeeded in", log))
    failed = "fail with errors of the database" if DATABASE_ERRORS.search(log) else "fail or hang"
    return f"{log}\n" + (f"{count} of {tasks} succeeded" if count == tasks else f"some of {tasks} tasks {failed}")
