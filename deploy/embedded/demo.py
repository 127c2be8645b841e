"""The demo tenant: its programme, its catalogue, its source, its key, and who its members are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib import resources

import asyncpg
import orjson

from libs.catalogue.exchange import read_json
from libs.catalogue.keeping import bring_in
from libs.catalogue.postgres import load_rewards, set_stock
from libs.promotions.document import canonical_json, parse_programme_yaml, programme_hash
from libs.runtime import api_keys, sql

TENANT = 1
PROGRAMME = 1
SLUG = "demo"
SOURCE = "/demo"
SHOWN = f"{SLUG}/{SLUG}"
"""Where /rules and /calculator lead."""
SCOPES = (
    "members:read",
    "points:read",
    "receipts:read",
    "quotes:read",
    "events:write",
    "members:write",
    "points:adjust",
    "points:spend",
    "rewards:read",
    "rewards:write",
    "webhooks:read",
    "webhooks:write",
    "rules:read",
    "rules:publish",
    "pii:read",
    "chats:answer",
)
IN_FORCE_SINCE = datetime(2016, 1, 1, tzinfo=UTC)
"""Before the first receipt of the raw data, so that it is judged by the programme too."""
_ON_STOCK = 500
"""Pieces of each thing that is counted."""
QUERIES = sql.load("deploy.embedded", "demo.sql")


def mint_key(now: datetime) -> str:
    """The text of a new key that may read what the demo shows."""
    return api_keys.mint(TENANT, "demo", SCOPES, now, os.urandom)[0]


async def seed(operator_dsn: str, api_key: str, now: datetime) -> None:
    """Make the demo tenant with its programme, source and API key, as far as they are missing.

    Raises:
        ValueError: `api_key` is no key of ours.
    """
    text = resources.files("libs.promotions").joinpath("examples", "demo.yaml").read_text(encoding="utf-8")
    # Anybody may read the demo's rules and use its calculator.
    programme = parse_programme_yaml(text).model_copy(update={"public": True})
    key = api_keys.present(api_key)
    if key is None:
        raise ValueError("this is no API key")
    document = canonical_json(programme).decode()
    connection = await asyncpg.connect(operator_dsn)
    try:
        async with connection.transaction():
            await connection.execute(QUERIES["make_tenant"], TENANT, SLUG, "Demo")
            await connection.execute(
                QUERIES["make_programme"], TENANT, PROGRAMME, SLUG, "Demo", programme.zone, programme.currency
            )
            await connection.execute(
                QUERIES["make_version"],
                TENANT,
                PROGRAMME,
                programme.version,
                IN_FORCE_SINCE,
                document,
                programme_hash(programme),
                now,
            )
            await connection.execute(QUERIES["make_source"], SOURCE, TENANT, PROGRAMME)
            await connection.execute(QUERIES["make_api_key"], key.key_id, TENANT, "demo", key.digest, list(SCOPES), now)
            await _fill_catalogue(connection, now)
    finally:
        await connection.close()


async def _fill_catalogue(connection: asyncpg.Connection, now: datetime) -> None:
    """Offer rewards of all kinds, unless the catalogue has any: what somebody made of it stays."""
    scope = (TENANT, PROGRAMME)
    if await load_rewards(connection, scope):
        return
    text = resources.files("libs.catalogue").joinpath("examples", "demo.json").read_bytes()
    rewards = list(read_json(orjson.loads(text)))
    await bring_in(connection, scope, rewards, "demo", now, dry_run=False)
    for row in rewards:
        if row.reward is not None and row.reward.stock == "global":
            await set_stock(connection, scope, row.reward.reference, "", to=_ON_STOCK, by=None)
