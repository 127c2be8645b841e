"""What the documents say of files and of receipts of one's own is typed word for word into the running platform."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.rejects import SUFFIX
from tests.e2e.test_readme import commands, producer
from tests.support.running import Platform, command, eventually

ROOT = Path(__file__).parents[2]
IMPORTING = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```(?:csv|yaml) (\S+)\n(.*?)^```", IMPORTING, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\$ pointstream (.*)$", IMPORTING, re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the document."""
    made = tmp_path_factory.mktemp("importing")
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def typed(platform: Platform, folder: Path, beginning: str) -> list[dict[str, object]]:
    """Type the document's commands that begin so, where its files are; each must end as the document says."""
    answers = []
    for line in COMMANDS:
        words = [str(folder / word) if word in FILES else word for word in shlex.split(line)]
        if line.startswith(beginning):
            ends = 6 if words[0] == "ingest" else 0
            answers.append(command(platform.data, *words, expect=(ends,)))
    return answers


def ran(words: list[str], environment: dict[str, str]) -> str:
    """Run a program, which has to succeed, and return what it wrote."""
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.feature("COM-89")
async def test_receipts_from_a_file_are_paid_once(platform: Platform, folder: Path) -> None:
    tried, added = typed(platform, folder, "sources add")
    assert tried["event"]["id"] == "12/4711"  # type: ignore[index]
    assert added["added"] is True
    checked, taken = typed(platform, folder, "ingest receipts.csv")
    assert (checked["published"], checked["rejected"]) == (taken["published"], taken["rejected"]) == (2, 1)
    (report,) = [json.loads(line) for line in (folder / f"receipts.csv{SUFFIX}").read_text("utf-8").splitlines()]
    told = json.loads(re.findall(r"^```json\n(.*?)^```", IMPORTING, re.MULTILINE | re.DOTALL)[0])
    assert {**report, "text": report["text"][:8] + "…"} == told

    door = platform.acme
    await eventually(lambda: door.status("/v1/receipts/acme/files/12/12%2F4711") == 200, "one is decided")
    await eventually(lambda: door.status("/v1/receipts/acme/files/12/12%2F4712") == 200, "and the other")
    assert door.get("/v1/receipts/acme/files/12/12%2F4711")["outcome"] == "unclaimed"

    rows = FILES["receipts.csv"].replace("9,99", "10,99")
    (folder / "receipts.csv").write_text(rows, encoding="utf-8")
    words = ("ingest", folder / "receipts.csv", "--source", "/acme/files")
    assert command(platform.data, *words)["published"] == 3
    await eventually(lambda: door.status("/v1/receipts/acme/files/12/12%2F4713") == 200, "the third is decided")


@pytest.mark.feature("COM-89")
async def test_a_packed_file_of_events_pays_once_and_names_what_it_left_out(platform: Platform, tmp_path: Path) -> None:
    shop = platform.initech
    await platform.publish([shop.enrolment("packed")])
    await shop.enrolled("packed")
    good = [shop.purchase(f"packed-{number}", 1_000, card="packed").value for number in (1, 2, 3)]
    odd = shop.purchase("packed-4", 1_000, card="packed", total_minor=999).value
    file = tmp_path / "day.jsonl.gz"
    file.write_bytes(gzip.compress(b"\n".join([*good[:2], odd, b"{half a line", good[2]])))

    first = command(platform.data, "ingest", file, "--source", f"{shop.source}", expect=(6,))
    assert (first["published"], first["rejected"]) == (3, 2)
    report = [json.loads(row) for row in (tmp_path / f"day.jsonl.gz{SUFFIX}").read_text("utf-8").splitlines()]
    assert [(row["line"], row["reason"]) for row in report] == [(3, "total-mismatch"), (4, "not-json")]
    await shop.decided("packed-1", "packed-2", "packed-3")
    assert shop.balance("packed") == 90

    (known,) = command(platform.data, "ingest", file, "--source", f"{shop.source}", expect=(6,))["files"]
    assert known["known"] is True, "nothing is sent when a file was read to its end"
    again = command(platform.data, "ingest", file, "--source", f"{shop.source}", "--restart", expect=(6,))
    upload = {"source": shop.source, "name": file.name}
    sent = shop.http.post("/v1/files", params=upload, content=file.read_bytes())
    assert (sent.status_code, sent.json()["status"]) == (202, "accepted")
    path = sent.headers["location"]
    await eventually(lambda: shop.get(path)["state"] == "done", "the same file over HTTP is brought in")
    rejects = shop.get(f"{path}/rejects")["data"]
    assert [(row["line"], row["reason"]) for row in rejects] == [(3, "total-mismatch"), (4, "not-json")]
    assert shop.http.post("/v1/files", params=upload, content=file.read_bytes()).json()["status"] == "known"
    await platform.publish([shop.purchase("packed-5", 100, card="packed")])
    await shop.decided("packed-5")
    assert (again["published"], shop.balance("packed")) == (3, 93), "published again, and known"


@pytest.mark.feature("COM-26")
async def test_members_and_balances_of_another_system(platform: Platform, folder: Path) -> None:
    checked, brought = typed(platform, folder, "import members")
    assert checked["dry_run"] is True
    found = brought["reconciliation"]
    assert found["members"] == {"file": 2, "ledger": 2, "difference": 0}  # type: ignore[index]
    assert found["wallets"]["points"] == {"file": 320, "ledger": 320, "difference": 0}  # type: ignore[index]
    adjusted = command(
        platform.data, "adjust", "card:2620007654321", "25", "--reason", "goodwill", "--tenant", "acme", "--wait"
    )
    assert platform.acme.get(f"/v1/members/{adjusted['member_id']}")["wallets"][0]["available"] == 25


async def test_rates_of_the_document(platform: Platform, folder: Path) -> None:
    imported, listed = typed(platform, folder, "rates")
    assert len(imported["added"]) == 2  # type: ignore[arg-type]
    assert {rate["currency"] for rate in listed["rates"]} >= {"CHF", "USD"}  # type: ignore[attr-defined]


async def test_a_receipt_of_ones_own_by_curl_and_by_ten_lines_of_python(platform: Platform, tmp_path: Path) -> None:
    door, told = platform.demo, platform.told
    known = {"KEY": told["api_key"], "GATEWAY": told["gateway"], "KAFKA": told["kafka"]}
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | known
    (line,) = [line for line in commands("The first five minutes") if "/v1/purchases" in line]
    answer = json.loads(ran(["bash", "-c", line], environment))
    assert (answer["status"], answer["id"]) == ("accepted", "W-1")

    (back,) = [line for line in commands("The first five minutes") if "/v1/returns" in line]
    assert json.loads(ran(["bash", "-c", back], environment))["status"] == "accepted"
    await eventually(lambda: door.status("/v1/receipts/demo/web/W-1-R") == 200, "the return is decided")
    assert door.get("/v1/receipts/by-number", number="W-1")["state"] == "partly_returned"

    program = tmp_path / "till.py"
    program.write_text(producer(), encoding="utf-8")
    ran([sys.executable, str(program)], environment)
    for path in (answer["receipt"], "/v1/receipts/demo/pos/1/T-1"):
        await eventually(lambda path=path: door.status(path) == 200, f"{path} is decided")  # type: ignore[misc]
    assert door.get("/v1/receipts/demo/pos/1/T-1")["points"] == door.get(answer["receipt"])["points"]
