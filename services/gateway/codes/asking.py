"""What all requests about codes and gift cards need: whose they are, their key, the way to redemption and back."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request, Response

from libs.codes.keeping import CodeKeeper
from libs.contracts.codes import ValueAnswer
from services.gateway.codes.bodies import WhoBody
from services.gateway.door.access import Caller
from services.gateway.door.problems import ProblemError
from services.gateway.intake.bodies import fingerprint
from services.gateway.intake.idempotency import REPLAYED, digest, key_text
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.client import RedemptionClient
from services.gateway.store import Member

BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
ASKED = (*BODY, "redemption-away")
KEYED = (*ASKED, "idempotency-key-missing", "idempotency-key-invalid", "idempotency-key-reused")
OF_MEMBER = ("member-unknown", "programme-needed")


class Whose(NamedTuple):
    """The programme and member of a request; nobody, where none was named."""

    programme_id: int | None = None
    member_id: UUID | None = None


async def whose(caller: Caller, body: WhoBody, programme: str | None) -> Whose:
    """Return whom a request is for; for who was merged into another, that other.

    Raises:
        ProblemError: somebody is named who is nobody of the company, or the programme has to be named.
    """
    if body.member_id is None and body.identifier is None:
        return Whose()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member: Member
        if body.member_id is not None:
            member = await one_member(reading, body.member_id, programme)
        else:
            kind, _, value = (body.identifier or "").partition(":")
            found = await reading.by_identifier(caller.parts.names.of(kind, value), programme)
            if len(found) != 1:
                raise ProblemError("programme-needed" if found else "member-unknown")
            member = await one_member(reading, found[0][1], found[0][0])
        if member.merged_into is not None:
            member = await one_member(reading, member.merged_into, member.programme)
    return Whose(member.programme_id, member.member_id)


def keyed(request: Request, caller: Caller, document: Any) -> dict[str, Any]:
    """What an ask says of who asks, and of the request that it is."""
    return {
        "tenant_id": caller.tenant_id,
        "credential": caller.key.key_id,
        "key": digest(key_text(request)),
        "fingerprint": fingerprint(request, document),
    }


def needs_adjusting(caller: Caller) -> None:
    """Let only those pass who may give money away.

    Raises:
        ProblemError: the caller's key lacks the scope.
    """
    if not caller.key.allows("points:adjust"):
        raise ProblemError("scope-missing", "To give money away takes the scope points:adjust.")


def needs_spending(caller: Caller) -> None:
    """Let only those pass who may spend what members have.

    Raises:
        ProblemError: the caller's key lacks the scope.
    """
    if not caller.key.allows("points:spend"):
        raise ProblemError("scope-missing", "Codes, points and gift cards take the scope points:spend.")


def client_of(request: Request) -> RedemptionClient:
    """The way to redemption."""
    client: RedemptionClient = request.app.state.redemptions
    return client


def keeper_of(request: Request) -> CodeKeeper:
    """What opens codes for who may see them."""
    keeper: CodeKeeper = request.app.state.keeper
    return keeper


def respond(answer: ValueAnswer, status: int = 200) -> Response:
    """Give an answer of redemption to the caller."""
    headers = {REPLAYED: "true"} if answer.replayed else {}
    return Response(bytes(answer.body), status_code=status, headers=headers, media_type="application/json")
