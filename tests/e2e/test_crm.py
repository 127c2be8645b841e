"""A CRM and the platform tell each other what they know, as the document on it says: at once, and by file at night."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.e2e.test_quotes import quoted
from tests.support.receipts import PROFILES, Record, line
from tests.support.receivers import Peer, peer, says
from tests.support.running import Door, Platform, command, eventually
from tests.support.stack import until

DOCUMENT = (Path(__file__).parents[2] / "docs" / "crm.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```(?:csv|yaml|json) (\S+)\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\$ pointstream (.*)$", DOCUMENT, re.MULTILINE)
CONTACT = json.loads(FILES["contact.json"])
BOWL = [line("bowl", 1_000)]


def offered(shop: Door) -> int:
    """What a bowl would bring to Rex's master now: 10 for its price, and 35 for whoever lives with a dog."""
    return sum(one["points"] for one in quoted(shop, BOWL, "rex")["points"])


def contact(shop: Door, **changes: Any) -> Record:
    """What the CRM sends when a contact has changed."""
    member = str(shop.member_id("rex"))
    return Record(PROFILES, member.encode(), json.dumps(CONTACT | {"loyalty_id": member} | changes).encode())


async def heard(receiver: Peer, secret: str, kind: str, member: str) -> list[str]:
    """Wait until the CRM has heard of a kind of event about a member, and return of which segments, each event once."""
    told: dict[str, dict[str, Any]] = {}

    async def there() -> bool:
        for each in receiver.heard:
            said = Webhook(secret).verify(each.body, each.headers)
            if said["data"]["member_id"] == member:  # others of the club come into segments and leave them as well
                told[each.headers["webhook-id"]] = said
        return any(each["type"] == kind for each in told.values())

    await until(there, f"the CRM hears of {kind}")
    return [each["data"]["details"]["segment"] for each in told.values() if each["type"] == kind]


@pytest.mark.feature("VOU-23")
async def test_a_crm_and_the_platform_tell_each_other_what_they_know(platform: Platform, tmp_path: Path) -> None:
    shop = platform.club
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace(CONTACT["loyalty_id"], str(shop.member_id("rex"))), encoding="utf-8")
    for words in [each.replace("/acme/", "/hooli/").replace("acme", shop.slug).split() for each in COMMANDS]:
        if words[0] == "sources":
            command(platform.data, *[tmp_path / word if word in FILES else word for word in words])
    await platform.publish([shop.enrolment("rex", tier=None)])
    await shop.enrolled("rex")
    assert offered(shop) == 10

    async with peer(says(204)) as crm:
        wish = {"url": f"{crm.url}/hook", "event_types": ["member.segment_entered", "member.segment_left"]}
        made = shop.http.post("/v1/webhooks", json=wish | {"style": "full"})
        assert made.status_code == 201, made.text
        secret, rex = made.json()["secret"], str(shop.member_id("rex"))
        await platform.publish([contact(shop, loyalty_id="nobody", number=76), contact(shop)])
        assert await heard(crm, secret, "member.segment_entered", rex) == ["dog-people"]
        await eventually(lambda: offered(shop) == 45, "what the CRM said counts")

        nightly = ("ingest", tmp_path / "contacts.csv", "--source", f"/{shop.slug}/crm-nightly")
        assert command(platform.data, *nightly)["published"] == 1
        assert await heard(crm, secret, "member.segment_left", rex) == ["dog-people"]
        await eventually(lambda: offered(shop) == 10, "what its file said counts")
        assert command(platform.data, *nightly)["files"][0]["known"] is True
        shop.http.delete(made.headers["location"]).raise_for_status()

    letters = platform.run("dlq", "list", "--topic", PROFILES)["letters"]
    assert ("field", "/loyalty_id") in [(each["reason"], each["field"]) for each in letters]
