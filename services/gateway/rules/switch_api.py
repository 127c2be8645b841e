"""The operations on kill switches: what may not pay, within seconds and without a new version."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from libs.programmes.switchboard import Switch, SwitchesFull, SwitchInvalid, check_switch
from libs.programmes.telling import told_switch
from services.gateway.door.access import RulesPublisher, RulesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.rules.bodies import SwitchTurn, body_of, read_body
from services.gateway.rules.desk import desk_of, who
from services.gateway.rules.views import SwitchesView, SwitchView, TurnedView

router = APIRouter(prefix="/v1")
_BODY = ("body-not-json", "body-too-slow", "body-too-large", "media-type-unsupported", "request-invalid")
_PROGRAMME = ("programme-unknown", "programme-needed")
TurnedOnToo = Annotated[bool, Query(description="Also those that were turned on again: the newest 1,000.")]


@router.get(
    "/switches",
    operation_id="listSwitches",
    summary="Kill switches that are off",
    tags=["rules"],
    responses=refusals(*_PROGRAMME, "request-invalid"),
)
async def list_switches(
    request: Request, caller: RulesReader, turned_on_too: TurnedOnToo = False, programme: ProgrammeSlug = None
) -> SwitchesView:
    """List the kill switches, newest first."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await opened.switches(turned_on_too=turned_on_too)
    return SwitchesView(data=tuple(map(_view, found)))


@router.post(
    "/switches:off",
    operation_id="switchOff",
    summary="Stop what pays",
    tags=["rules"],
    response_model=TurnedView,
    responses=refusals(*_PROGRAMME, *_BODY, "switches-full"),
    openapi_extra=body_of(SwitchTurn),
)
async def switch_off(request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None) -> TurnedView:
    """Stop a campaign, a kind of effect, a store, a partner, a channel, or everything: within five seconds.

    It counts for what is decided from then on; what was decided before stays, also when it comes back later.
    """
    body = await read_body(request, SwitchTurn)
    desk = desk_of(request)
    try:
        async with desk.store.opened(caller.tenant_id, programme) as opened:
            await opened.lock()
            now = desk.clock.now()
            check_switch(body.kind, body.value, (await opened.versions(now)).programmes.values())
            switch, turned = await opened.turn_off(body.kind, body.value, now, who(caller), body.note)
    except SwitchInvalid as invalid:
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/body/value", detail=str(invalid))]) from None
    except SwitchesFull as full:
        raise ProblemError("switches-full", str(full)) from None
    return TurnedView(turned=turned, switch=_view(switch))


@router.post(
    "/switches:on",
    operation_id="switchOn",
    summary="Let it pay again",
    tags=["rules"],
    response_model=TurnedView,
    responses=refusals(*_PROGRAMME, *_BODY, "switch-unknown"),
    openapi_extra=body_of(SwitchTurn),
)
async def switch_on(request: Request, caller: RulesPublisher, programme: ProgrammeSlug = None) -> TurnedView:
    """Turn a kill switch on again. What was decided meanwhile stays as it was decided."""
    body = await read_body(request, SwitchTurn)
    desk = desk_of(request)
    async with desk.store.opened(caller.tenant_id, programme) as opened:
        await opened.lock()
        switch = await opened.turn_on(body.kind, body.value, desk.clock.now(), who(caller), body.note)
    if switch is None:
        raise ProblemError("switch-unknown")
    return TurnedView(turned=True, switch=_view(switch))


def _view(switch: Switch) -> SwitchView:
    return SwitchView.model_validate(told_switch(switch))
