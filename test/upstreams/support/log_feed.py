"""The logs that the Python upstreams of these tests serve.

The test appends lines `<milliseconds> <number>` to a file; a thread reads them. `IDS` selects the ids:
- `ms`: the milliseconds, which several logs share. The logs survive a restart, as in a database.
- `counter`: counts from 1 in this process. A restart forgets all earlier logs and counts from 1 again.
"""
import os
import threading
import time

POLL_SECONDS = 0.02
RETRY_MS = 50

_counter = os.environ["IDS"] == "counter"
_logs = []  # (id, frame); only ever appended to


def _follow(path):
    with open(path, encoding="utf-8") as file:
        if _counter:
            file.seek(0, os.SEEK_END)
        pending = ""
        while True:
            text = file.read()
            if not text:
                time.sleep(POLL_SECONDS / 2)
                continue
            lines = (pending + text).split("\n")
            pending = lines.pop()
            for line in lines:
                milliseconds, number = line.split(" ")
                identifier = len(_logs) + 1 if _counter else int(milliseconds)
                frame = f'id: {identifier}\ndata: {{"number":{number}}}\n\n'
                _logs.append((identifier, frame))


threading.Thread(target=_follow, args=(os.environ["LOG_FILE"],), daemon=True).start()


class Subscription:
    """The logs of one request: those with an id `>=` Last-Event-ID, then new ones as they are appended."""

    def __init__(self, last_event_id):
        self._next = len(_logs)
        self._pending = f"retry: {RETRY_MS}\n\n"
        if last_event_id is not None:
            since = int(last_event_id)
            self._pending += "".join(frame for identifier, frame in _logs[: self._next] if identifier >= since)

    def take(self):
        """Returns the frames since the last call; an empty string if there are none."""
        end = len(_logs)
        text = self._pending + "".join(frame for _, frame in _logs[self._next : end])
        self._next = end
        self._pending = ""
        return text
