"""A programme's rules in plain words, told from the document that the engine runs, so that they can't disagree.

What is live at an instant is told, and nothing else: no draft, nothing that has ended or is still to begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Literal, get_args

from libs.language import wording
from libs.language.catalogue import DEFAULT
from libs.promotions.allowances import Limit, SharedLimit
from libs.promotions.campaigns import Campaign, phase_of
from libs.promotions.challenges import segment_of
from libs.promotions.compile import RUNNING, CompiledProgramme
from libs.promotions.condition_words import condition_words
from libs.promotions.days import within
from libs.promotions.effect_words import OWN_NAME, effect_words
from libs.promotions.exemption_words import exemption_words
from libs.promotions.experiments import share_of
from libs.promotions.expiry_words import wallet_expiry_words
from libs.promotions.frame_words import frame_words
from libs.promotions.payouts import Multiplier
from libs.promotions.rates import digits
from libs.promotions.referral_words import referral_words
from libs.promotions.trigger_words import trigger_words
from libs.promotions.wallets import PendingDays, PendingEvent, PendingOnDays, Wallet
from libs.promotions.wording import RULES

Section = Literal["base", "multiplier", "addition", "activity"]
SECTIONS: tuple[Section, ...] = get_args(Section)
"""Where a campaign is told: by the phase it pays in, or that it is for something else than purchases."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A campaign in words: a sentence, its parts (conditions, dates) and its limits; and when it ends, if it does."""

    campaign: str
    name: str
    section: Section
    wallet: str
    sentence: str
    parts: tuple[str, ...]
    limits: tuple[str, ...]
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class WalletRule:
    """A kind of points in words: when they are active, when they lapse, what they are worth."""

    wallet: str
    scale: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of a programme that is in force: its campaigns by section, how they stack, its wallets and its rounding.

    `referral` says how members bring in others, and is empty where they do not.
    """

    rules: tuple[Rule, ...]
    groups: tuple[str, ...]
    wallets: tuple[WalletRule, ...]
    rounding: str
    referral: tuple[str, ...] = ()


def running(programme: CompiledProgramme, at: datetime) -> list[Campaign]:
    """Return the campaigns that are judged at an aware instant, as the document has them, the strongest first."""
    live = [
        one for one in programme.source.campaigns if one.state in RUNNING and within(one.frame, at)
    ]  # fmt: skip
    return sorted(live, key=lambda one: (-one.priority, one.id))


def describe_rules(
    programme: CompiledProgramme,
    at: datetime,
    language: str = DEFAULT,
    *,
    killed: frozenset[str] = frozenset(),
    refers: bool = True,
) -> Rules:
    """Put a programme into words; `killed` campaigns are left out, like those that do not run at the instant.

    So is its referral, where it does not `refers`, because it is switched off.
    """
    referral = programme.source.referral if refers else None
    live = [one for one in running(programme, at) if one.id not in killed]
    words = Words(programme, language)
    told = sorted((words.rule(one) for one in live), key=lambda rule: SECTIONS.index(rule.section))
    return Rules(
        tuple(told),
        tuple(_groups(live, language)),
        tuple(words.wallet(wallet) for wallet in programme.source.wallets),
        RULES.say(language, f"rounding.{programme.rounding}"),
        () if referral is None else tuple(referral_words(words, referral)),
    )


class Words:
    """Puts parts of one programme into words of one language."""

    def __init__(self, programme: CompiledProgramme, language: str) -> None:
        self.programme = programme
        self.source = programme.source
        self.language = language
        self._digits = digits(programme.currency)

    def rule(self, campaign: Campaign) -> Rule:
        """Put a campaign into words."""
        wallet = self.programme.source.wallet_of(campaign)
        parts = tuple(self._parts(campaign))
        limits = tuple(self.limit(limit, wallet) for limit in campaign.limits)
        first = wording.all_of([effect_words(self, one, campaign) for one in campaign.benefits], self.language)
        start = f"{first} {parts[0]}" if parts else first
        sentence = ", ".join([start, *parts[1:]])
        return Rule(
            campaign.id,
            campaign.name,
            phase_of(campaign) if campaign.trigger.kind == "purchase" else "activity",
            wallet,
            "; ".join([capital(sentence), *limits]) + ".",
            parts,
            limits,
            campaign.frame.ends_at,
        )

    def points(self, minor: int, wallet: str) -> str:
        """Write points of a wallet, given in its minor unit."""
        scale = self.programme.wallets[wallet].scale
        number = wording.number(minor, self.language, scale)
        if wallet == OWN_NAME:
            return RULES.say(self.language, "points", n=minor if not scale else 2, number=number)
        return RULES.say(self.language, "points.wallet", number=number, wallet=wallet)

    def money(self, minor: int) -> str:
        """Write an amount in the programme's currency."""
        return wording.money(minor, self._digits, self.programme.currency, self.language)

    def wallet(self, wallet: Wallet) -> WalletRule:
        """Say what becomes of the points of a wallet."""
        sentences = [self._pending(wallet), *wallet_expiry_words(wallet, self.language)]
        if wallet.pending is not None and wallet.expiry_from == "activation" and wallet.expiry.kind != "never":
            sentences.append(RULES.say(self.language, "expiry.from-activation"))
        sentences += exemption_words(self.source, wallet, self.language)
        if wallet.worth is not None:
            points = self.points(wallet.worth.points, wallet.name)
            sentences.append(RULES.say(self.language, "worth", points=points, money=self.money(wallet.worth.minor)))
        return WalletRule(wallet.name, wallet.scale, tuple(sentences))

    def _parts(self, campaign: Campaign) -> Iterator[str]:
        """What must hold for a campaign to pay: every condition that it has, whatever it is."""
        if campaign.challenge and (segment := segment_of(campaign, self.source.segments)) is not None:
            yield RULES.say(self.language, "challenge", challenge=segment.title or segment.name)
        else:
            yield from trigger_words(campaign.trigger, self.source.tier_sets, self.language)
        yield from condition_words(self, campaign.when, of_activity=campaign.trigger.kind != "purchase")
        if any(isinstance(one, Multiplier) and one.compounding for one in campaign.benefits):
            yield RULES.say(self.language, "compounding")
        yield from frame_words(campaign.frame, self.programme.zone, self.language)
        if campaign.cel is not None:
            yield RULES.say(self.language, "cel", expression=campaign.cel)
        if campaign.experiment is not None:
            share = Decimal(share_of(campaign, self.source.experiments)).scaleb(-1)
            yield RULES.say(self.language, "experiment", share=wording.number(share.normalize(), self.language))

    def limit(self, limit: Limit | SharedLimit, wallet: str) -> str:
        """Say how much there is at most: of what, in which period, for whom."""
        say, most = partial(RULES.say, self.language), limit.most
        match limit.unit:
            case "points":
                amount = say("limit.points", points=self.points(most, wallet))
            case "times":
                amount = say("limit.times", n=most)
            case unit:
                amount = say(f"limit.{unit}", money=self.money(most))
        if limit.period == "transaction":
            return f"{amount} {say('limit.transaction')}"
        return f"{amount} {say(f'limit.{limit.period}')} {say(f'limit.{limit.scope}')}"

    def _pending(self, wallet: Wallet) -> str:
        language = self.language
        match wallet.pending:
            case None:
                return RULES.say(language, "pending.none")
            case PendingDays(days=days):
                return RULES.say(language, "pending.after", n=days)
            case PendingOnDays(days_of_month=days_of_month):
                listed = wording.all_of((f"{one}." for one in sorted(days_of_month)), language)
                return RULES.say(language, "pending.on_days", listed=listed.removesuffix("."))
            case PendingEvent(activities=activities, deadline_days=days):
                listed = wording.one_of((f"“{one}”" for one in activities), language)
                return RULES.say(language, "pending.event", n=days, listed=listed)


def capital(text: str) -> str:
    """Begin a sentence with a capital."""
    return text[:1].upper() + text[1:]


def _groups(live: Iterable[Campaign], language: str) -> Iterator[str]:
    """How campaigns that share a group stack; those that are told alone need no word."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in live:
        if one.mode != "all":
            key = (one.mode, "" if one.mode == "exclusive" else one.group or "")
            groups.setdefault(key, []).append(one.name)
    for (mode, _), names in sorted(groups.items()):
        if len(names) > 1 or mode == "exclusive":
            listed = "; ".join(names)
            yield RULES.say(language, f"group.{mode}", listed=listed)
