"""The services beside earning and the gateway: they start, tell how they are, and end when asked."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.support import forking
from tests.support.receipts import Record
from tests.support.stack import PATIENCE, SEAL_KEY, Stack, Worker, until

SERVICES = ("expiry", "notifier")


async def hears(stack: Stack, worker: Worker, service: str) -> bool:
    """Announce a programme, and say whether the service has counted one; what came before it listened is not for it."""
    await stack.produce([Record("loyalty.programmes", b"acme/main", b"{}")])
    name = f"loyalty_{service}_programme_announcements_total"
    return await asyncio.to_thread(worker.metric, name) > 0


async def test_idle_services_live(stack: Stack) -> None:
    workers = await asyncio.gather(*(stack.start_ready(service) for service in SERVICES))
    for service, worker in zip(SERVICES, workers, strict=True):
        assert worker.get("/livez") is not None
        await until(partial(hears, stack, worker, service), f"{service} hears of a programme")
    statuses = await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in workers))
    assert statuses == [0, 0], "\n".join(worker.tail() for worker in workers)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("variables", "good"),
    [
        ({"KAFKA__BOOTSTRAP": "localhost:9092", "POSTGRES__DSN": "postgresql://localhost/x"}, True),
        ({"KAFKA__BOOTSTRAP": "localhost:9092"}, False),
        ({"KAFKA__BOOTSTRAP": "localhost:9092", "POSTGRES__DSN": "postgresql://localhost/x", "WEB__PORT": "x"}, False),
    ],
)
def test_settings_are_checked_before_the_start(
    service: str, variables: dict[str, str], good: bool, tmp_path: Path
) -> None:
    environment = {f"POINTSTREAM_{service.upper()}__{name}": value for name, value in variables.items()}
    environment["POINTSTREAM_SEAL_KEY"] = SEAL_KEY
    said = tmp_path / "said"
    check = forking.start(f"services.{service}", environment, said, "check")
    assert (check.wait(PATIENCE) == 0) is good, said.read_text()
