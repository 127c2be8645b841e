"""The operations that tell the rules of a programme, and what a year of somebody's habits would bring by them."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import APIRouter

from libs.judging.versions import RunningProgramme
from libs.promotions.describe import describe_rules
from libs.promotions.switches import refers, stopped
from services.gateway.calculator.views import (
    CampaignYearView,
    HabitsBody,
    HowOften,
    LapseView,
    RulesView,
    RuleView,
    WalletRuleView,
    WalletYearView,
    YearView,
)
from services.gateway.calculator.year import MOST_TIMES, TIMES_A_YEAR, Habits, Year, calculate
from services.gateway.door.access import QuotesReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, ProgrammeSlug
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.expiry.common_day import common_day
from services.gateway.public.words import assumptions
from services.gateway.quotes.api import one_programme

router = APIRouter(prefix="/v1")


@router.get(
    "/programme/rules",
    operation_id="getProgrammeRules",
    summary="How points are earned, in plain words",
    tags=["quotes"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def get_programme_rules(caller: QuotesReader, language: Language, programme: ProgrammeSlug = None) -> RulesView:
    """Tell every campaign that runs now in a sentence, its conditions and limits, and what becomes of the points.

    It is told from the document that the engine runs. What is a draft, paused, ended or still to begin is not told.
    """
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), programme, "/query/programme")
    return rules_view(running, caller.parts.clock.now(), language)


@router.post(
    "/calculator",
    operation_id="postCalculator",
    summary="What a year of somebody's habits would bring",
    tags=["quotes"],
    responses=refusals("programme-needed", "request-invalid"),
)
async def post_calculator(caller: QuotesReader, language: Language, habits: HabitsBody) -> YearView:
    """Play a year of purchases and activities through the engine, by the rules that run now; nothing is done.

    The same habits give the same answer all day. `assumptions` says what was taken for granted.
    """
    running = one_programme(await caller.parts.programmes.of(caller.tenant_id), habits.programme, "/body/programme")
    given = _habits(habits)
    # In a thread: a thousand receipts take long enough to hold up other requests.
    year = await asyncio.to_thread(calculate, running, given, caller.parts.clock.now())
    if year is None:
        raise not_begun("/body/programme")
    return _year_view(running, given, year, language)


def rules_view(running: RunningProgramme, at: datetime, language: str) -> RulesView:
    """Tell the rules of a programme at an instant.

    Raises:
        ProblemError: it has not begun.
    """
    version = running.at(at)
    if version is None:
        raise not_begun("/query/programme")
    compiled = version.compiled
    off, on = stopped(running.switches, compiled), refers(running.switches)
    told = describe_rules(compiled, at, language, killed=off, refers=on)
    return RulesView(
        programme=running.programme,
        programme_version=compiled.version,
        as_of=at,
        public=compiled.source.public,
        rules=tuple(
            [
                RuleView(
                    campaign=rule.campaign,
                    name=rule.name,
                    section=rule.section,
                    wallet=rule.wallet,
                    sentence=rule.sentence,
                    conditions=rule.parts,
                    limits=rule.limits,
                    ends_at=rule.ends_at,
                )
                for rule in told.rules
            ]
        ),
        groups=told.groups,
        wallets=tuple(
            [
                WalletRuleView(
                    wallet=one.wallet,
                    scale=one.scale,
                    sentences=one.sentences,
                    lapses_next=common_day(version, one.wallet, at),
                )
                for one in told.wallets
            ]
        ),
        rounding=told.rounding,
        referral=told.referral,
    )


def not_begun(pointer: str) -> ProblemError:
    """What to answer about a programme without a version in force."""
    return ProblemError("programme-needed", errors=[FieldError(pointer=pointer, detail="it has not begun yet")])


def _habits(body: HabitsBody) -> Habits:
    activities = [(one.activity, _a_year(one, f"/body/activities/{at}")) for at, one in enumerate(body.activities)]
    if sum(times for _, times in activities) > MOST_TIMES:
        detail = f"at most {MOST_TIMES} times a year together"
        raise ProblemError("request-invalid", errors=[FieldError(pointer="/body/activities", detail=detail)])
    purchases = _a_year(body.purchases, "/body/purchases")
    return Habits(purchases, body.average_basket_minor, tuple(activities), body.tier)


def _a_year(often: HowOften, pointer: str) -> int:
    times = often.times * TIMES_A_YEAR[often.per]
    if times > MOST_TIMES:
        fault = FieldError(pointer=f"{pointer}/times", detail=f"at most {MOST_TIMES} times a year")
        raise ProblemError("request-invalid", errors=[fault])
    return times


def _year_view(running: RunningProgramme, habits: Habits, year: Year, language: str) -> YearView:
    return YearView(
        programme=running.programme,
        programme_version=year.version,
        begins=year.begins,
        currency=year.currency,
        purchases=habits.purchases,
        wallets=tuple(
            [
                WalletYearView(
                    wallet=one.wallet,
                    scale=one.scale,
                    points=one.points,
                    lapses=tuple([LapseView(last_day=lapse.last_day, points=lapse.points) for lapse in one.lapses]),
                    worth_minor=one.worth_minor,
                )
                for one in year.wallets
            ]
        ),
        campaigns=tuple(
            [
                CampaignYearView(campaign=one.campaign, name=one.name, wallet=one.wallet, points=one.points)
                for one in year.campaigns
            ]
        ),
        assumptions=assumptions(habits.purchases, language),
    )
