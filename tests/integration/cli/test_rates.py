"""Exchange rates: added in versions, never changed; a file is taken whole or not at all."""

from __future__ import annotations

from pathlib import Path

from tests.support.pointstream import Pointstream
from tests.support.stack import Stack

MAY = "2026-05-01T00:00:00Z"
ACME = ("--tenant", "acme")


async def kept(stack: Stack) -> list[tuple[object, ...]]:
    rows = await stack.fetch(
        "SELECT tenant_id, currency, version, rate_e9 FROM platform.exchange_rate ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in rows]


async def test_a_correction_is_a_new_version(stack: Stack, pointstream: Pointstream) -> None:
    told = await pointstream.run("rates", "add", "USD", "0.92", "--from", MAY, *ACME)
    assert told["added"] == [{"currency": "USD", "rate": "0.92", "from": "2026-05-01T00:00:00+00:00", "version": 1}]
    assert (await pointstream.run("rates", "add", "USD", "0.920", "--from", MAY, *ACME))["known"] == 1
    await pointstream.run("rates", "add", "USD", "0.925", "--from", MAY, *ACME)
    await pointstream.run("rates", "add", "USD", "0.92", "--from", MAY, *ACME)
    await pointstream.run("rates", "add", "USD", "1.1", "--from", "2026-06-01T00:00:00Z", *ACME, "--dry-run")
    await pointstream.run("rates", "add", "EUR", "1.1", "--from", MAY, "--tenant", "globex")
    assert await kept(stack) == [
        (1, "USD", 1, 920_000_000),
        (1, "USD", 2, 925_000_000),
        (1, "USD", 3, 920_000_000),
        (2, "EUR", 1, 1_100_000_000),
    ]
    listed = (await pointstream.run("rates", "list", *ACME))["rates"]
    assert [(rate["version"], rate["rate"], rate["replaced"]) for rate in listed] == [
        (1, "0.92", True),
        (2, "0.925", True),
        (3, "0.92", False),
    ]


async def test_what_is_no_rate_is_refused(stack: Stack, pointstream: Pointstream) -> None:
    for currency, rate, why in (
        ("USD", "0", "zero"),
        ("USD", "1.0000000001", "more than"),
        ("EUR", "1", "own currency"),
        ("ZZZ", "1", "no active currency"),
    ):
        refused = await pointstream.run("rates", "add", currency, rate, "--from", MAY, *ACME, expect=2)
        assert why in refused["error"]
    negative = await pointstream.run("rates", "add", "--from", MAY, *ACME, "--", "USD", "-1", expect=2)
    assert "negative" in negative["error"]
    assert await kept(stack) == []


async def test_a_file_is_added_whole_or_not_at_all(stack: Stack, pointstream: Pointstream, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(f"currency,rate,from\nUSD,0.92,{MAY}\nCHF,0,{MAY}\n")
    wrong = await pointstream.run("rates", "import", file, *ACME, expect=6)
    assert "line 3: '0' is zero" in wrong["error"]
    assert await kept(stack) == []
    file.write_text(f"currency,rate,from\nUSD,0.92,{MAY}\nCHF,1.05,{MAY}\nUSD,0.93,2026-06-01T00:00:00+02:00\n")
    assert len((await pointstream.run("rates", "import", file, *ACME))["added"]) == 3
    assert (await pointstream.run("rates", "import", file, *ACME))["known"] == 3
    assert [row[1:3] for row in await kept(stack)] == [("CHF", 1), ("USD", 1), ("USD", 2)]
