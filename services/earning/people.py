"""The people behind members, as profiles tell of them: sealed and kept with the batch, and told to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from libs.contacts.postgres import save_told
from libs.contacts.told import Told, together
from libs.contacts.vault import Vault
from libs.lives.life import MemberName


async def keep_people(
    connection: asyncpg.Connection, now: datetime, told: Iterable[tuple[MemberName, Told | None]], vault: Vault
) -> None:
    """Keep what the profiles of a batch tell of people, in their order; without a word it costs nothing."""
    by_name: dict[MemberName, list[Told]] = {}
    for name, each in told:
        if each is not None:
            by_name.setdefault(name, []).append(each)
    if by_name:
        await save_told(connection, now, {name: together(several) for name, several in by_name.items()}, vault)
