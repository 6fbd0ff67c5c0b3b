"""A log service with FastAPI. Run: SSE_TOKEN=secret python3 -m uvicorn fastapi_app:app --port 8610"""
import asyncio
import hmac
import os
import sqlite3
import time

from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse, StreamingResponse

from log_store import Subscription

TOKEN = os.environ["SSE_TOKEN"]
POLL_SECONDS = float(os.environ.get("SSE_POLL_INTERVAL", "0.5"))
HEARTBEAT_SECONDS = float(os.environ.get("SSE_HEARTBEAT_INTERVAL", "15"))
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

app = FastAPI()


def check_token(authorization):
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        raise HTTPException(403)


@app.get("/logs/stream")
async def stream(authorization: str = Header(default=""), last_event_id: str = Header(default="")):
    check_token(authorization)
    # Queries before the response begins: if the database fails now, the response can still be a 503.
    subscription = await asyncio.to_thread(Subscription, last_event_id)
    return StreamingResponse(texts(subscription), media_type="text/event-stream", headers=HEADERS)


async def texts(subscription):
    # Neither `retry:` nor a heartbeat is followed by an empty line, because some clients take that for an event.
    yield "retry: 2000\n" + subscription.first_text
    sent_at = time.monotonic()
    while True:
        text = await asyncio.to_thread(subscription.next_text)
        if not text:
            await asyncio.sleep(POLL_SECONDS)
            if time.monotonic() - sent_at < HEARTBEAT_SECONDS:
                continue
            text = ": heartbeat\n"
        # Returns once the socket takes more: back pressure.
        yield text
        sent_at = time.monotonic()


@app.exception_handler(sqlite3.Error)
async def unavailable(_request, _error):
    return JSONResponse({"title": "The database is unavailable"}, 503, headers={"Retry-After": "5"})
