"""The catalogue as it is kept: rewards written, taken out, imported and exported; and their stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from libs.catalogue import postgres as catalogue
from libs.catalogue.exchange import COLUMNS, Read, read_csv, read_json, reward_row, write_csv
from libs.catalogue.keeping import Overtaken, bring_in, keep
from libs.catalogue.postgres import Kept
from libs.catalogue.reward import Reward, RewardInvalid, parse_reward, reward_document
from services.gateway.catalogue.rewards_api import Reference
from services.gateway.catalogue.views import (
    EXAMPLE_DOCUMENT,
    ImportedView,
    RewardView,
    RowFault,
    StocksView,
    StockView,
    VersionsView,
)
from services.gateway.door.access import RewardsReader, RewardsWriter
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.files.sending import chunks_of
from services.gateway.rules.bodies import Body, body_of, read_body
from services.gateway.rules.desk import IF_MATCH, desk_of, seen_by, who
from services.gateway.rules.store import Opened

router = APIRouter(prefix="/v1", tags=["rewards"])
_BODY = ("body-not-json", "body-too-large", "body-too-slow", "media-type-unsupported", "request-invalid")
_WHERE = ("programme-unknown", "programme-needed", "request-invalid")
_MOST_BYTES = 8 * 1024 * 1024
_SHOWN = 1_000
_HISTORY = 50


class RewardBody(Body):
    """A reward: see /schemas/reward.schema.json."""

    model_config = ConfigDict(json_schema_extra={"example": {"reward": EXAMPLE_DOCUMENT}})

    reward: dict[str, Any] = Field(description="The document: see /schemas/reward.schema.json.")


class StockBody(Body):
    """How many pieces are free from now on, or by how many more than now (`add`, less with a minus)."""

    model_config = ConfigDict(json_schema_extra={"example": {"store": "", "add": 20}})

    store: str = Field(default="", max_length=64, description="The store; empty for the stock of all together.")
    free: int | None = Field(default=None, ge=0, le=10**9, description="So many.")
    add: int | None = Field(default=None, ge=-(10**9), le=10**9, description="So many more.")


@router.get(
    "/rewards/{reference}/document",
    operation_id="getRewardDocument",
    summary="A reward as it is kept",
    responses=refusals("reward-unknown", *_WHERE),
)
async def get_reward_document(
    request: Request, response: Response, caller: RewardsReader, reference: Reference, programme: ProgrammeSlug = None
) -> RewardView:
    """Tell the document of a reward, with its `ETag`."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await _known(opened, reference)
    response.headers["ETag"] = _etag(found)
    return _view(found)


@router.get(
    "/rewards/{reference}/versions",
    operation_id="listRewardVersions",
    summary="Who changed a reward, and when",
    responses=refusals("reward-unknown", *_WHERE),
)
async def list_reward_versions(
    request: Request, caller: RewardsReader, reference: Reference, programme: ProgrammeSlug = None
) -> VersionsView:
    """List the last versions of a reward. What was ordered by one stays bound to it."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = await catalogue.load_history(opened.connection, opened.where.key, reference, _HISTORY)
    if not found:
        raise ProblemError("reward-unknown")
    return VersionsView(data=tuple(map(_view, found)))


@router.put(
    "/rewards/{reference}/document",
    operation_id="putReward",
    summary="Write a reward",
    response_model=RewardView,
    responses=refusals(*_BODY, *_WHERE, "document-invalid", "precondition-failed", "precondition-missing"),
    openapi_extra=body_of(RewardBody, IF_MATCH),
)
async def put_reward(
    request: Request, response: Response, caller: RewardsWriter, reference: Reference, programme: ProgrammeSlug = None
) -> RewardView:
    """Write a reward: a new one with `If-None-Match: *`, else with `If-Match`. What it says already changes nothing."""
    seen = seen_by(request)
    body = await read_body(request, RewardBody)
    try:
        reward = parse_reward(body.reward | {"reference": reference})
    except RewardInvalid as invalid:
        faults = [FieldError(pointer=f"/body/reward{path}", detail=reason) for path, reason in invalid.faults]
        raise ProblemError("document-invalid", errors=faults) from None
    now = caller.parts.clock.now()
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        before = await catalogue.load_reward(opened.connection, opened.where.key, reference)
        if (before is None) != (not seen) or (before is not None and seen != _etag(before)):
            raise ProblemError("precondition-failed")
        kept = await _put(opened, reward, before, who(caller), now)
    response.headers["ETag"] = _etag(kept)
    return _view(kept)


@router.delete(
    "/rewards/{reference}",
    operation_id="retireReward",
    summary="Take a reward out of the catalogue",
    response_model=RewardView,
    responses=refusals("reward-unknown", *_WHERE),
)
async def retire_reward(
    request: Request, caller: RewardsWriter, reference: Reference, programme: ProgrammeSlug = None
) -> RewardView:
    """Offer a reward no more. It is kept, for orders of it go on."""
    now = caller.parts.clock.now()
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        before = await _known(opened, reference)
        retired = before.reward.model_copy(update={"state": "retired"})
        return _view(await _put(opened, retired, before, who(caller), now))


@router.get(
    "/rewards/{reference}/stock",
    operation_id="getRewardStock",
    summary="How much of a reward there is",
    responses=refusals("reward-unknown", *_WHERE),
)
async def get_reward_stock(
    request: Request, caller: RewardsReader, reference: Reference, programme: ProgrammeSlug = None
) -> StocksView:
    """Tell how many pieces are free and held, by store."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        await _known(opened, reference)
        found = await catalogue.load_stock(opened.connection, opened.where.key, [reference])
    data = tuple(StockView(store=row.store, free=row.free, reserved=row.reserved) for row in found)
    return StocksView(reference=reference, data=data)


@router.put(
    "/rewards/{reference}/stock",
    operation_id="setRewardStock",
    summary="Set or change the stock of a reward",
    response_model=StockView,
    responses=refusals(*_BODY, *_WHERE, "reward-unknown"),
    openapi_extra=body_of(StockBody),
)
async def set_reward_stock(
    request: Request, caller: RewardsWriter, reference: Reference, programme: ProgrammeSlug = None
) -> StockView:
    """Say how many pieces are free, or how many came (`add`). What is held stays held."""
    body = await read_body(request, StockBody)
    if (body.free is None) == (body.add is None):
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/body", detail="either `free` or `add`")])
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        await _known(opened, reference)
        try:
            row = await catalogue.set_stock(
                opened.connection, opened.where.key, reference, body.store, to=body.free, by=body.add
            )
        except asyncpg.CheckViolationError:
            fault = FieldError(pointer="/body/add", detail="fewer than none would be free")
            raise ProblemError("request-invalid", errors=[fault]) from None
    return StockView(store=row.store, free=row.free, reserved=row.reserved)


@router.get(
    "/catalogue.{form}",
    operation_id="exportCatalogue",
    summary="The whole catalogue as a file",
    response_class=Response,
    responses=refusals(*_WHERE)
    | {
        200: {
            "description": "The rewards.",
            "content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "array"}}},
        }
    },
)
async def export_catalogue(
    request: Request,
    caller: RewardsReader,
    form: Annotated[str, Path(pattern="^(csv|json)$", description="`csv` or `json`.", examples=["csv"])],
    programme: ProgrammeSlug = None,
) -> Response:
    """Write all rewards: as CSV with the columns that are edited most and the whole document, or as a JSON list."""
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        found = [each.reward for each in await catalogue.load_rewards(opened.connection, opened.where.key)]
    if form == "json":
        content = orjson.dumps([reward_document(each) for each in found], option=orjson.OPT_INDENT_2)
        return Response(content, media_type="application/json")
    headers = {"Content-Disposition": 'attachment; filename="catalogue.csv"'}
    return Response(write_csv(COLUMNS, map(reward_row, found)), media_type="text/csv; charset=utf-8", headers=headers)


_REWARDS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["reference"],
        "properties": {
            "reference": {
                "type": "string",
                "description": "The reward; the other fields are those of /schemas/reward.schema.json.",
            }
        },
    },
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _REWARDS, "example": [EXAMPLE_DOCUMENT]},
            "text/csv": {"schema": {"type": "string"}, "example": "reference,points\nmug,350\n"},
        },
    }
}


@router.post(
    "/catalogue",
    operation_id="importCatalogue",
    summary="Write many rewards at once",
    response_model=ImportedView,
    responses=refusals(*_BODY, *_WHERE, "precondition-failed"),
    openapi_extra=_FILE,
)
async def import_catalogue(
    request: Request,
    caller: RewardsWriter,
    programme: ProgrammeSlug = None,
    dry_run: Annotated[bool, Query(description="Check every row, and change nothing.")] = False,
) -> ImportedView:
    """Write the rows of CSV or JSON. A wrong row is told, and the others count.

    Sent again it changes nothing more, so no key is needed.
    """
    content = b"".join([piece async for piece in chunks_of(request, _MOST_BYTES)])
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    now = caller.parts.clock.now()
    async with desk_of(request).store.opened(caller.tenant_id, programme) as opened:
        known = await catalogue.load_rewards(opened.connection, opened.where.key)
        rows = _rows(content, media, known)
        try:
            told = await bring_in(opened.connection, opened.where.key, rows, who(caller), now, dry_run=dry_run)
        except Overtaken:
            raise ProblemError("precondition-failed") from None
    faults = [RowFault(line=line, pointer=path, detail=detail) for line, path, detail in told.faults[:_SHOWN]]
    return ImportedView(**told._asdict() | {"faults": tuple(faults)}, dry_run=dry_run)


def _rows(content: bytes, media: str, known: Iterable[Kept]) -> Iterator[Read]:
    """The rows of a file; a row of CSV without a document goes by what is known of the reward."""
    if media == "text/csv":
        documents = {each.reward.reference: reward_document(each.reward) for each in known}
        try:
            return read_csv(content.decode("utf-8-sig"), documents)
        except UnicodeDecodeError:
            raise ProblemError("media-type-unsupported", "CSV comes as UTF-8.") from None
    try:
        documents_sent = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ProblemError("body-not-json") from None
    if not isinstance(documents_sent, list):
        fault = FieldError(pointer="/body", detail="expected a list of rewards")
        raise ProblemError("request-invalid", errors=[fault])
    return read_json(documents_sent)


async def _put(opened: Opened, reward: Reward, before: Kept | None, author: str, now: datetime) -> Kept:
    try:
        return await keep(opened.connection, opened.where.key, reward, before, author, now)
    except Overtaken:
        raise ProblemError("precondition-failed") from None


async def _known(opened: Opened, reference: str) -> Kept:
    found = await catalogue.load_reward(opened.connection, opened.where.key, reference)
    if found is None:
        raise ProblemError("reward-unknown")
    return found


def _etag(kept: Kept) -> str:
    return f'"{kept.version}"'


def _view(kept: Kept) -> RewardView:
    return RewardView(
        reward=reward_document(kept.reward), version=kept.version, author=kept.author, recorded_at=kept.recorded_at
    )
