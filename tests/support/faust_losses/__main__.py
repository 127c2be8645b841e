"""An agent that writes down, line by line in a file, which records it began with and which it finished.

Told by the environment: `LOSSES_BOOTSTRAP`, `LOSSES_TOPIC`, `LOSSES_NOTES` (the file), `LOSSES_CONCURRENCY`, and
`LOSSES_FAULT`: what happens to the record `fault`: `raises`, `hangs`, or nothing.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import faust

BOOTSTRAP, TOPIC, FAULT = (os.environ[f"LOSSES_{name}"] for name in ("BOOTSTRAP", "TOPIC", "FAULT"))
NOTES = Path(os.environ["LOSSES_NOTES"])

app = faust.App(
    TOPIC,
    broker=f"kafka://{BOOTSTRAP}",
    value_serializer="raw",
    broker_commit_interval=0.1,
    broker_session_timeout=6.0,
    broker_heartbeat_interval=1.0,
    consumer_auto_offset_reset="earliest",
    stream_wait_empty=False,
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
    datadir=str(NOTES.parent / "faust"),
)


def note(what: str, record: bytes) -> None:
    """Write it down at once."""
    with NOTES.open("a", encoding="utf-8") as notes:
        notes.write(f"{what} {record.decode()}\n")


@app.agent(
    app.topic(TOPIC, value_type=bytes, internal=False),
    concurrency=int(os.environ["LOSSES_CONCURRENCY"]),
)
async def take(records: faust.StreamT[bytes]) -> None:
    """Take records as any agent does."""
    async for record in records:
        note("began", record)
        if record == b"fault" and FAULT == "raises":
            raise ValueError("this record can't be taken today")
        if record == b"fault" and FAULT == "hangs":
            await asyncio.Event().wait()
        note("done", record)


if __name__ == "__main__":
    faust.Worker(app, quiet=True, override_logging=False, redirect_stdouts=False).execute_from_commandline()
