"""A log service with FastAPI, as the customer's proof of concept. Run by uvicorn."""
import asyncio

from fastapi import FastAPI, Header
from fastapi.responses import StreamingResponse

from log_feed import POLL_SECONDS, Subscription

app = FastAPI()


@app.get("/logs/stream")
async def stream(last_event_id: str = Header(default=None)):
    subscription = Subscription(last_event_id)

    async def frames():
        while True:
            text = subscription.take()
            if text:
                yield text
            await asyncio.sleep(POLL_SECONDS)

    return StreamingResponse(frames(), media_type="text/event-stream")
