"""A person spares a member over HTTP: with a reason and until when, again without effect, and not for others."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.integration.gateway.conftest import NOW, MakeKey, bearer
from tests.integration.gateway.scribe import Scribe
from tests.support.database import ACME, GLOBEX


async def test_a_member_is_spared_and_no_longer(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    member = await scribe.member(ACME)
    await member.credit(120, NOW - timedelta(days=1))
    path = f"/v1/members/{member.member_id}/exemptions"
    adjuster = bearer((await make_key(ACME, "points:adjust"))[0])
    reader = bearer((await make_key(ACME, "points:read", "members:read"))[0])
    foreign = bearer((await make_key(GLOBEX, "points:adjust"))[0])
    until = (NOW + timedelta(days=400)).isoformat()

    async def spare(reason: str, ends: str = until, headers: dict[str, str] = adjuster) -> tuple[int, list[str]]:
        answer = await anonymous.post(path, json={"reason": reason, "until": ends}, headers=headers)
        told = answer.json()
        return answer.status_code, [each["reason"] for each in told["data"]] if "data" in told else [told["code"]]

    assert await spare("complaint", headers=reader) == (403, ["scope-missing"])
    assert await spare("complaint", headers=foreign) == (404, ["member-unknown"])
    assert await spare("complaint", NOW.isoformat()) == (422, ["request-invalid"])
    assert await spare("") == (422, ["request-invalid"])
    assert [await spare("complaint"), await spare("complaint")] == [(200, ["complaint"])] * 2
    (wallet,) = (await anonymous.get(f"/v1/members/{member.member_id}", headers=reader)).json()["wallets"]
    (spared,) = wallet["spared"]
    assert (spared["points"], spared["spared_by"], spared["spared_as"]) == (120, "member", "complaint")
    assert await spare("anniversary") == (200, ["anniversary", "complaint"])
    words = (await anonymous.get(path, headers=reader)).json()["data"]
    assert [(each["reason"], each["holds"], each["ended_at"] is None) for each in words] == [
        ("anniversary", True, True),
        ("complaint", False, False),
    ]
    ended = await anonymous.post(f"{path}/end", headers=adjuster)
    assert [each["holds"] for each in ended.json()["data"]] == [False, False]
    (wallet,) = (await anonymous.get(f"/v1/members/{member.member_id}", headers=reader)).json()["wallets"]
    assert wallet["spared"] == []
