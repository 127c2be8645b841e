"""Programmes, members and decisions that tests of referrals are made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from libs.judging.programmes import Programmes, by_prefix
from libs.judging.versions import ActiveVersion, RunningProgramme, activate
from libs.referral.codes import make_code as code
from tests.support.brokerless import ACTIVITIES
from tests.support.receipts import PROFILES, Record, event

BEGIN = datetime(2026, 11, 3, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAST = 2_000
REFERRERS = (1, 2)
WALLET = "friends"


def programmes(
    *, order: int = 1, limit: int = 3, off: bool = False, gifts: bool = False, at_once: bool = False, **more: Any
) -> Programmes:
    gift = [{"kind": "coupon", "reference": "welcome"}] if gifts else []
    when = {"kind": "purchase", "at_least_minor": LEAST, "order": order, "within_days": 4}
    referral = {
        "when": {"kind": "enrolment"} if at_once else when,
        "referrer": [{"from": 1, "points": 100, "wallet": WALLET}, {"from": 2, "points": 150, "wallet": WALLET}],
        "friend": {"points": 7, "wallet": WALLET, "gifts": gift},
        "limits": [{"period": "ever", "friends": limit}],
        "suspicion": {"same": ["device"]},
    } | more
    base = {"kind": "per_amount", "points": 1, "per_minor": 100}
    document = {
        "version": 1,
        "zone": "Europe/Rome",
        "currency": "EUR",
        "wallets": [{"name": name, "expiry": {"kind": "never"}} for name in ("points", WALLET)],
        "campaigns": [{"id": "base", "name": "base", "state": "live", "effect": base}],
        "referral": referral,
    }
    version = compiled(json.dumps(document))
    running = RunningProgramme(
        1, 1, "acme", "main", (version,), switches=("effect:referral",) if off else ()
    )  # fmt: skip
    return by_prefix([("/acme/pos", (1, 1))], {(1, 1): running})


@cache
def compiled(document: str) -> ActiveVersion:
    return activate(datetime(2020, 1, 1, tzinfo=UTC), json.loads(document))


def member(number: int) -> UUID:
    return UUID(int=number)


def enrolled(number: int, at: datetime, *, brought_by: int | None = None, device: str | None = None) -> Record:
    data = {
        "member_id": str(member(number)),
        "identifiers": [{"kind": "card", "value": str(number)}],
        "marks": [] if device is None else [{"kind": "device", "value": device}],
        "referral_code": None if brought_by is None else code(brought_by),
    }
    return event(PROFILES, "org.pointstream.member.enrolled.v1", f"enrol-{number}", "/acme/pos", at, str(number), data)


def resolved(number: int, decision: str, at: datetime, name: str = "") -> Record:
    data = {"member_id": str(member(number)), "decision": decision, "reason": "looked into", "decided_by": "eva"}
    kind = "org.pointstream.referral.resolved.v1"
    source = "/pointstream/acme/main/resolutions"
    return event(ACTIVITIES, kind, f"word-{number}-{decision}{name}", source, at, str(number), data)
