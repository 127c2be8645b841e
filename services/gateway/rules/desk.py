"""Publishing for requests: who asks, whether they have seen the latest, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request

from libs.programmes.draft import Draft
from libs.programmes.plan import Plan, PlanRefused, Wish
from libs.programmes.postgres import Publication
from libs.programmes.telling import told_plan, told_version
from libs.programmes.versions import StoredVersion, Versions
from libs.promotions.diff import same
from libs.promotions.document import ProgrammeInvalid
from libs.runtime.clock import Clock
from services.gateway.door.access import Caller
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import Timed, document_problem
from services.gateway.rules.store import Opened, RulesStore
from services.gateway.rules.views import PlanView, PublishedView, VersionView

MakeDraft = Callable[[Opened, Versions, datetime], Awaitable[Draft]]
IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of what you have seen last. For a programme's first version: `If-None-Match: *`.",
    "schema": {"type": "string"},
    "example": '"4-9f2b5c7d1e4a6b8c"',
}
PLANNING = ("programme-unknown", "programme-needed", "request-invalid", "document-invalid", "document-outdated")
PUBLISHING = (
    *PLANNING,
    "body-not-json",
    "body-too-slow",
    "body-too-large",
    "media-type-unsupported",
    "version-waits",
    "activation-too-soon",
)
"""The problems that whatever publishes may answer."""
_REFUSALS = {
    "too-soon": "activation-too-soon",
    "based-on-another": "document-outdated",
    "moved": "precondition-failed",
    "one-waits": "version-waits",
    "unknown-version": "version-unknown",
}


@dataclass(frozen=True, slots=True)
class RulesDesk:
    """Serves what reads and publishes programmes."""

    store: RulesStore
    clock: Clock

    async def plan(self, caller: Caller, programme: str | None, draft: Draft, wish: Wish) -> Plan:
        """Say what publishing would do."""
        try:
            async with self.store.opened(caller.tenant_id, programme) as opened:
                return await opened.look_ahead(draft, wish, self.clock.now())
        except PlanRefused as refused:
            raise problem(refused) from None
        except ProgrammeInvalid as invalid:
            raise document_problem(invalid, "document") from None

    async def publish(
        self, caller: Caller, programme: str | None, body: Timed, make: MakeDraft, seen: str | None, *, place: str
    ) -> PublishedView:
        """Publish what `make` drafts, alone with the programme; `seen` is the ETag that must be the latest version's.

        Without `seen` whatever is the latest is right. `place` is where in the body the document stands.

        Raises:
            ProblemError: it can't be published so, or somebody else has published.
        """
        try:
            async with self.store.opened(caller.tenant_id, programme) as opened:
                await opened.lock()
                now = self.clock.now()
                versions = await opened.versions(now)
                draft = await make(opened, versions, now)
                _check_seen(versions, draft, seen)
                publication = Publication(who(caller), now, body.note)
                planned, stored = await opened.publish(draft, body.wish(), publication)
                in_force = versions.in_force(now)
                version = version_view(opened.slug, stored, in_force=in_force is not None and in_force == stored)
                return PublishedView(published=not planned.unchanged, version=version, plan=plan_view(planned))
        except PlanRefused as refused:
            raise problem(refused) from None
        except ProgrammeInvalid as invalid:
            raise document_problem(invalid, place) from None


def desk_of(request: Request) -> RulesDesk:
    """The desk of the running application."""
    desk: RulesDesk = request.app.state.rules
    return desk


def who(caller: Caller) -> str:
    """Who asks: the key by its name and its id."""
    return f"{caller.key.name[:100]} ({caller.key.key_id})"


def seen_by(request: Request) -> str:
    """Return the ETag that a request names as the latest that its caller has seen.

    Raises:
        ProblemError: 428, it names none.
    """
    if request.headers.get("if-none-match", "").strip() == "*":
        return ""
    seen = request.headers.get("if-match", "").strip()
    if not seen:
        raise ProblemError("precondition-missing")
    return seen


def problem(refused: PlanRefused) -> ProblemError:
    """The problem that a refused plan is."""
    return ProblemError(_REFUSALS[refused.code], str(refused))


def plan_view(plan: Plan) -> PlanView:
    """A plan as it is answered."""
    return PlanView.model_validate(told_plan(plan))


def version_view(slug: str, version: StoredVersion, *, in_force: bool) -> VersionView:
    """A version as it is answered."""
    return VersionView.model_validate({"programme": slug, **told_version(version, in_force=in_force)})


async def in_thread(make: Callable[[], Draft]) -> Draft:
    """Validate a document beside the loop: one of thousands of campaigns takes long enough to hold up others."""
    return await asyncio.to_thread(make)


def _check_seen(versions: Versions, draft: Draft, seen: str | None) -> None:
    """A repeat of what was just published finds it done, though it names the version before."""
    head = versions.head
    if seen is None or seen in ("*", "" if head is None else head.etag):
        return
    if head is not None and same(versions.programme(head), draft.programme):
        return
    latest = "There is no version yet." if head is None else f"The latest version is {head.number}, ETag {head.etag}."
    raise ProblemError("precondition-failed", latest)
