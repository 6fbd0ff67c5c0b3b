"""Writes logs into MongoDB as the pipelines of the customer do: one document each, in the shape that PyMODM gives it.

Arguments: URI, namespace, prefix of the messages, number of logs (0: until it is killed), seconds between two logs.
Prints the message of each log once the server has acknowledged it.
"""

import sys
import time
from datetime import datetime

from bson import ObjectId
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, DuplicateKeyError

uri, namespace, prefix, count, interval = sys.argv[1:6]
database, _, name = namespace.partition(".")
collection = MongoClient(uri, serverSelectionTimeoutMS=10000)[database][name]


def document(message):
    now = datetime.utcnow()
    return {
        "_id": ObjectId(),
        "_cls": "models.log.PipelineLog",
        "logLevel": "INFO",
        "logType": "APPLICATION",
        "message": message,
        "stageName": "ETL_PROCESSING",
        "duration": "",
        "description": "",
        "time": now,
        "isoTime": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "meta": {
            "_cls": "models.log.Meta",
            "timestamp": int(time.time() * 1000),
            "pipelineID": "p-1",
            "execID": "4021",
            "workspaceID": "ws",
            "workflowID": "wf",
            "pipelineType": "L3L5ETL",
        },
    }


def insert(log):
    """Repeats the insertion until it is acknowledged. The document keeps its _id, so it is stored once."""
    while True:
        try:
            collection.insert_one(log)
            return
        except DuplicateKeyError:
            return
        except AutoReconnect:
            time.sleep(0.05)


number = 0
while not int(count) or number < int(count):
    message = f"{prefix}{number}"
    insert(document(message))
    print(message, flush=True)
    number += 1
    time.sleep(float(interval))
