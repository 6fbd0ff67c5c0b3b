"""A log service with Flask, as the customer has it in production. Run by gunicorn with threads."""
import time

from flask import Flask, Response, request

from log_feed import POLL_SECONDS, Subscription

app = Flask(__name__)


@app.get("/logs/stream")
def stream():
    subscription = Subscription(request.headers.get("Last-Event-ID"))

    def frames():
        while True:
            text = subscription.take()
            if text:
                yield text
            time.sleep(POLL_SECONDS)

    return Response(frames(), mimetype="text/event-stream")
