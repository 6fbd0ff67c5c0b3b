"""Logs in SQLite, as event-stream text. `python3 log_store.py` appends one log per second."""
import json
import os
import re
import sqlite3
import threading
import time
from pathlib import Path

PAGE = 500

# One connection per process. It is used by several threads, one at a time.
_database = sqlite3.connect(os.environ.get("SQLITE_PATH", "logs.db"), isolation_level=None, check_same_thread=False)
_lock = threading.Lock()
_database.executescript(Path(__file__).with_name("logs.sql").read_text())


def _rows(sql, *values):
    with _lock:
        return _database.execute(sql, values).fetchall()


def append(log):
    _rows("INSERT INTO logs (data) VALUES (?)", json.dumps(log))


def _gap(reason):
    """The event that says that logs may be missing here. It has no id, so the browser keeps its position."""
    return f'event: sse-proxy:gap\ndata: {{"reason":"{reason}"}}\n\n'


class Subscription:
    """The position of one stream in the logs: everything after it is still to be sent."""

    def __init__(self, last_event_id):
        ((self._epoch,),) = _rows("SELECT epoch FROM store")
        ((first, last),) = _rows("SELECT (SELECT min(number) FROM logs), (SELECT max(seq) FROM sqlite_sequence)")
        last = last or 0
        known = re.fullmatch(self._epoch + "-([0-9]{1,15})", last_event_id)
        if known and int(known[1]) <= last:
            self._position = int(known[1])
            self.first_text = ""
        elif last_event_id:
            # An id that this store never gave: send all logs, and never start silently at the newest one.
            self._position = (first or last + 1) - 1
            self.first_text = _gap("unknown-id")
        else:
            # New logs only. With this id, a client whose stream breaks before its first log can resume.
            self._position = last
            self.first_text = f"id: {self._epoch}-{last}\n\n"

    def next_text(self):
        """Returns the events after the position, at most PAGE, and moves the position. '' if there are none."""
        rows = _rows("SELECT number, data FROM logs WHERE number > ? ORDER BY number LIMIT ?", self._position, PAGE)
        if not rows:
            return ""
        text = "" if rows[0][0] == self._position + 1 else _gap("trimmed")
        self._position = rows[-1][0]
        return text + "".join(f"id: {self._epoch}-{number}\ndata: {data}\n\n" for number, data in rows)


if __name__ == "__main__":
    while True:
        append({"level": "INFO", "message": "a log", "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        time.sleep(1)
