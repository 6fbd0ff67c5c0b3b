"""The customer's stream endpoint in FastAPI: ids that count, retry, a ping every 25 seconds, polling.

With VARIANT=fastapi-queue, a new log is serialised once and put into a queue of each listener.
"""

import asyncio
import json
import logging
import os
import time
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

UPSTREAM = urlsplit(os.environ["UPSTREAM"])
USES_QUEUES = os.environ.get("VARIANT") == "fastapi-queue"
POLL_SECONDS = 0.1
PING_SECONDS = 25
FIRST_LINES = "retry: 5000\n\n"
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

# It warns of each write after the end of a round, when the listeners have left.
logging.getLogger("asyncio").setLevel(logging.ERROR)

app = FastAPI()
logs: list[dict] = []
queues: set[asyncio.Queue] = set()


def frame(number: int, log: dict) -> str:
    return f"id: {number}\ndata: {json.dumps(log)}\n\n"


async def follow_source() -> None:
    reader, writer = await asyncio.open_connection(UPSTREAM.hostname, UPSTREAM.port, limit=2**20)
    writer.write(b"GET /logs/stream HTTP/1.1\r\nHost: upstream\r\n\r\n")
    async for line in reader:
        if not line.startswith(b"data: "):
            continue
        log = json.loads(line[6:])
        logs.append(log)
        if queues:
            text = frame(len(logs), log)
            for queue in queues:
                queue.put_nowait(text)


@app.on_event("startup")
async def start() -> None:
    app.state.source = asyncio.create_task(follow_source())


async def poll(request: Request):
    yield FIRST_LINES
    position = len(logs)
    pinged_at = time.monotonic()
    while not await request.is_disconnected():
        while position < len(logs):
            position += 1
            yield frame(position, logs[position - 1])
        if time.monotonic() - pinged_at >= PING_SECONDS:
            pinged_at = time.monotonic()
            yield ":ping\n\n"
        await asyncio.sleep(POLL_SECONDS)


async def take():
    queue: asyncio.Queue = asyncio.Queue()
    queues.add(queue)
    try:
        yield FIRST_LINES
        while True:
            try:
                yield queue.get_nowait()
                continue
            except asyncio.QueueEmpty:
                pass
            try:
                yield await asyncio.wait_for(queue.get(), PING_SECONDS)
            except asyncio.TimeoutError:
                yield ":ping\n\n"
    finally:
        queues.discard(queue)


@app.get("/logs/stream")
async def stream(request: Request) -> StreamingResponse:
    events = take() if USES_QUEUES else poll(request)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)
