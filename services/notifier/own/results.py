"""A programme's figures by mail to people of the company: a letter and the next date are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from libs.deliveries import own
from libs.deliveries.own import OwnLetter
from libs.deliveries.periods import next_due, period_before, span_of
from libs.deliveries.result_mails import place_of
from libs.language import wording
from libs.language.catalogue import Catalogue
from libs.messages.library import Library
from libs.messages.rendering import TooLong, render
from libs.messages.values import Points, Proposal, Unfit
from libs.runtime import logs, sql
from libs.runtime.clock import Clock
from libs.runtime.failpoint import reach
from libs.runtime.keys import event_id
from libs.runtime.postgres import DATABASE_ERRORS
from libs.runtime.seal import Seal, SealBroken
from services.notifier.programmes import Programmes, Rules, Scope

log = logs.get(__name__)
_QUERIES = sql.load("services.notifier", "results.sql")
RESULTS = "results"
_LATEST = timedelta(days=60)
_PATIENCE = 300.0
"""Seconds for figures over all members: they read what a programme has."""
_MOST = 50
OTHERS = Catalogue(
    {
        "en": {"wallet": "{redeemed} redeemed, {lapsed} lapsed, {outstanding} outstanding"},
        "de": {"wallet": "{redeemed} eingelöst, {lapsed} verfallen, {outstanding} offen"},
    }
)
Figures = Mapping[str, Mapping[str, int]]


class ResultMails:
    """Looks every minute or so, in every worker: whoever comes first writes."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        programmes: Programmes,
        library: Callable[[Scope, str], Library],
        seal: Seal,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._programmes = programmes
        self._library = library
        self._seal = seal
        self._clock = clock
        self.trouble: str | None = None

    async def look(self) -> None:
        """Write to who is due; what can't be done while the database is away is done by the next look."""
        try:
            for _ in range(_MOST):
                if not await self._one():
                    break
        except DATABASE_ERRORS as error:
            self.trouble = f"figures are not written: {type(error).__name__}"
            log.warning("results.interrupted", error=type(error).__name__)
        else:
            self.trouble = None

    async def _one(self) -> bool:
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_QUERIES["due"], now)
            if row is None:
                return False
            scope = (row["tenant_id"], row["programme_id"])
            rules = self._programmes.of(scope, now)
            if rules is None:
                return False
            days = period_before(row["every"], rules.zone, row["next_at"])
            values = await _figures(connection, scope, rules, span_of(days, rules.zone), row["language"])
            told = {**values, "first_day": days[0], "last_day": days[1]}
            letter = self._written(row, rules, told)
            if letter is not None:
                await own.put(connection, scope[0], self._seal, letter, letter.letter_id.bytes, "pointstream", now)
            following = next_due(row["every"], row["hour"], rules.zone, now)
            await connection.execute(_QUERIES["go_on"], scope[0], row["result_mail_id"], following)
            reach("before-commit")
        return True

    def _written(self, row: asyncpg.Record, rules: Rules, told: Mapping[str, object]) -> OwnLetter | None:
        """The letter; None where it can't be written this time, which holds up nobody else."""
        try:
            return self._letter(row, rules, told)
        except (SealBroken, TooLong, Unfit) as error:
            log.warning("results.not_written", tenant=rules.tenant, error=type(error).__name__)
            return None

    def _letter(self, row: asyncpg.Record, rules: Rules, told: Mapping[str, object]) -> OwnLetter:
        scope = (row["tenant_id"], row["programme_id"])
        found = self._library(scope, rules.messages.language).find(RESULTS, rules.brand, row["language"], "email")
        about = {
            "given_name": None,
            "programme": rules.name,
            "brand": rules.brand,
            "tier": None,
            "segments": (),
            "preferences": None,
            "unsubscribe": None,
        }
        name = UUID(event_id(rules.tenant, str(row["result_mail_id"]), RESULTS, row["next_at"].isoformat(), 0))
        address = self._seal.open(row["sealed"], place_of(row["result_mail_id"])).decode()
        content = render(found.ready, {**about, **told})
        return OwnLetter(name, scope[1], "results", "email", RESULTS, address, rules.brand, content)


async def _figures(
    connection: asyncpg.Connection, scope: Scope, rules: Rules, span: tuple[datetime, datetime], language: str
) -> dict[str, object]:
    """What happened in a span, as a template is told of it: the first wallet in full, the others in a line each."""
    asked = (*scope, *span)
    rows = await connection.fetch(_QUERIES["wallets"], *asked, timeout=_PATIENCE)
    left = {
        row["wallet"]: row["points"]
        for row in await connection.fetch(_QUERIES["outstanding"], *scope, timeout=_PATIENCE)
    }
    moved = {row["wallet"]: {name: row[name] for name in ("issued", "redeemed", "lapsed")} for row in rows}
    joined = await connection.fetchval(_QUERIES["joined"], *asked, timeout=_PATIENCE)
    earliest = (span[0] - _LATEST).date()
    messages = await connection.fetchrow(_QUERIES["messages"], *asked, earliest, timeout=_PATIENCE)
    nothing = {"issued": 0, "redeemed": 0, "lapsed": 0}
    every: Figures = {
        wallet: {**moved.get(wallet, nothing), "outstanding": left.get(wallet, 0)} for wallet in rules.scales
    }
    first, *others = every
    return {
        "wallet": first,
        **{name: Points(points, rules.scales[first]) for name, points in every[first].items()},
        "wallets": tuple(_line(each, every[each], rules.scales[each], language) for each in others[:12]),
        "joined": joined,
        **dict(messages),
    }


def _line(wallet: str, figures: Mapping[str, int], scale: int, language: str) -> Proposal:
    known = language if language in ("en", "de") else "en"
    said = {name: wording.number(figures[name], known, scale) for name in ("redeemed", "lapsed", "outstanding")}
    return Proposal(wallet, OTHERS.say(known, "wallet", **said), points=Points(figures["issued"], scale))
