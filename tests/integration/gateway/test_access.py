"""Who may ask what: keys, scopes, tenants and quotas. The sweep is made from the description of the API."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from libs.codes.keeping import CodeKeeper
from libs.runtime.api_keys import SCOPES
from services.gateway.door.openapi import operations
from services.gateway.settings import GatewaySettings, QuotaPart
from services.gateway.site.described import document
from tests.integration.gateway.conftest import NOW, SEAL_KEY, MakeKey, SetClock, bearer, running
from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt
from tests.support.database import ACME, GLOBEX, SeededTenant, programme_document
from tests.support.programmes import put_version
from tests.support.rewards import MUG

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)
OPERATIONS = {name: one for name, one in operations(document()).items() if name[1] == "get"}
# One row an operation that reads: the path of what exists for a tenant, and what another tenant is told about it.
SWEEP = {
    "findMembers": ("/v1/members?identifier=card:98123456", 200),
    "getMember": ("/v1/members/{member_id}", 404),
    "listMemberHistory": ("/v1/members/{member_id}/history", 404),
    "listMemberMessages": ("/v1/members/{member_id}/messages", 404),
    "getMessage": ("/v1/messages/{message_id}", 404),
    "listMemberTierChanges": ("/v1/members/{member_id}/tiers", 404),
    "getMemberContacts": ("/v1/members/{member_id}/contacts", 404),
    "exportMemberPerson": ("/v1/members/{member_id}/contacts:export", 404),
    "revealMemberContacts": ("/v1/members/{member_id}/contacts:reveal", 404),
    "getMemberConsents": ("/v1/members/{member_id}/consents", 404),
    "getMemberShopping": ("/v1/members/{member_id}/shopping", 404),
    "getMemberReferrals": ("/v1/members/{member_id}/referrals", 404),
    "previewExtension": ("/v1/members/{member_id}/extension-preview?wallet=points&boundaries=1", 404),
    "previewMerge": ("/v1/members/{member_id}/merge-preview?into={other_id}", 404),
    "listReferrals": ("/v1/referrals", 200),
    "getRedemption": ("/v1/redemptions/{redemption_id}", 404),
    "listMemberRedemptions": ("/v1/members/{member_id}/redemptions", 404),
    "listQuestionnaires": ("/v1/questionnaires", 200),
    "getQuestionnaire": ("/v1/questionnaires/{segment}", 404),
    "getQuestionnaireFigures": ("/v1/questionnaires/{segment}/figures", 404),
    "listMemberQuestionnaires": ("/v1/members/{member_id}/questionnaires", 404),
    "listChats": ("/v1/chats", 200),
    "getChat": ("/v1/chats/{member_id}", 404),
    "getMemberChat": ("/v1/members/{member_id}/chat", 404),
    "getChatDesk": ("/v1/chat-desk", 200),
    "listMemberChoices": ("/v1/members/{member_id}/choices", 404),
    "listTradeOffers": ("/v1/trade-offers", 200),
    "getHousehold": ("/v1/households/{redemption_id}", 404),
    "getMemberHousehold": ("/v1/members/{member_id}/household", 404),
    "getDonationReceipt": ("/v1/donations/{redemption_id}/receipt", 404),
    "listRewards": ("/v1/rewards", 200),
    "getReward": ("/v1/rewards/{reward}", 404),
    "getRewardDocument": ("/v1/rewards/{reward}/document", 404),
    "listRewardVersions": ("/v1/rewards/{reward}/versions", 404),
    "getRewardStock": ("/v1/rewards/{reward}/stock", 404),
    "exportCatalogue": ("/v1/catalogue.csv", 200),
    "listMemberWishes": ("/v1/members/{member_id}/wishes", 404),
    "listStandingOrders": ("/v1/members/{member_id}/standing-orders", 404),
    "listOrders": ("/v1/orders", 200),
    "listMemberOrders": ("/v1/members/{member_id}/orders", 404),
    "getOrder": ("/v1/orders/{redemption_id}", 404),
    "exportOrders": ("/v1/orders.csv", 200),
    "getOrderRating": ("/v1/orders/{redemption_id}/rating", 404),
    "listRewardRatings": ("/v1/rewards/{reward}/ratings", 404),
    "listRatings": ("/v1/ratings", 200),
    "getRewardMix": ("/v1/catalogue/mix", 200),
    "listMemberShares": ("/v1/members/{member_id}/shares", 404),
    "listShares": ("/v1/shares", 200),
    "listCodePools": ("/v1/code-pools", 200),
    "getCodePool": ("/v1/code-pools/{pool}", 404),
    "getCode": ("/v1/codes/{code_id}", 404),
    "getCodePicture": ("/v1/codes/{code_id}/picture", 404),
    "getCodePass": ("/v1/codes/{code_id}/pass", 404),
    "listMemberCodes": ("/v1/members/{member_id}/codes", 404),
    "getCart": ("/v1/carts/{cart_id}", 404),
    "getGiftCard": ("/v1/gift-cards/{card_id}", 404),
    "getGiftCardStatement": ("/v1/gift-cards/{card_id}/statement", 404),
    "listMemberGiftCards": ("/v1/members/{member_id}/gift-cards", 404),
    "getGiftCardLiability": ("/v1/gift-card-liability", 200),
    "getRanking": ("/v1/rankings", 200),
    "listGames": ("/v1/games", 200),
    "getGame": ("/v1/games/{game}", 404),
    "getGameRecord": ("/v1/games/{game}/record", 404),
    "listBadges": ("/v1/badges", 200),
    "listMemberGames": ("/v1/members/{member_id}/games", 404),
    "listMemberBadges": ("/v1/members/{member_id}/badges", 404),
    "getReferral": ("/v1/referrals/{member_id}", 404),
    "checkReferralCode": ("/v1/referral-codes/{code}", 200),
    "listMemberChallenges": ("/v1/members/{member_id}/challenges", 404),
    "listMemberExemptions": ("/v1/members/{member_id}/exemptions", 404),
    "listMemberSegments": ("/v1/members/{member_id}/segments", 404),
    "listExperiments": ("/v1/experiments", 200),
    "getExperiment": ("/v1/experiments/{experiment}", 404),
    "listSegments": ("/v1/segments", 200),
    "listSegmentMembers": ("/v1/segments/{segment}/members", 404),
    "listMemberPageLooks": ("/v1/members/{member_id}/pages", 404),
    "getInvitations": ("/v1/members/{member_id}/invitations", 404),
    "listScenarios": ("/v1/scenarios", 200),
    "listSimulations": ("/v1/scenario-simulations", 200),
    "getSimulation": ("/v1/scenario-simulations/{mass_message_id}", 404),
    "listMassMessages": ("/v1/mass-messages", 200),
    "getMassMessage": ("/v1/mass-messages/{mass_message_id}", 404),
    "listPosts": ("/v1/posts", 200),
    "getPost": ("/v1/posts/{mass_message_id}", 404),
    "getTestLetter": ("/v1/test-letters/{mass_message_id}", 404),
    "listResultMails": ("/v1/result-mails", 200),
    "listTemplates": ("/v1/templates", 200),
    "getTemplate": ("/v1/templates/welcome/de-AT/email", 200),
    "listDesigns": ("/v1/designs", 200),
    "getDesign": ("/v1/designs/style", 200),
    "listDrafts": ("/v1/drafts", 200),
    "getPageVisits": ("/v1/pages/spring/visits", 200),
    "downloadLetters": ("/v1/letters?first=2024-03-01&format=csv", 200),
    "listParked": ("/v1/parked", 200),
    "listRates": ("/v1/rates", 200),
    "listFiles": ("/v1/files", 200),
    "getFile": ("/v1/files/{file_id}", 404),
    "listFileRejects": ("/v1/files/{file_id}/rejects", 404),
    "downloadFileRejects": ("/v1/files/{file_id}/rejects.csv", 404),
    "listBacktests": ("/v1/backtests", 200),
    "getBacktest": ("/v1/backtests/{backtest_id}", 404),
    "downloadBacktestMembers": ("/v1/backtests/{backtest_id}/members.csv", 404),
    "getBacktestReport": ("/v1/backtests/{backtest_id}/report", 404),
    "getReceiptByNumber": ("/v1/receipts/by-number?number={number}&store=12", 404),
    "getReceipt": ("/v1/receipts{source}/R-1", 404),
    "getConservation": ("/v1/conservation", 200),
    "listSweeps": ("/v1/sweeps", 200),
    "getSweep": ("/v1/sweeps/{sweep_id}", 404),
    "getSweepReport": ("/v1/sweeps/{sweep_id}/report", 404),
    "getMemberExpiry": ("/v1/members/{member_id}/expiry", 404),
    "getMemberBoundary": ("/v1/members/{member_id}/boundaries/2024-03-31", 404),
    "getExpiryForecast": ("/v1/expiry/forecast", 200),
    "getBreakage": ("/v1/expiry/breakage", 200),
    "getLiability": ("/v1/liability", 200),
    "listReminders": ("/v1/reminders", 200),
    "planReminders": ("/v1/reminders/plan", 200),
    "planSweep": ("/v1/sweeps:plan", 200),
    "listReinstatements": ("/v1/reinstatements", 200),
    "getReinstatement": ("/v1/reinstatements/{reinstatement_id}", 404),
    "getProgramme": ("/v1/programme", 200),
    "listProgrammeVersions": ("/v1/programme/versions", 200),
    "listCampaigns": ("/v1/campaigns", 200),
    "getProgrammeCalendar": ("/v1/programme/calendar", 200),
    "downloadProgrammeCalendar": ("/v1/programme/calendar.ics", 200),
    "getCampaign": ("/v1/campaigns/{campaign}", 404),
    "listSwitches": ("/v1/switches", 200),
    "listBlocks": ("/v1/blocks", 200),
    "listMemberBlocks": ("/v1/members/{member_id}/blocks", 404),
    "listInbox": ("/v1/members/{member_id}/inbox", 404),
    "listTillMessages": ("/v1/members/{member_id}/till-messages", 404),
    "listWebhooks": ("/v1/webhooks", 200),
    "getWebhook": ("/v1/webhooks/{webhook_id}", 404),
    "listWebhookMessages": ("/v1/webhooks/{webhook_id}/messages", 404),
    "getWebhookMessage": ("/v1/webhooks/{webhook_id}/messages/{webhook_id}", 404),
    "getProgrammeRules": ("/v1/programme/rules", 200),
}


LOTTERY = """{"kind": "lottery", "ticket": 10, "opens_at": "2024-03-01T00:00:00Z", "closes_at": "2024-03-08T00:00:00Z",
"texts": {"en": {"title": "Summer"}}, "prizes": [{"name": "car", "texts": {"en": {"title": "A car"}}}]}"""

QUESTIONS = """{"title": {"en": "You"}, "questions": [
{"name": "drives", "kind": "yes_no", "texts": {"en": "Do you drive?"}, "attribute": "drives"}]}"""


async def furnish(scribe: Scribe, tenant: SeededTenant) -> dict[str, str]:
    """A member with a card, a credit and its receipt; what paths are filled with."""
    member = await scribe.member(tenant)
    bought = decision(
        tenant.source, "R-1", receipt(100, currency=tenant.currency, receipt_number=tenant.slug), FRIDAY,
        member_id=member.member_id, lot=1, tenant=tenant,
    )  # fmt: skip
    other = await scribe.member(tenant)
    await member.identify(f"card:98123456{tenant.tenant_id}")
    await member.credit(1, FRIDAY, cause=bought.key)
    await scribe.page([bought], tenant)
    await scribe.receipt(bought, tenant)
    whose = (tenant.tenant_id, tenant.programme_id, member.member_id)
    friend = (*whose, UUID(int=1), FRIDAY, "held", ["velocity"], None)
    await scribe.connection.execute(QUERIES["referral"], *friend)
    spent = await spend(scribe, tenant, member.member_id)
    message_id = UUID(int=tenant.tenant_id << 20)
    await scribe.connection.execute(QUERIES["message"], *whose, message_id, FRIDAY)
    campaign = "base" if tenant is ACME else "of-globex"
    segment = f"of-{tenant.slug}"
    segments = {"segments": [{"name": segment, "list": True}]}
    arms = [{"name": "control", "per_mille": 500}, {"name": "more", "per_mille": 500}]
    experiments = {"experiments": [{"name": segment, "arms": arms, "first_day": "2024-03-01"}]}
    await put_version(scribe.connection, programme_document(tenant) | segments | experiments, tenant)
    file_id = UUID(int=tenant.tenant_id)
    await scribe.connection.execute(QUERIES["file"], tenant.tenant_id, file_id, FRIDAY)
    backtest_id = UUID(int=tenant.tenant_id << 8)
    await scribe.connection.execute(QUERIES["backtest"], tenant.tenant_id, backtest_id, FRIDAY)
    for name in ("members.csv", "report.html"):
        await scribe.connection.execute(QUERIES["backtest_part"], tenant.tenant_id, backtest_id, name)
    sweep_id = UUID(int=tenant.tenant_id << 9)
    await scribe.connection.execute(QUERIES["sweep"], tenant.tenant_id, sweep_id, FRIDAY)
    reinstatement_id = UUID(int=tenant.tenant_id << 10)
    await scribe.connection.execute(QUERIES["reinstatement"], tenant.tenant_id, reinstatement_id, FRIDAY)
    webhook_id = UUID(int=tenant.tenant_id << 11)
    for name in ("webhook", "webhook_message"):
        await scribe.connection.execute(QUERIES[name], tenant.tenant_id, webhook_id, FRIDAY)
    mass_message_id = UUID(int=tenant.tenant_id << 12)
    for name in ("mass", "own_letter", "post", "simulation"):
        await scribe.connection.execute(QUERIES[name], *whose[:2], mass_message_id, FRIDAY)
    await scribe.connection.execute(QUERIES["game"], *whose[:2], UUID(int=1), f"of-{tenant.slug}", FRIDAY, LOTTERY)
    return {
        "mass_message_id": str(mass_message_id),
        "game": f"of-{tenant.slug}",
        "webhook_id": str(webhook_id),
        "reinstatement_id": str(reinstatement_id),
        "member_id": str(member.member_id),
        "other_id": str(other.member_id),
        "sweep_id": str(sweep_id),
        "backtest_id": str(backtest_id),
        "source": tenant.source,
        "number": tenant.slug,
        "campaign": campaign,
        "segment": segment,
        "experiment": segment,
        "file_id": str(file_id),
        "message_id": str(message_id),
        "code": "K7M2-XW4P-9RTA",
        **spent,
    }


async def spend(scribe: Scribe, tenant: SeededTenant, member_id: UUID) -> dict[str, str]:
    """A redemption with its order, a code and a gift card of a member."""
    whose = (tenant.tenant_id, tenant.programme_id, member_id)
    redemption_id = UUID(int=tenant.tenant_id << 16)
    await scribe.connection.execute(QUERIES["redemption"], *whose, redemption_id, FRIDAY)
    await scribe.connection.execute(QUERIES["donation"], *whose, redemption_id, tenant.currency, FRIDAY)
    await scribe.connection.execute(QUERIES["household"], *whose, redemption_id, FRIDAY)
    await scribe.connection.execute(
        QUERIES["reward"], *whose[:2], f"mug-{tenant.slug}", orjson.dumps(MUG).decode(), FRIDAY
    )
    for name in ("reward_order", "rating"):
        await scribe.connection.execute(QUERIES[name], *whose, redemption_id, f"mug-{tenant.slug}", FRIDAY)
    keeper = CodeKeeper.from_base64(base64.b64encode(SEAL_KEY).decode())
    code, card = keeper.close(tenant.tenant_id, "SPRING-1"), keeper.close(tenant.tenant_id, "4821-0093")
    pool = await scribe.connection.fetchval(QUERIES["code_pool"], *whose[:2], tenant.slug, FRIDAY)
    await scribe.connection.execute(QUERIES["code"], tenant.tenant_id, *code, pool, member_id, FRIDAY)
    await scribe.connection.execute(QUERIES["gift_card"], *whose, *card, tenant.currency, FRIDAY)
    await scribe.connection.execute(QUERIES["cart"], *whose, redemption_id, FRIDAY)
    await scribe.connection.execute(QUERIES["questionnaire"], *whose[:2], f"of-{tenant.slug}", FRIDAY, QUESTIONS)
    await scribe.connection.execute(QUERIES["chat"], *whose, FRIDAY)
    return {
        "redemption_id": str(redemption_id),
        "reward": f"mug-{tenant.slug}",
        "pool": tenant.slug,
        "code_id": str(code.code_id),
        "card_id": str(card.code_id),
        "cart_id": str(redemption_id),
    }


def test_every_operation_has_its_row() -> None:
    assert {operation["operationId"] for operation in OPERATIONS.values()} == set(SWEEP)


async def test_own_yes_others_never_and_nothing_without_the_scope(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    acme, globex = await furnish(scribe, ACME), await furnish(scribe, GLOBEX)
    admin, _ = await make_key(ACME, "admin")
    for operation in OPERATIONS.values():
        name, (scope,) = operation["operationId"], operation["security"][0]["ApiKey"]
        path, for_others = SWEEP[name]
        right, _ = await make_key(ACME, scope)
        for text in (right, admin):
            assert (await anonymous.get(path.format(**acme), headers=bearer(text))).status_code == 200, name
            answer = await anonymous.get(path.format(**globex), headers=bearer(text))
            assert answer.status_code == for_others, name
            own = {} if answer.headers["content-type"].startswith("text/") else answer.json()
            assert globex["member_id"] not in answer.text.replace(str(own.get("instance")), ""), name


async def test_nothing_is_told_without_the_scope(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    acme = await furnish(scribe, ACME)
    wrong = {}
    for operation in OPERATIONS.values():
        name, (scope,) = operation["operationId"], operation["security"][0]["ApiKey"]
        path, _ = SWEEP[name]
        if scope not in wrong:
            wrong[scope], _ = await make_key(ACME, *sorted(set(SCOPES) - {scope, "admin"}))
        answer = await anonymous.get(path.format(**acme), headers=bearer(wrong[scope]))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing"), name
        assert f'scope="{scope}"' in answer.headers["www-authenticate"], name
        answer = await anonymous.get(path.format(**acme))
        assert (answer.status_code, answer.json()["code"]) == (401, "key-missing"), name
        assert answer.headers["www-authenticate"].startswith("Bearer"), name


async def test_what_is_wrong_with_a_key_is_told_to_its_holder_only(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: SetClock
) -> None:
    good, _ = await make_key()
    revoked, _ = await make_key(revoked=True)
    expiring, _ = await make_key(expires_at=NOW + timedelta(hours=1))
    unknown = f"ly_test_{'f' * 16}_{'0' * 64}"

    async def code(text: str) -> str:
        answer = await anonymous.get("/v1/conservation", headers=bearer(text))
        return "" if answer.status_code == 200 else f"{answer.status_code} {answer.json()['code']}"

    assert await code(good) == await code(expiring) == ""
    for bad in (unknown, good[:-1], good[:-1] + "x", good.upper(), good[:-64] + "0" * 64, "ä", revoked[:-2] + "00"):
        assert await code(bad.encode("ascii", "replace").decode()) == "401 key-invalid"
    assert await code(revoked) == "401 key-revoked"
    clock.forward(timedelta(hours=1))
    assert await code(expiring) == "401 key-expired"
    basic = await anonymous.get("/v1/conservation", headers={"Authorization": "Basic abc"})
    assert basic.json()["code"] == "key-missing"


async def test_a_revoked_key_stops_within_five_seconds(
    settings: GatewaySettings, make_key: MakeKey, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapsed = 0.0
    monkeypatch.setattr("services.gateway.app.monotonic", lambda: elapsed)
    text, key = await make_key()
    usual = settings.model_copy(update={"key_cache": GatewaySettings.model_fields["key_cache"].default})
    async with running(usual, SetClock()) as client:
        assert (await client.get("/v1/conservation", headers=bearer(text))).status_code == 200
        await superuser.execute(QUERIES["revoke"], key.key_id, NOW)
        elapsed = 3.0
        assert (await client.get("/v1/conservation", headers=bearer(text))).status_code == 200  # from memory
        elapsed = 5.0
        assert (await client.get("/v1/conservation", headers=bearer(text))).status_code == 401


async def test_the_last_use_is_noted_once_a_minute(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: SetClock, superuser: asyncpg.Connection
) -> None:
    text, key = await make_key()
    noted = []
    for step in (0, 59, 1, 30, 30):
        clock.forward(timedelta(seconds=step))
        await anonymous.get("/v1/conservation", headers=bearer(text))
        noted.append((await superuser.fetchval(QUERIES["last_used"], key.key_id) - NOW).total_seconds())
    assert noted == [0, 0, 60, 60, 120]


async def test_a_quota_lets_so_many_pass_and_then_says_when(settings: GatewaySettings, make_key: MakeKey) -> None:
    tight = settings.model_copy(update={"quota": QuotaPart(requests=20, window=timedelta(hours=1))})
    text, _ = await make_key()
    other, _ = await make_key()
    async with running(tight, SetClock()) as client:
        answers = [await client.get("/v1/conservation", headers=bearer(text)) for _ in range(40)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 20
        assert answers[0].headers["ratelimit-policy"] == '"default";q=20;w=3600'
        assert answers[0].headers["ratelimit"] == '"default";r=19;t=180'
        last = answers[-1]
        assert last.headers["ratelimit"].startswith('"default";r=0;t=')
        assert 0 < int(last.headers["retry-after"]) <= 180
        assert last.json()["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert last.json()["violated-policies"] == ["default"]
        assert (await client.get("/v1/conservation", headers=bearer(other))).status_code == 200


async def test_no_key_is_ever_logged_or_answered(
    anonymous: httpx.AsyncClient, make_key: MakeKey, log_lines: list[str]
) -> None:
    text, _ = await make_key()
    bad = text[:-4] + "0000"
    told = [
        (await anonymous.get(f"/v1/{path}", headers=bearer(one))).text
        for one in (text, bad)
        for path in ("conservation", "members/x", "members?identifier=x", "none")
    ]
    assert "request.served" in "".join(log_lines)
    for secret in (text[-64:], bad[-64:]):
        assert secret not in "".join(log_lines + told)
