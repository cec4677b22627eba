"""What every tool must find when it is asked to: `run.py` looks before it measures."""

import asyncio
import time

import requests
from celery import Celery

app = Celery("sample", broker="redis://")


async def work():
    time.sleep(1)


@app.task
def fetch():
    print("fetching")
    loop = asyncio.get_event_loop()
    loop.run_until_complete(work())
    time.sleep(30)
    return requests.get("https://example.org").text
