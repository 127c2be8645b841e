"""Members and balances from another system: each once, whatever happens, and file and ledger agree in the end."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from cli.rejects import SUFFIX
from tests.support.command import assert_sound
from tests.support.pointstream import Pointstream
from tests.support.receipts import PROFILES, enrolment
from tests.support.stack import Stack, until

HEADER = "key,card,email,tier,enrolled_at,points,earned_at,expires_at\n"
WORDS = ("--source", "oldcrm", "--tenant", "acme")


def write(folder: Path, text: str, name: str = "members.csv") -> Path:
    file = folder / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return file


async def members(stack: Stack) -> int:
    return int((await stack.fetch("SELECT count(*) FROM members.member"))[0][0])


async def lots(stack: Stack) -> list[tuple[int, datetime, datetime | None]]:
    rows = await stack.fetch("SELECT amount, earned_at, expires_at FROM ledger.lot ORDER BY amount")
    return [tuple(row) for row in rows]


async def test_file_and_ledger_agree(stack: Stack, pointstream: Pointstream, tmp_path: Path) -> None:
    text = (
        HEADER
        + "A1,100,a@example.org,gold,2020-05-01,250,2026-01-15,2036-03-31\n"
        + "A1,100,,gold,2020-05-01,70,2026-02-15T10:00:00Z,never\n"
        + "A2,200,,,2021-01-01,,,\n"
        + "A3,,c@example.org,,2022-01-01T10:00:00+01:00,30,,\n"
    )
    file = write(tmp_path, text, "members.csv.gz")
    await stack.start_ready()
    checked = await pointstream.run("import", "members", file, *WORDS, "--dry-run")
    assert (checked["members"], checked["openings"], checked["points"]) == (3, 3, {"points": 350})
    assert await members(stack) == 0

    told = await pointstream.run("import", "members", file, *WORDS, "--wait")

    assert told["rejected"] == 0
    assert told["reconciliation"] == {
        "members": {"file": 3, "ledger": 3, "difference": 0},
        "wallets": {"points": {"file": 350, "ledger": 350, "difference": 0}},
        "missing": [],
    }
    brought = await lots(stack)
    assert [amount for amount, _, _ in brought] == [30, 70, 250]
    assert brought[1][1:] == (datetime(2026, 2, 15, 10, tzinfo=UTC), None)
    # Days of the programme's zone, Rome: from midnight, and to the end of the last.
    assert brought[2][1:] == (datetime(2026, 1, 14, 23, tzinfo=UTC), datetime(2036, 3, 31, 22, tzinfo=UTC))
    assert brought[0][2] is not None, "without a date the points lapse as the wallet says"

    again = await pointstream.run("import", "members", file, *WORDS, "--wait", "--restart")
    assert again["reconciliation"]["wallets"] == told["reconciliation"]["wallets"]
    assert await lots(stack) == brought, "the same rows bring nothing twice"
    await assert_sound(stack)


async def test_what_is_missing_is_named_with_the_reason(stack: Stack, pointstream: Pointstream, tmp_path: Path) -> None:
    await stack.start_ready()
    await stack.produce([enrolment("100")])
    await stack.drained(PROFILES)
    text = HEADER + "A1,100,,,2020-05-01,50,,\n" + "A2,200,,,2020-05-01,60,2026-01-01,never\n"
    told = await pointstream.run("import", "members", write(tmp_path, text), *WORDS, "--wait", expect=6)
    found = told["reconciliation"]
    assert found["members"]["difference"] == 1
    assert found["wallets"]["points"] == {"file": 110, "ledger": 60, "difference": 50}
    assert {(each["what"], each["points"]) for each in found["missing"]} == {("member", 0), ("points", 50)}
    assert "identifier-taken" in next(each["why"] for each in found["missing"] if each["what"] == "member")

    corrected = text.replace(",60,", ",75,")
    told = await pointstream.run("import", "members", write(tmp_path, corrected), *WORDS, "--wait", expect=6)
    assert told["reconciliation"]["wallets"]["points"]["ledger"] == 60, "other points under the same dates are not paid"
    reasons = {each["points"]: each["why"] for each in told["reconciliation"]["missing"] if each["what"] == "points"}
    assert "an earlier import brought 60" in reasons[15]


async def test_wrong_rows_are_told_and_the_others_go_through(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    rows = (
        "A1,100,,,2020-05-01,50,,never",
        "A2,,,,2020-05-01,50,,never",
        "A3,300,,,2120-05-01,50,,",
        "A4,400,,,2020-05-01,5.5,,",
        "A5,500,,,2020-05-01,-5,,",
        "A6,600,,,2020-05-01,5,,2001-01-01",
        "A7,700,,,first of May,5,,",
        ",,,,,5,,",
    )
    file = write(tmp_path, HEADER + "\n".join(rows) + "\n")
    await stack.start_ready()
    told = await pointstream.run("import", "members", file, *WORDS, "--wait", expect=6)
    assert (told["members"], told["rejected"], told["points"]) == (1, 7, {"points": 50})
    lines = [json.loads(line) for line in file.with_name(file.name + SUFFIX).read_text().splitlines()]
    assert [(line["line"], line["field"]) for line in lines] == [
        (3, "/card"),
        (4, "/enrolled_at"),
        (5, "/points"),
        (6, "/points"),
        (7, "/expires_at"),
        (8, "/enrolled_at"),
        (9, "/key"),
    ]
    assert await members(stack) == 1


async def test_a_file_that_makes_no_sense_as_a_whole_changes_nothing(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    scattered = write(tmp_path, HEADER + "A1,100,,,,5,,\nA2,200,,,,5,,\nA1,100,,,,5,,\n")
    told = await pointstream.run("import", "members", scattered, *WORDS, expect=1)
    assert "in several places" in told["error"]
    strange = write(tmp_path, "card,colour\n1,red\n")
    assert "colour" in (await pointstream.run("import", "members", strange, *WORDS, expect=1))["error"]
    nowhere = await pointstream.run("import", "members", strange, *WORDS, "--opening-wallet", "gems", expect=2)
    assert "no wallet gems" in nowhere["error"]
    foreign = await pointstream.run(
        "import", "members", strange, "--source", "/globex/pos", "--tenant", "acme", expect=2
    )
    assert "a name of small letters" in foreign["error"]
    assert await stack.read(PROFILES) == []


async def test_a_member_id_of_the_file_is_kept_and_one_of_ours_follows_from_the_key(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    own = "01890000-0000-7000-8000-000000000001"
    file = write(tmp_path, f"member_id,key,card\n{own},,1\n,B,2\n")
    await stack.start_ready()
    await pointstream.run("import", "members", file, *WORDS, "--wait")
    first = {row[0] for row in await stack.fetch("SELECT member_id FROM members.member")}
    assert UUID(own) in first
    other = write(tmp_path, "key,card,tier\nB,2,gold\n", "other.csv")
    await pointstream.run("import", "members", other, *WORDS, "--wait")
    assert {row[0] for row in await stack.fetch("SELECT member_id FROM members.member")} == first
    tiers = {row[0] for row in await stack.fetch("SELECT tier FROM ledger.member")}
    assert tiers == {None, "gold"}, "what the later file says of the tier is applied"


async def test_killed_in_the_middle_it_goes_on_and_everybody_is_there_once(
    stack: Stack, pointstream: Pointstream, tmp_path: Path
) -> None:
    count = 6_000
    rows = "".join(f"A{number},{number},,,2020-05-01,{1 + number % 7},,never\n" for number in range(count))
    file = write(tmp_path, HEADER + rows)
    await stack.start_ready()
    words = ("import", "members", file, *WORDS, "--wait")
    killed = pointstream.start(*words)
    journals = tmp_path / "data" / "intake"

    async def under_way() -> bool:
        assert killed.poll() is None, "it ended before it could be killed"
        return any(json.loads(path.read_text())["read"] for path in journals.glob("*.json"))

    await until(under_way, "a part is published")
    killed.kill()
    killed.communicate()

    told = await pointstream.run(*words)

    points = sum(1 + number % 7 for number in range(count))
    assert told["reconciliation"]["members"] == {"file": count, "ledger": count, "difference": 0}
    assert told["reconciliation"]["wallets"]["points"] == {"file": points, "ledger": points, "difference": 0}
    assert sum(amount for amount, _, _ in await lots(stack)) == points
    await assert_sound(stack)
