"""Who may send what: every operation that takes something in has its row here."""

from __future__ import annotations

from typing import Any

import httpx

from libs.runtime.api_keys import SCOPES
from services.gateway.door.openapi import operations
from services.gateway.site.described import document
from tests.integration.gateway.conftest import MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.integration.gateway.till import MEMBER, post, receipt, told
from tests.support.database import ACME, GLOBEX
from tests.support.stack import Stack

_ELSEWHERE = {
    "redemptions",
    "reinstatements",
    "rewards",
    "codes",
    "gift cards",
    "carts",
    "trades",
    "households",
    "games",
    "mass messages",
    "posts",
    "places",
}
WRITING = {
    operation["operationId"]: (path, operation)
    for (path, method), operation in operations(document()).items()
    # What becomes an event has a key; files have an order of their own (test_files.py); redemptions, orders, codes,
    # gift cards, carts, trades, households and games are answered by their own service, and have tests of their own;
    # lapsed points come back by requests (test_reinstatements.py), messages to many and posts wait for a word
    # (test_mass.py, test_posts.py), positions for a consent (test_places.py), others move none.
    if "Idempotency-Key" in [each["name"] for each in operation.get("parameters", ()) if method == "post"]
    and not _ELSEWHERE.intersection(operation["tags"])
}
CARD = [{"kind": "card", "value": "1"}]
EVENTS: dict[str, dict[str, Any]] = {
    "postPurchase": receipt()["data"],
    "correctPurchase": receipt()["data"] | {"purchased_at": "2024-03-01T09:00:00Z"},
    "voidPurchase": {"receipt_number": "7"},
    "postReturn": {"receipt_number": "7"},
    "postActivity": {"activity": "review", "member_id": MEMBER},
    "postMember": {"member_id": MEMBER, "identifiers": CARD},
    "updateMember": {"member_id": MEMBER, "add": CARD},
}
FORMS: dict[str, dict[str, Any]] = {
    "adjustPoints": {"wallet": "points", "points": 5, "reason": "goodwill"},
    "transferPoints": {"to_member_id": MEMBER[:-1] + "9", "wallet": "points", "points": 5, "reason": "gift"},
    "extendPoints": {"wallet": "points", "boundaries": 1, "reason": "goodwill"},
    "mergeMember": {"to_member_id": MEMBER[:-1] + "9", "reason": "duplicate"},
    "unmergeMember": {"reason": "mistake"},
    "redatePoints": {"from_version": 1, "to_version": 2, "reason": "new-terms"},
    "claimReceipt": {"receipt_number": "7"},
    "resolveReceipt": {"receipt_number": "7", "decision": "refuse", "reason": "Not ours."},
    "resolveReferral": {"member_id": MEMBER, "decision": "refuse", "reason": "The same person."},
}


def body_of(operation: str, source: str) -> Any:
    """What the operation takes, from a source."""
    if operation == "postPurchases":
        return [receipt("R-8", source=source)]
    return FORMS.get(operation) or told(EVENTS[operation], operation, source)


def test_every_operation_has_its_row() -> None:
    assert EVENTS.keys() | FORMS.keys() | {"postPurchases"} == WRITING.keys()


def test_every_operation_shows_what_to_send() -> None:
    for path, operation in WRITING.values():
        (content,) = operation["requestBody"]["content"].values()
        assert content.get("example") or content["examples"], path
        (key,) = [each for each in operation["parameters"] if each["in"] == "header"]
        assert (key["name"], key["required"]) == ("Idempotency-Key", True)


async def test_own_yes_others_never_and_nothing_without_the_scope(
    till: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey, stack: Stack
) -> None:
    ours, theirs = await scribe.member(), await scribe.member(GLOBEX)
    for name, (path, operation) in WRITING.items():
        (scope,) = operation["security"][0]["ApiKey"]
        right, _ = await make_key(ACME, scope)
        wrong, _ = await make_key(ACME, *sorted(set(SCOPES) - {scope, "admin"}))
        own = path.format(member_id=ours.member_id)
        body = body_of(name, "/acme/pos/1")
        assert (await post(till, own, body, **bearer(right))).status_code == 202, name
        answer = await post(till, own, body, **bearer(wrong))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing"), name
        assert f'scope="{scope}"' in answer.headers["www-authenticate"]
        answer = await post(till, own, body, Authorization="")
        assert (answer.status_code, answer.json()["code"]) == (401, "key-missing"), name
        if name not in ("resolveReceipt", "resolveReferral"):  # what they name is looked for when they are decided
            foreign = await post(
                till, path.format(member_id=theirs.member_id), body_of(name, "/globex/pos/1"), **bearer(right)
            )
            assert foreign.json()["code"] == ("member-unknown" if name in FORMS else "source-unknown"), name
    for topic in ("loyalty.purchases", "loyalty.activities", "loyalty.profiles"):
        for event in await stack.events(topic):
            assert "globex" not in str(event)
            assert str(theirs.member_id) not in str(event)
