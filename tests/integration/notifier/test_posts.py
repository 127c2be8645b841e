"""Posts on pages: laid down at their hour, published once a page, tried again, told, captured without a provider."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from libs.messages.providers import provider_context
from libs.posts import postgres as posts
from libs.posts.states import Action
from libs.posts.wanted import post_of
from libs.runtime.clock import SystemClock
from services.notifier.channels.captured import CapturedChannel
from services.notifier.channels.exchange import Line
from services.notifier.channels.providers import FRESH, CompanyChannel, Providers
from services.notifier.channels.table import Means
from services.notifier.posts.pages import PAGES, Pages
from services.notifier.posts.work import CAPTURED, PostWork
from tests.integration.notifier.conftest import Notifying
from tests.integration.notifier.test_channels import PUT
from tests.support.receivers import Answer, Peer, cut_off, peer, says_json
from tests.support.stack import PATIENCE

POST = UUID(int=0x50)
WORDS = [{"language": "en", "text": "Spring is here"}, {"language": "de", "text": "Der Frühling ist da"}]
TAKEN = says_json(200, '{"id": "1_2"}')


def graph(code: int) -> Answer:
    return says_json(400, json.dumps({"error": {"code": code, "message": "no"}}))


class Publishing:
    """A worker, and an operator beside it."""

    def __init__(self, notifying: Notifying) -> None:
        self.notifying = notifying
        self.seconds, self.shards, self.unusable = 0.0, set[str](), 0
        pool, seal, now = notifying.pool, notifying.seal, notifying.clock.now
        line = Line(loopback=True, answer=timedelta(seconds=PATIENCE))
        providers = Providers(
            pool, seal, Means(pool, now, now, line, lambda: None), lambda: self.seconds, self._unusable
        )
        self.channel = CompanyChannel(PAGES, providers, CapturedChannel(PAGES, pool, seal, now))
        self.work = PostWork(
            pool, Pages(providers, self.channel), notifying.clock, SystemClock(), "https://club.example/",
            lambda: 0.5, notifying.metrics, self._committed,
        )  # fmt: skip

    async def set_pages(self, url: str, token: str = "one", **languages: str) -> None:
        """Set the pages, as `pointstream providers set` does."""
        pages = [
            {"name": name, "page": str(number), "token": token, "language": language}
            for number, (name, language) in enumerate(languages.items(), 1)
        ]
        document = {"kind": "facebook", "url": url, "pages": pages}
        sealed = self.notifying.seal.close(json.dumps(document).encode(), provider_context(1, PAGES))
        await self.notifying.superuser.execute(PUT, 1, PAGES, "facebook", sealed, self.notifying.clock.now())
        self.seconds += FRESH + 1

    async def publish(self, **changes: Any) -> None:
        """Write one, and have it published."""
        wanted = post_of({"name": "Spring", "words": WORDS} | changes)
        async with self.notifying.superuser.transaction():
            await posts.make(self.notifying.superuser, (1, 1), (POST, b"1"), wanted, "eva", self.notifying.clock.now())
        await self.steer("publish")

    async def steer(self, action: Action) -> str:
        async with self.notifying.superuser.transaction():
            return await posts.steer(self.notifying.superuser, (1, 1), POST, action, "eva", self.notifying.clock.now())

    async def stands(self) -> tuple[str, dict[str, tuple[str, str | None]]]:
        """How it stands, as a whole and on each page with the reason."""
        seen = await posts.load_one(self.notifying.superuser, 1, POST)
        assert seen is not None
        pages = await posts.load_pages(self.notifying.superuser, 1, POST)
        return seen.state, {each.page: (each.state, each.reason) for each in pages}

    def _committed(self, shards: Iterable[str]) -> None:
        self.shards.update(shards)

    def _unusable(self) -> None:
        self.unusable += 1


@pytest.fixture
async def publishing(notifying: Notifying) -> Publishing:
    """A worker on a company with a programme."""
    await notifying.programme()
    return Publishing(notifying)


def methods(network: Peer) -> list[str]:
    return [each.method for each in network.heard]


async def test_each_page_shows_it_once_in_its_language(publishing: Publishing) -> None:
    async with peer(TAKEN) as network:
        await publishing.set_pages(network.url, club="en", verein="de")
        await publishing.publish()
        for _ in range(2):
            await publishing.work.look()
        await publishing.channel.close()
    assert methods(network) == ["POST", "POST"]
    bodies = {each.path: each.body.decode() for each in network.heard}
    assert "message=Spring+is+here" in bodies["/v23.0/1/feed"]
    assert "message=Der+Fr" in bodies["/v23.0/2/feed"]
    published = ("published", None)
    assert await publishing.stands() == ("published", {"club": published, "verein": published})
    events = await publishing.notifying.events()
    assert [(each["type"], each["data"]["page"]) for each in events] == [
        ("org.pointstream.post.published.v1", "club"),
        ("org.pointstream.post.published.v1", "verein"),
    ]
    assert {each["data"]["provider_id"] for each in events} == {"1_2"}
    assert publishing.shards
    assert await publishing.steer("publish") == "done"


async def test_it_waits_for_its_hour_and_is_called_off(publishing: Publishing) -> None:
    hour = publishing.notifying.clock.now() + timedelta(hours=1)
    async with peer(TAKEN) as network:
        await publishing.set_pages(network.url, club="en")
        await publishing.publish(starts_at=hour.isoformat())
        await publishing.work.look()
        assert await publishing.stands() == ("scheduled", {})
        assert await publishing.steer("cancel") == "done"
        publishing.notifying.clock.instant = hour
        await publishing.work.look()
        await publishing.channel.close()
    assert network.heard == []
    assert await publishing.stands() == ("cancelled", {})


async def test_what_may_be_there_is_looked_for_before_it_is_tried_again(publishing: Publishing) -> None:
    found = says_json(200, json.dumps({"data": [{"id": "1_7", "message": "Spring is here"}]}))
    async with peer(cut_off, found) as network:
        await publishing.set_pages(network.url, club="en")
        await publishing.publish()
        await publishing.work.look()
        assert await publishing.stands() == ("scheduled", {"club": ("waiting", "no-answer")})
        publishing.notifying.clock.instant += timedelta(minutes=5)
        await publishing.work.look()
        await publishing.channel.close()
    assert methods(network) == ["POST", "GET"]
    assert await publishing.stands() == ("published", {"club": ("published", None)})
    (event,) = await publishing.notifying.events()
    assert event["data"]["provider_id"] == "1_7"


async def test_another_worker_goes_on_where_one_ended(publishing: Publishing) -> None:
    """Whoever had it in hand may have published it: the page is searched first."""
    async with peer(TAKEN, says_json(200, '{"data": []}'), TAKEN) as network:
        await publishing.set_pages(network.url, club="en")
        await publishing.publish()
        await publishing.work.look()
        assert methods(network) == ["POST"]
        lost = "state = 'sending', ended_at = NULL, provider_id = NULL, lease_until = now() - interval '1 s'"
        await publishing.notifying.superuser.execute(f"UPDATE notifier.post_page SET {lost}")
        await publishing.notifying.superuser.execute("UPDATE notifier.post SET state = 'scheduled', ended_at = NULL")
        await publishing.work.look()
        await publishing.channel.close()
    assert methods(network) == ["POST", "GET", "POST"]
    assert (await publishing.stands())[0] == "published"


async def test_a_page_that_refuses_fails_and_is_tried_again_by_people(publishing: Publishing) -> None:
    async with peer(graph(368), TAKEN, says_json(200, '{"data": []}'), TAKEN) as network:
        await publishing.set_pages(network.url, club="en", news="en")
        await publishing.publish()
        await publishing.work.look()
        state, pages = await publishing.stands()
        assert (state, sorted(pages.values(), key=str)) == (
            "failed",
            [("failed", "address-refused"), ("published", None)],
        )
        assert await publishing.steer("cancel") == "otherwise"
        assert await publishing.steer("retry") == "done"
        await publishing.work.look()
        await publishing.channel.close()
    assert methods(network) == ["POST", "POST", "GET", "POST"]
    assert (await publishing.stands())[0] == "published"
    kinds = [each["type"].split(".")[3] for each in await publishing.notifying.events()]
    assert sorted(kinds) == ["failed", "published", "published"]


async def test_a_token_is_changed_while_it_waits(publishing: Publishing) -> None:
    async with peer(graph(190), says_json(200, '{"data": []}'), TAKEN) as network:
        await publishing.set_pages(network.url, "old", club="en")
        await publishing.publish()
        await publishing.work.look()
        assert await publishing.stands() == ("scheduled", {"club": ("waiting", "credentials-refused")})
        await publishing.set_pages(network.url, "new", club="en")
        publishing.notifying.clock.instant += timedelta(minutes=10)
        await publishing.work.look()
        await publishing.channel.close()
    assert "access_token=old" in network.heard[0].body.decode()
    assert "access_token=new" in network.heard[-1].body.decode()
    assert (await publishing.stands())[0] == "published"


async def test_without_a_provider_it_is_captured_and_a_page_that_is_not_set_fails(publishing: Publishing) -> None:
    await publishing.publish()
    await publishing.work.look()
    assert await publishing.stands() == ("published", {CAPTURED: ("published", None)})
    (shown,) = await posts.captured(publishing.notifying.superuser, 1, publishing.notifying.seal)
    assert (shown.post_id, shown.page, shown.text) == (POST, CAPTURED, "Spring is here")
    sealed = await publishing.notifying.superuser.fetchval("SELECT sealed FROM notifier.captured")
    assert b"Spring" not in sealed


async def test_settings_that_can_not_be_read_hold_a_post_up(publishing: Publishing) -> None:
    row = (1, PAGES, "facebook", b"not sealed at all", publishing.notifying.clock.now())
    await publishing.notifying.superuser.execute(PUT, *row)
    await publishing.publish(pages=["club"])
    await publishing.work.look()
    assert await publishing.stands() == ("scheduled", {})
    assert publishing.unusable
    async with peer(TAKEN) as network:
        await publishing.set_pages(network.url, news="en")
        await publishing.work.look()
        await publishing.channel.close()
    assert network.heard == []
    assert await publishing.stands() == ("failed", {"club": ("failed", "address-unknown")})


async def test_a_company_sees_its_own_posts_alone(publishing: Publishing, notifying: Notifying) -> None:
    await publishing.publish()
    connection = await asyncpg.connect(notifying.database.dsn("gateway"))
    try:
        for tenant_id, seen in ((1, 1), (2, 0)):
            async with connection.transaction():
                await connection.execute("SELECT set_config('pointstream.tenant', $1, true)", str(tenant_id))
                assert await connection.fetchval("SELECT count(*) FROM notifier.post") == seen
    finally:
        await connection.close()
    assert (
        orjson.loads(await notifying.superuser.fetchval("SELECT wanted::text FROM notifier.post"))["name"] == "Spring"
    )
