"""What is done with posts, for the API and the console alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from fastapi import Request

from libs.judging.versions import RunningProgramme
from libs.posts import postgres as posts
from libs.posts.postgres import NameTaken, NoPicture, OnPage, Seen, Shown
from libs.posts.states import Action
from libs.posts.wanted import Post
from libs.runtime.seal import Seal
from services.gateway.door.access import Caller
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.mass.desk import in_force
from services.gateway.rules.desk import who
from services.gateway.tenant_store import tenant_transaction

_WHO = 64


@dataclass(frozen=True, slots=True)
class Whole:
    """A post with how it stands on its pages."""

    seen: Seen
    pages: Sequence[OnPage]


@dataclass(frozen=True, slots=True)
class PostDesk:
    """Serves whoever writes posts; `seal` opens what was captured, `random` gives bytes for the names of forms."""

    pool: asyncpg.Pool
    seal: Seal
    random: Callable[[int], bytes]

    async def make(self, caller: Caller, running: RunningProgramme, named: tuple[UUID, bytes], wanted: Post) -> Whole:
        """Store a draft; the same one again is found as it stands.

        Raises:
            ProblemError: its picture is none of the company's, or its name stands for another.
        """
        try:
            async with tenant_transaction(self.pool, caller.tenant_id) as connection:
                now = caller.parts.clock.now()
                await posts.make(connection, running.key, named, wanted, who(caller)[:_WHO], now)
        except NameTaken:
            raise ProblemError("idempotency-key-reused") from None
        except NoPicture:
            fault = FieldError(pointer="/body/picture", detail="the media store has no such picture of your company's")
            raise ProblemError("request-invalid", errors=[fault]) from None
        return await self.one(caller.tenant_id, named[0])

    async def steer(self, caller: Caller, post_id: UUID, action: Action) -> Whole:
        """Do something with a post; asking again changes nothing.

        Raises:
            ProblemError: it is unknown, it can't be as it stands, or it is for somebody else to do.
        """
        seen = (await self.one(caller.tenant_id, post_id)).seen
        scope = (caller.tenant_id, seen.programme_id)
        running = (await caller.parts.programmes.of(caller.tenant_id)).by_key()[scope]
        above = in_force(caller, running).compiled.source.messages.approval_above
        async with tenant_transaction(self.pool, caller.tenant_id) as connection:
            by, now = who(caller)[:_WHO], caller.parts.clock.now()
            done = await posts.steer(connection, scope, post_id, action, by, now, approval_above=above)
        if done == "own":
            raise ProblemError("second-person-needed")
        if done != "done":
            raise ProblemError("post-elsewhere", f"It is {seen.state.replace('_', ' ')}.")
        return await self.one(caller.tenant_id, post_id)

    async def one(self, tenant_id: int, post_id: UUID) -> Whole:
        """Return a post with how it stands.

        Raises:
            ProblemError: there is none of this id.
        """
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            seen = await posts.load_one(connection, tenant_id, post_id)
            if seen is None:
                raise ProblemError("post-unknown")
            return Whole(seen, await posts.load_pages(connection, tenant_id, post_id))

    async def captured(self, tenant_id: int, most: int) -> Sequence[Shown]:
        """Return posts that were captured, the newest first."""
        async with tenant_transaction(self.pool, tenant_id, reading=True) as connection:
            return await posts.captured(connection, tenant_id, self.seal, most)


def desk_of_posts(request: Request) -> PostDesk:
    """The desk of the running application."""
    desk: PostDesk = request.app.state.posts
    return desk
