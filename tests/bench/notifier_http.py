"""`python -m tests.bench.notifier_http`: reminders handed to an HTTP provider on loopback, beside a bare loop of httpx.

As `tests.bench.notifier`; the bare loop posts the same bodies, as many at once.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import httpx
import orjson
import uvloop

from libs.contacts.addresses import AddressedChannel
from libs.messages.provider_settings import HttpSettings
from services.notifier.channels.channel import Channel, Letter
from services.notifier.channels.exchange import Line
from services.notifier.channels.http import HttpChannel
from tests.bench.notifier import Bench, measure, parse, stage

AT_ONCE = 32


class HttpBench(Bench):
    """One run over HTTP."""

    channel: AddressedChannel = "http"

    def _bytes(self, letter: Letter) -> bytes:
        return orjson.dumps({"to": letter.address, "text": letter.content.text, "id": str(letter.message_id)})

    def _channel(self) -> Channel:
        settings = HttpSettings(
            url=f"http://127.0.0.1:{self._sink.port}/messages",
            json_body={"to": "{to}", "text": "{text}", "id": "{id}"},
        )
        return HttpChannel(settings, Line(at_once=AT_ONCE, loopback=True))

    def _headers(self) -> dict[str, str]:
        """What the bare loop says of each body."""
        return {"Content-Type": "application/json"}

    async def _bare(self, letters: list[bytes]) -> float:
        waiting, url = iter(letters), f"http://127.0.0.1:{self._sink.port}/messages"
        headers = self._headers()
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=AT_ONCE), trust_env=False) as client:

            async def work() -> None:
                for body in waiting:
                    (await client.post(url, content=body, headers=headers)).raise_for_status()

            begun, self._cpu = time.monotonic(), time.process_time()
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            return len(letters) / (time.monotonic() - begun)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    options = parse(arguments)
    with (
        stage("tests.bench.http_sink") as (database, sink),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        print(json.dumps(runner.run(measure(database, sink, options, HttpBench))))


if __name__ == "__main__":
    main(sys.argv[1:])
