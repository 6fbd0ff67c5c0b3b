"""The customer's stream endpoint in Flask: ids that count, retry, a ping every 25 seconds, polling."""

import json
import os
import socket
import threading
import time
from urllib.parse import urlsplit

from flask import Flask, Response

UPSTREAM = urlsplit(os.environ["UPSTREAM"])
POLL_SECONDS = 0.1
PING_SECONDS = 25
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

app = Flask(__name__)
logs: list[dict] = []


def follow_source() -> None:
    connection = socket.create_connection((UPSTREAM.hostname, UPSTREAM.port))
    connection.sendall(b"GET /logs/stream HTTP/1.1\r\nHost: upstream\r\n\r\n")
    for line in connection.makefile("rb"):
        if line.startswith(b"data: "):
            logs.append(json.loads(line[6:]))


threading.Thread(target=follow_source, daemon=True).start()


def poll():
    yield "retry: 5000\n\n"
    position = len(logs)
    pinged_at = time.monotonic()
    while True:
        while position < len(logs):
            position += 1
            yield f"id: {position}\ndata: {json.dumps(logs[position - 1])}\n\n"
        if time.monotonic() - pinged_at >= PING_SECONDS:
            pinged_at = time.monotonic()
            yield ":ping\n\n"
        time.sleep(POLL_SECONDS)


@app.get("/logs/stream")
def stream() -> Response:
    return Response(poll(), mimetype="text/event-stream", headers=HEADERS)
