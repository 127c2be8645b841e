"""The operation on challenges: how far a member is with each."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from libs.judging.versions import RunningProgramme
from libs.promotions.describe import Words, running
from libs.promotions.switches import stopped
from libs.segments import reading as segments
from libs.segments.challenges import Challenge, challenges
from libs.segments.finding import Look
from libs.segments.postgres import load
from libs.segments.rules import rules_of
from services.gateway.door.access import MembersReader
from services.gateway.door.openapi import refusals
from services.gateway.door.parameters import Language, MemberId, ProgrammeSlug
from services.gateway.members.lookup import one_member
from services.gateway.store import Reading
from services.gateway.views import EXAMPLE_MEMBER, View

router = APIRouter(prefix="/v1")


class HereView(View):
    """How far the period of today is, that is to go on with a streak."""

    done: int = Field(description="How much of it is done, in minor units where it is money; never above `needed`.")
    needed: int
    last_day: date = Field(description="With which day it ends.")
    told: str = Field(description="The same in words.", examples=["this week: 0 of 1, until May 26, 2024"])


class StepView(View):
    """One thing to be done; of a streak periods are counted."""

    words: str
    done: int = Field(description="How much of it is done, in minor units where it is money; never above `needed`.")
    needed: int
    met: bool
    told: str = Field(description="The same in words.", examples=["2 of 3"])
    here: HereView | None = Field(default=None, description="Of a streak: how far today's period is.")


class ChallengeView(View):
    """A challenge, and how far the member is with it."""

    campaign: str
    name: str
    gives: str = Field(description="What it brings and to whom, in a sentence.")
    steps: tuple[StepView, ...]
    met: int = Field(description="How many of its steps are done.")
    done_at: datetime | None = Field(description="When all of it was done and seen, as long as it holds; else null.")


class MemberChallengesView(View):
    """The challenges that run, and how far a member is with each."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "member_id": EXAMPLE_MEMBER,
                "programme": "main",
                "data": [
                    {
                        "campaign": "coffee-month",
                        "name": "Coffee month",
                        "gives": "500 points and 1 badge “barista” for whoever completes “Three visits and a review”.",
                        "steps": [
                            {
                                "words": "at least 3 purchases this month",
                                "done": 2,
                                "needed": 3,
                                "met": False,
                                "told": "2 of 3",
                                "here": None,
                            },
                            {
                                "words": "at least 1 purchase in each of 4 weeks in a row",
                                "done": 3,
                                "needed": 4,
                                "met": False,
                                "told": "3 of 4 in a row",
                                "here": {
                                    "done": 0,
                                    "needed": 1,
                                    "last_day": "2024-05-26",
                                    "told": "this week: 0 of 1, until May 26, 2024",
                                },
                            },
                        ],
                        "met": 0,
                        "done_at": None,
                    }
                ],
            }
        }
    )

    member_id: UUID
    programme: str
    data: tuple[ChallengeView, ...]


@router.get(
    "/members/{member_id}/challenges",
    operation_id="listMemberChallenges",
    summary="How far a member is with each challenge",
    tags=["members"],
    responses=refusals("member-unknown", "programme-needed", "request-invalid"),
)
async def list_member_challenges(
    caller: MembersReader, language: Language, member_id: MemberId, programme: ProgrammeSlug = None
) -> MemberChallengesView:
    """Tell of every challenge that runs what is done of each of its steps, as of now, and when all of it was done."""
    known = await caller.parts.programmes.of(caller.tenant_id)
    async with caller.parts.store.reading(caller.tenant_id) as reading:
        member = await one_member(reading, member_id, programme)
        meant = known.by_key()[caller.tenant_id, member.programme_id]
        data = await challenges_of(reading, meant, member_id, caller.parts.clock.now(), language)
    return MemberChallengesView(member_id=member_id, programme=member.programme, data=data)


async def challenges_of(
    reading: Reading, meant: RunningProgramme, member_id: UUID, now: datetime, language: str
) -> tuple[ChallengeView, ...]:
    """Tell how far a member is with each challenge that runs; nothing is read where none does."""
    version = meant.at(now)
    off = () if version is None else stopped(meant.switches, version.compiled)
    offered = [] if version is None else [one for one in running(version.compiled, now) if one.id not in off]
    if version is None or not any(one.challenge for one in offered):
        return ()
    rules = rules_of(version.compiled.source, version.zone)
    name = (*meant.key, member_id)
    present = (await load(reading.connection, [name], rules, now))[name]
    since = await segments.load_segments_of(reading.connection, meant.key, member_id)
    words = Words(version.compiled, language)
    found = challenges(offered, Look(rules, present.known, now), words)
    return tuple(_view(each, words, since.get(each.segment)) for each in found)


def _view(each: Challenge, words: Words, since: datetime | None) -> ChallengeView:
    steps = tuple(
        StepView(
            words=one.words,
            done=one.done,
            needed=one.needed,
            met=one.met,
            told=one.told,
            here=None if one.here is None else HereView(**asdict(one.here)),
        )
        for one in each.steps
    )
    return ChallengeView(
        campaign=each.campaign.id,
        name=each.campaign.name,
        gives=words.rule(each.campaign).sentence,
        steps=steps,
        met=sum(one.met for one in steps),
        done_at=since,
    )
