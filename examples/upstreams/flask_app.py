"""A log service with Flask. A stream occupies a thread, so --threads is the number of streams. Run:
SSE_TOKEN=secret python3 -m gunicorn flask_app:app --bind 127.0.0.1:8610 --worker-class gthread --threads 64
"""
import hmac
import os
import sqlite3
import time

from flask import Flask, Response, abort, request

from log_store import Subscription

TOKEN = os.environ["SSE_TOKEN"]
POLL_SECONDS = float(os.environ.get("SSE_POLL_INTERVAL", "0.5"))
HEARTBEAT_SECONDS = float(os.environ.get("SSE_HEARTBEAT_INTERVAL", "15"))
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

app = Flask(__name__)


def check_token(authorization):
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        abort(Response(status=401, headers={"WWW-Authenticate": "Bearer"}))
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        abort(403)


@app.get("/logs/stream")
def stream():
    check_token(request.headers.get("Authorization", ""))
    # Queries before the response begins: if the database fails now, the response can still be a 503.
    subscription = Subscription(request.headers.get("Last-Event-ID", ""))
    return Response(texts(subscription), mimetype="text/event-stream", headers=HEADERS)


def texts(subscription):
    # Neither `retry:` nor a heartbeat is followed by an empty line, because some clients take that for an event.
    # gunicorn sends the headers with the first text.
    yield "retry: 2000\n" + subscription.first_text
    sent_at = time.monotonic()
    while True:
        text = subscription.next_text()
        if not text:
            time.sleep(POLL_SECONDS)
            if time.monotonic() - sent_at < HEARTBEAT_SECONDS:
                continue
            text = ": heartbeat\n"
        # Returns once the socket takes more: back pressure. A client that has left is noticed here, too.
        yield text
        sent_at = time.monotonic()


@app.errorhandler(sqlite3.Error)
def unavailable(_error):
    return {"title": "The database is unavailable"}, 503, {"Retry-After": "5"}
