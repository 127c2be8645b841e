"""The operations about choices. One is made once: under the key of the choice, whoever asks and however often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from libs.contracts.choices import CREDENTIAL, choice_key
from libs.contracts.orders import OrderAsk
from libs.contracts.redemption import Ask, RedemptionView
from libs.runtime import sql
from services.gateway.choices.views import ChoicesView, ChoiceView, ChooseBody
from services.gateway.door.access import PointsReader, PointsSpender
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import MemberId, ProgrammeSlug
from services.gateway.door.problems import ProblemError
from services.gateway.intake.idempotency import REPLAYED, key_text
from services.gateway.members.lookup import one_member
from services.gateway.redemptions.bodies import described, read_body
from services.gateway.redemptions.routes import KEYED, client_of
from services.gateway.store import Member, Reading

router = APIRouter(prefix="/v1", tags=["rewards"])
_SQL = sql.load("services.gateway", "choices.sql")
ChoiceId = Annotated[UUID, Path(description="The choice's id.", examples=["5e0a1b7c-6f0e-5b7d-8a63-2f1e9d4c7b51"])]


@router.get(
    "/members/{member_id}/choices",
    operation_id="listMemberChoices",
    summary="Benefits of which a member chooses one",
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_choices(
    caller: PointsReader, member_id: MemberId, programme: ProgrammeSlug = None
) -> ChoicesView:
    """List what a member may choose from, and what was chosen."""
    now = caller.parts.clock.now()
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await _choices(reading, member)
    return ChoicesView(data=tuple(_view(row, now) for row in found))


@router.post(
    "/members/{member_id}/choices/{choice_id}",
    operation_id="chooseBenefit",
    summary="Choose one of the benefits",
    status_code=201,
    response_model=RedemptionView,
    responses=refusals(
        *KEYED, "member-unknown", "programme-needed", "version-unknown", "choice-unknown", "choice-made", "choice-over",
        "choice-differs", "reward-unknown", "reward-sold-out",
    ),
    openapi_extra=described(ChooseBody, {"reward": "coffee"}),
)  # fmt: skip
async def choose_benefit(
    request: Request,
    caller: PointsSpender,
    member_id: MemberId,
    choice_id: ChoiceId,
    programme: ProgrammeSlug = None,
) -> Response:
    """Order one of a choice's rewards, for nothing; what the member can use at once is in the answer.

    A choice is made once: the same again is answered as before, under any key, another reward is refused.
    """
    body, _ = await read_body(request, ChooseBody)
    key_text(request)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        found = await _choices(reading, member, choice_id)
    if not found:
        raise ProblemError("choice-unknown")
    (row,) = found
    view = _view(row, caller.parts.clock.now())
    if body.reward not in view.rewards:
        raise ProblemError("choice-differs", f"The choice is between {', '.join(view.rewards)}.")
    if view.chosen not in (None, body.reward):
        raise ProblemError("choice-made")
    if view.state == "over":
        raise ProblemError("choice-over")
    ask = Ask(
        "grant",
        caller.tenant_id,
        CREDENTIAL,
        key=choice_key(choice_id),
        fingerprint=choice_key(choice_id),
        programme_id=member.programme_id,
        member_id=member.member_id,
        order=OrderAsk(
            reward=body.reward, quantity=1, answers=body.answers, campaign=view.campaign, cause=row["cause"]
        ),
    )
    try:
        answer = await client_of(request).ask(ask)
    except ProblemError as problem:
        if problem.code == "idempotency-key-reused":
            raise ProblemError("choice-made") from None
        raise
    made = bytes(answer.body)
    headers = {"Location": f"/v1/redemptions/{RedemptionView.model_validate_json(made).redemption_id}"}
    if answer.replayed:
        headers[REPLAYED] = "true"
    return Response(made, status_code=201, headers=headers, media_type="application/json")


async def _choices(reading: Reading, member: Member, choice_id: UUID | None = None) -> Sequence[Any]:
    return await reading.fetch(_SQL["choices"], member.programme_id, member.member_id, choice_id)


def _view(row: Any, now: datetime) -> ChoiceView:
    over = row["revoked_at"] is not None or row["until"] <= now
    return ChoiceView(
        choice_id=row["choice_id"],
        name=row["name"],
        title=row["title"],
        rewards=tuple(row["rewards"]),
        state="chosen" if row["chosen"] is not None else "over" if over else "open",
        granted_at=row["granted_at"],
        until=row["until"],
        campaign=row["campaign"],
        chosen=row["chosen"],
        order_id=row["order_id"],
    )
