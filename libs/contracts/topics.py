"""The one table of topics. Topic creation, the docs and the decoders are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

MAX_RECORD_BYTES = 1024 * 1024  # a larger record is refused unread
DEAD_LETTER_SUFFIX = ".dlq"

# The broker takes somewhat more than we read, so that a record too large ends as a dead letter that can be seen and not
# in a till's error log; a dead letter needs room for the seal and the headers on top.
_INPUT_BYTES = 2 * MAX_RECORD_BYTES
_DEAD_LETTER_BYTES = 3 * MAX_RECORD_BYTES


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and everything that its owners agreed about it.

    `types` are the event types that may lie in it; empty means that its events come in a later version.
    `retention` is how long the broker keeps a record; a compacted topic keeps the last record of a key for ever.
    `stamped_by_broker` makes the record's timestamp its arrival, which decides lateness, and not what a till claims.
    """

    name: str
    purpose: str
    key: str
    partitions: int
    retention: timedelta | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    types: tuple[str, ...] = ()
    compacted: bool = False
    dead_letter: bool = False
    max_message_bytes: int = MAX_RECORD_BYTES
    stamped_by_broker: bool = False

    @property
    def dead_letter_topic(self) -> str | None:
        """Name of the topic for records that could not be taken; None when nothing of ours reads this one."""
        return self.name + DEAD_LETTER_SUFFIX if self.dead_letter else None

    def carrying(self, *types: str) -> Topic:
        """Return the same topic with these event types in it, the most frequent first."""
        return replace(self, types=types)

    def configuration(self) -> dict[str, str]:
        """Return the broker's settings for this topic."""
        settings = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.stamped_by_broker:
            settings["message.timestamp.type"] = "LogAppendTime"
        if self.retention is not None:
            settings["retention.ms"] = str(self.retention // timedelta(milliseconds=1))
        return settings


def _input(name: str, purpose: str, *, key: str, days: int, producers: tuple[str, ...], consumer: str) -> Topic:
    return Topic(
        name,
        purpose,
        key,
        partitions=12,
        retention=timedelta(days=days),
        producers=producers,
        consumers=(consumer,),
        dead_letter=True,
        max_message_bytes=_INPUT_BYTES,
        stamped_by_broker=True,
    )


def _output(name: str, purpose: str, *, key: str, producers: tuple[str, ...], consumers: tuple[str, ...]) -> Topic:
    return Topic(name, purpose, key, 12, timedelta(days=30), producers, consumers)


_DOWNSTREAM = "downstream"
_BOTH = ("notifier", _DOWNSTREAM)
_SERVICES = ("earning", "redemption", "expiry", "notifier", "gateway")
_MEMBER = "member id"
_IDENTIFIER = "identifier that the till used, or member id once known"


def _types(*short_names: str) -> tuple[str, ...]:
    return tuple(f"org.pointstream.{name}.v1" for name in short_names)


TOPICS: tuple[Topic, ...] = (
    _input(
        "loyalty.purchases",
        "Receipts, as tills and shops publish them.",
        key=_IDENTIFIER,
        days=14,
        producers=("tills", "shops", "gateway"),
        consumer="earning",
    ).carrying(
        *_types(
            "purchase.completed",
            "purchase.returned",
            "purchase.corrected",
            "purchase.voided",
            "purchase.claimed",
            "purchase.resolved",
        )
    ),
    _input(
        "loyalty.profiles",
        "Who joined, changed and left; may carry personal data.",
        key=_MEMBER,
        days=3,
        producers=("apps", "crm", "gateway", "notifier"),
        consumer="earning",
    ).carrying(*_types("member.enrolled", "member.updated")),
    _input(
        "loyalty.activities",
        "Other things that may earn points, adjustments, and what falls due.",
        key=_IDENTIFIER,
        days=14,
        producers=("apps", "crm", "gateway", "earning", "redemption", "expiry", "notifier"),
        consumer="earning",
    ).carrying(
        *_types(
            "activity.recorded",
            "member.due",
            "adjustment.requested",
            "redating.requested",
            "extension.requested",
            "transfer.requested",
            "merge.requested",
            "unmerge.requested",
            "reinstatement.requested",
            "referral.due",
            "referral.claimed",
            "referral.resolved",
        )
    ),
    _input(
        "loyalty.redemptions",
        "Requests to spend points: the same as over HTTP, answered by events.",
        key=_MEMBER,
        days=14,
        producers=("tills", "shops"),
        consumer="redemption",
    ).carrying(*_types("redemption.requested", "trade.requested")),
    _output(
        "loyalty.points",
        "What happened to members' points, and what became of receipts, activities and requests to spend.",
        key="member id, or receipt id when nobody is known",
        producers=("earning", "redemption", "expiry"),
        consumers=_BOTH,
    ).carrying(
        *_types(
            "points.credited",
            "purchase.evaluated",
            "activity.evaluated",
            "points.expired",
            "points.waived",
            "points.activated",
            "points.reversed",
            "points.repaid",
            "points.lent",
            "points.due",
            "points.adjusted",
            "points.redated",
            "points.redeemed",
            "points.held",
            "points.released",
            "points.restored",
            "points.reinstated",
            "points.transferred",
            "redemption.refused",
            "redemption.extended",
            "points.issued",
            "points.bought",
            "points.exchanged",
            "points.donated",
            "trade.refused",
        )
    ),
    _output(
        "loyalty.members",
        "Tiers, segments, referrals, households and the life of a membership.",
        key=_MEMBER,
        producers=("earning", "redemption"),
        consumers=_BOTH,
    ).carrying(
        *_types(
            "member.tier_changed",
            "member.tier_points_changed",
            "member.tier_about_to_drop",
            "member.merged",
            "member.unmerged",
            "member.joined",
            "member.segment_entered",
            "member.segment_left",
            "referral.started",
            "referral.converted",
            "referral.held",
            "referral.refused",
            "household.founded",
            "household.invited",
            "household.joined",
            "household.role_changed",
            "household.left",
            "household.dissolved",
        )
    ),
    _output(
        "loyalty.rewards",
        "Rewards ordered, granted and delivered; codes and gift cards; carts that were bought; games and badges.",
        key="member id, or the id of the code, card or game when nobody is known",
        producers=("redemption", "earning", "notifier"),
        consumers=("redemption", *_BOTH),
    ).carrying(
        *_types(
            "reward.granted",
            "reward.revoked",
            "reward.redeemed",
            "reward.issued",
            "reward.fulfilled",
            "reward.held",
            "reward.advanced",
            "reward.cancelled",
            "reward.expired",
            "reward.reached",
            "reward.withheld",
            "code.redeemed",
            "code.returned",
            "code.voided",
            "gift_card.issued",
            "gift_card.used",
            "gift_card.topped_up",
            "gift_card.refunded",
            "gift_card.transferred",
            "gift_card.cashed_out",
            "gift_card.expired",
            "cart.settled",
            "game.opened",
            "game.ended",
            "ticket.issued",
            "prize.won",
            "bid.placed",
            "bid.outbid",
            "badge.awarded",
        )
    ),
    _output(
        "loyalty.sweeps",
        "Expiry sweeps, from announcement to end.",
        key="tenant/programme",
        producers=("expiry",),
        consumers=(_DOWNSTREAM,),
    ).carrying(
        *_types(
            "sweep.announced",
            "sweep.started",
            "sweep.progressed",
            "sweep.paused",
            "sweep.resumed",
            "sweep.cancelled",
            "sweep.approval_awaited",
            "sweep.approved",
            "sweep.refused",
            "sweep.finished",
        )
    ),
    Topic(
        "loyalty.reminders",
        "Whom to remind, of what and until when.",
        key=_MEMBER,
        partitions=12,
        retention=timedelta(days=7),
        producers=("expiry",),
        consumers=("notifier",),
        types=_types("reminder.due"),
        dead_letter=True,
    ),
    _output(
        "loyalty.messages",
        "What was sent to members and what became of it; what scenarios did beside; posts on the company's pages.",
        key="member id, or tenant/programme/post for a post",
        producers=("notifier",),
        consumers=(_DOWNSTREAM,),
    ).carrying(
        *_types(
            "message.queued",
            "message.sent",
            "message.delivered",
            "message.opened",
            "message.clicked",
            "message.bounced",
            "message.suppressed",
            "message.failed",
            "scenario.acted",
            "post.published",
            "post.failed",
        )
    ),
    _output(
        "loyalty.campaigns",
        "Campaigns: what was published about them, when they start and stop.",
        key="tenant/programme/campaign",
        producers=("earning",),
        consumers=_BOTH,
    ).carrying(
        *_types(
            "campaign.started",
            "campaign.stopped",
            "campaign.changed",
            "campaign.created",
            "campaign.removed",
            "campaign.budget_reached",
        )
    ),
    Topic(
        "loyalty.programmes",
        "The latest version of each programme: its number, hash, and when it comes into force.",
        key="tenant/programme",
        partitions=1,
        retention=None,
        producers=("earning",),
        consumers=_SERVICES,
        types=_types("programme.published"),
        compacted=True,
    ),
    Topic(
        "loyalty.balances",
        "The last balance of each member.",
        key="tenant/programme/member id",
        partitions=12,
        retention=None,
        producers=("earning",),
        consumers=(_DOWNSTREAM,),
        types=_types("balance.changed"),
        compacted=True,
    ),
)


def _dead_letters_of(topic: Topic) -> Topic:
    return Topic(
        topic.name + DEAD_LETTER_SUFFIX,
        f"Records of {topic.name} that could not be taken: the original bytes, sealed.",
        "id of the dead letter",
        1,
        timedelta(days=30),
        topic.consumers,
        ("operators",),
        max_message_bytes=_DEAD_LETTER_BYTES,
    )


DEAD_LETTER_TOPICS: tuple[Topic, ...] = tuple(_dead_letters_of(topic) for topic in TOPICS if topic.dead_letter)
ALL_TOPICS: tuple[Topic, ...] = TOPICS + DEAD_LETTER_TOPICS
_BY_NAME = {topic.name: topic for topic in ALL_TOPICS}
_BY_TYPE = {event_type: topic for topic in TOPICS for event_type in topic.types}


@dataclass(frozen=True, slots=True)
class NewTopic:
    """What a broker is asked to create."""

    name: str
    partitions: int
    configuration: dict[str, str]


def topics_to_create(prefix: str = "") -> Iterator[NewTopic]:
    """Give every topic, dead letters included; `prefix` is for a platform that shares its cluster."""
    for topic in ALL_TOPICS:
        yield NewTopic(prefix + topic.name, topic.partitions, topic.configuration())


def topic_named(name: str) -> Topic:
    """Return the topic of this name, without the platform's prefix.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


def topic_of(event_type: str) -> Topic:
    """Return the topic in which events of this type lie.

    Raises:
        KeyError: no topic carries it.
    """
    return _BY_TYPE[event_type]
