"""What the member's own page tells of points beside what they buy: what is owed or lent, and how far challenges are."""

from __future__ import annotations

from datetime import datetime
from html import escape

from libs.judging.versions import RunningProgramme
from libs.promotions.describe import Words
from services.gateway.lapsing.advice import owed_words
from services.gateway.members.challenges_api import ChallengeView, challenges_of
from services.gateway.members.shown import member_view
from services.gateway.mine.texts import MINE
from services.gateway.site.markup import listed
from services.gateway.store import Member, Reading


async def news(reading: Reading, running: RunningProgramme, member: Member, now: datetime, language: str) -> str:
    """Tell it as HTML; nothing where there is nothing to tell."""
    version = running.at(now)
    if version is None:
        return ""
    ledger, wallets = await reading.ledger(member), await reading.wallets(member.programme_id, now)
    words = Words(version.compiled, language)
    shown = member_view(member, ledger, wallets, now)
    owed = [escape(each) for wallet in shown.wallets for each in owed_words(version, words, wallet)]
    found = await challenges_of(reading, running, member.member_id, now, language)
    told = "".join(f"<p>{each}</p>" for each in owed)
    if found:
        told += f"<h2>{escape(MINE.say(language, 'challenges'))}</h2>" + "".join(map(_challenge, found))
    return told


def _challenge(one: ChallengeView) -> str:
    steps = []
    for step in one.steps:
        here = "" if step.here is None or step.met else f" ({escape(step.here.told)})"
        bar = f'<progress max="{step.needed}" value="{step.done}" aria-label="{escape(step.told)}"></progress>'
        steps.append(f"{escape(step.words)}: <b>{escape(step.told)}</b>{here} {bar}")
    return f"<section><h3>{escape(one.name)}</h3><p>{escape(one.gives)}</p>{listed(steps)}</section>"
