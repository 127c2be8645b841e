"""The page at the root: who may see it, and that it tells what goes on."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from libs.contracts.events import PurchaseReturnedV1
from libs.promotions.pages import Moved, StoredDecision
from services import gateway
from services.gateway.live import board as live_board
from services.gateway.live import lag
from services.gateway.settings import GatewaySettings
from tests.integration.gateway.conftest import NOW, MakeKey, SetClock, running
from tests.integration.gateway.scribe import QUERIES, Scribe, decision, receipt, said
from tests.support.database import ACME, GLOBEX
from tests.support.receipts import purchase
from tests.support.stack import Stack, until

SCRIPT = Path(gateway.__file__).parent / "static" / "live.js"


class Balance(HTMLParser):
    """Notes tags that are closed without having been opened, and what stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "input", "polyline"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def unbalanced(page: str) -> list[str]:
    """The tags of a page that do not belong together."""
    parser = Balance()
    parser.feed(page.replace("/></svg>", "></svg>"))
    return parser.wrong + parser.open


async def sign_in(client: httpx.AsyncClient, text: str, **headers: str) -> httpx.Response:
    return await client.post("/sign-in", data={"key": text}, headers=headers)


@pytest.fixture
async def reader(anonymous: httpx.AsyncClient, make_key: MakeKey) -> httpx.AsyncClient:
    """A client with a session of acme."""
    text, _ = await make_key(ACME, "receipts:read")
    assert (await sign_in(anonymous, text)).status_code == 303
    return anonymous


async def some_decisions(scribe: Scribe, seconds_ago: int = 5) -> list[StoredDecision]:
    at = NOW - timedelta(seconds=seconds_ago + 1)
    member = await scribe.member()
    decisions = [
        decision(ACME.source, "R-1", receipt(4510), at, member_id=member.member_id, lot=1),
        decision(ACME.source, "R-2", receipt(40), at, outcome="unclaimed"),
    ]
    back = said(
        "purchase.returned", PurchaseReturnedV1, "B-1", at, {"receipt_number": "000123"}, outcome="reversed",
        moved=(Moved(2, "reverse", "points", "active", "reversed", 30, 1),),
    )  # fmt: skip
    await scribe.page([*decisions, back])
    return decisions


async def test_who_is_not_signed_in_sees_the_way_in_only(anonymous: httpx.AsyncClient, scribe: Scribe) -> None:
    await some_decisions(scribe)
    page = await anonymous.get("/")
    assert page.status_code == 200
    assert '<form method="post" action="/sign-in">' in page.text
    assert "Last decisions" not in page.text
    assert (await anonymous.get("/live")).status_code == 401


async def test_a_session_is_a_cookie_that_scripts_cannot_read(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    text, _ = await make_key(ACME, "receipts:read")
    answer = await sign_in(anonymous, text)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
    assert text[-64:] not in cookie
    assert "Secure" not in cookie
    anonymous.cookies.clear()
    secure = await anonymous.post("https://door.test/sign-in", data={"key": text})
    assert "Secure" in secure.headers["set-cookie"]


async def test_a_key_that_is_no_good_gets_no_session(anonymous: httpx.AsyncClient, make_key: MakeKey) -> None:
    revoked, _ = await make_key(ACME, "receipts:read", revoked=True)
    narrow, _ = await make_key(ACME, "members:read")
    good, _ = await make_key(ACME, "receipts:read")
    guessed = good[:-1] + ("0" if good[-1] != "0" else "1")
    for text, status in ((revoked, 401), (narrow, 403), (guessed, 401), ("x", 401), ("y" * 2000, 401)):
        answer = await sign_in(anonymous, text)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
        assert "set-cookie" not in answer.headers
    answer = await sign_in(anonymous, good, **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


async def test_who_guesses_keys_is_slowed_down(settings: GatewaySettings, make_key: MakeKey) -> None:
    good, _ = await make_key(ACME, "receipts:read")
    public = settings.public.model_copy(update={"requests": 2})
    async with running(settings.model_copy(update={"public": public}), SetClock()) as client:
        assert [(await sign_in(client, good)).status_code for _ in range(3)] == [303] * 3
        answers = [await sign_in(client, good[:-1] + "x") for _ in range(3)]
        assert [each.status_code for each in answers] == [401, 401, 429]
        assert {"ratelimit", "ratelimit-policy", "retry-after"} <= set(answers[-1].headers)


async def test_revoking_the_key_ends_its_sessions(
    reader: httpx.AsyncClient, superuser: asyncpg.Connection, make_key: MakeKey
) -> None:
    assert (await reader.get("/live")).status_code == 200
    text, key = await make_key(ACME, "receipts:read")
    await sign_in(reader, text)
    await superuser.execute(QUERIES["revoke"], key.key_id, NOW)
    assert (await reader.get("/live")).status_code == 401
    assert "sign-in" in (await reader.get("/")).text


async def test_a_session_ends_when_nobody_looks_and_lives_on_when_somebody_does(
    reader: httpx.AsyncClient, clock: SetClock
) -> None:
    for _ in range(4):
        clock.forward(timedelta(minutes=40))
        answer = await reader.get("/live")
        assert answer.status_code == 200
        assert "set-cookie" in answer.headers
    clock.forward(timedelta(minutes=61))
    assert (await reader.get("/live")).status_code == 401


async def test_signing_out(reader: httpx.AsyncClient) -> None:
    assert (await reader.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 303
    assert (await reader.get("/live")).status_code == 200
    await reader.post("/sign-out")
    assert (await reader.get("/live")).status_code == 401


async def test_signing_out_ends_every_copy_of_the_cookie_at_every_gateway(
    reader: httpx.AsyncClient, settings: GatewaySettings, clock: SetClock, superuser: asyncpg.Connection
) -> None:
    copied = dict(reader.cookies)
    clock.forward(timedelta(minutes=40))
    await reader.get("/live")
    renewed = dict(reader.cookies)
    assert renewed != copied
    async with running(settings, clock) as other:
        other.cookies = renewed
        assert (await other.get("/live")).status_code == 200
        await reader.post("/sign-out")
        reader.cookies.clear()
        for client in (reader, other):
            for cookies in (copied, renewed):
                for path in ("/live", "/segments"):
                    client.cookies = cookies
                    answer = await client.get(path, follow_redirects=True)
                    assert answer.status_code == 401 or "sign-in" in answer.text, path


async def test_signing_out_ends_no_other_session_of_the_key(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: SetClock, superuser: asyncpg.Connection
) -> None:
    text, _ = await make_key(ACME, "receipts:read")
    await sign_in(anonymous, text)
    first = dict(anonymous.cookies)
    anonymous.cookies.clear()
    await sign_in(anonymous, text)
    await anonymous.post("/sign-out")
    anonymous.cookies = first
    assert (await anonymous.get("/live")).status_code == 200
    clock.forward(timedelta(hours=13))
    await sign_in(anonymous, text)
    await anonymous.post("/sign-out")
    assert await superuser.fetchval(QUERIES["ended_sessions"]) == 1, "what is over by now is forgotten"


async def test_it_tells_throughput_and_the_last_decisions_masked(reader: httpx.AsyncClient, scribe: Scribe) -> None:
    await some_decisions(scribe)
    page = (await reader.get("/")).text
    assert page.count("<time") >= 3
    assert '<strong class="figure">0.1</strong> events decided a second' in page
    assert "at most 3." in page
    for told in (
        "Points were credited.",
        "+45",
        "-30",
        "purchase.returned",
        "card ••••3456",
        "••••123",
        "The receipt waits to be claimed.",
    ):
        assert told in page
    for hidden in ("98123456", "000123"):
        assert hidden not in page
    assert "Broker away" in page, "nobody listens there, and the first look already says so"
    assert page.count("<caption>") == page.count("<table>")
    assert unbalanced(page) == []
    assert "style=" not in page


async def test_another_tenants_events_are_not_seen(
    anonymous: httpx.AsyncClient, scribe: Scribe, make_key: MakeKey
) -> None:
    await some_decisions(scribe)
    text, _ = await make_key(GLOBEX, "receipts:read")
    await sign_in(anonymous, text)
    page = (await anonymous.get("/")).text
    assert "Nothing has been decided yet" in page
    assert ACME.source not in page


async def test_trouble_is_told_in_words(
    reader: httpx.AsyncClient, superuser: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await superuser.execute(QUERIES["position"], "loyalty.purchases", 3, 100, NOW, "too many <bad> records")
    await superuser.execute(QUERIES["shard"], "earning/loyalty.purchases/3", 50, 40)
    for tenant in (ACME, GLOBEX, None):
        await superuser.execute(QUERIES["letter"], tenant and tenant.tenant_id, NOW - timedelta(minutes=30))
    await superuser.execute(QUERIES["letter"], ACME.tenant_id, NOW - timedelta(minutes=61))
    await superuser.execute(QUERIES["parked"], ACME.tenant_id, ACME.programme_id, NOW, UUID(int=1))
    await superuser.execute(QUERIES["parked"], GLOBEX.tenant_id, GLOBEX.programme_id, NOW, UUID(int=1))
    page = (await reader.get("/")).text
    assert "loyalty.purchases partition 3, too many &lt;bad&gt; records" in page
    assert "1 in the last hour on loyalty.purchases, payload-invalid" in page
    assert "1 receipts. No rate is known for their currency." in page
    assert "Unpublished" not in page  # nobody publishes from it, but not yet for long
    monkeypatch.setattr(live_board, "_STUCK_AFTER", 0.0)
    monkeypatch.setattr(live_board, "_KEPT", 0.0)
    assert "9 events wait in the outbox" in (await reader.get("/live")).text


async def test_without_its_broker_it_says_so(reader: httpx.AsyncClient, superuser: asyncpg.Connection) -> None:
    await superuser.execute(QUERIES["position"], "loyalty.purchases", 0, 100, NOW, None)

    async def told() -> bool:
        return "Broker away" in (await reader.get("/live")).text

    await until(told, "the page says that the broker is away")
    assert "not known" in (await reader.get("/live")).text


async def test_lag_is_what_the_topic_holds_beyond_the_position(
    settings: GatewaySettings,
    stack: Stack,
    make_key: MakeKey,
    superuser: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "_FIRST_PATIENCE", 15.0)
    topic = stack.topic("loyalty.purchases")
    await stack.produce([purchase(str(number), card=str(number)) for number in range(5)])
    kafka = settings.kafka.model_copy(update={"bootstrap": stack.bootstrap, "topic_prefix": stack.prefix})
    for part in range(12):
        await superuser.execute(QUERIES["position"], topic, part, 0, NOW, None)
    async with running(settings.model_copy(update={"kafka": kafka}), SetClock()) as client:
        text, _ = await make_key(ACME, "receipts:read")
        await sign_in(client, text)

        page = (await client.get("/")).text
        assert "None that we know of" in page
        row = re.search(r"<code>loyalty.purchases</code></td><td>([^<]*)</td>", page)
        assert row is not None
        assert row.group(1) == "5", "the first look already tells the lag"


def test_the_script_is_short() -> None:
    assert len(SCRIPT.read_text(encoding="utf-8").splitlines()) < 60
