"""Notifier's own metrics, the only place that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from libs.messages.content import ChannelName, WayName
from services.notifier.deliveries import Settled
from services.notifier.states import name_of

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
_BREAKER = {"closed": 0, "trying": 1, "open": 2}


class NotifierMetrics:
    """What notifier counts: what it hears, what waits, and what becomes of it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.announcements = Counter(
            "loyalty_notifier_programme_announcements_total", "Programme versions heard of.", registry=registry
        )
        self.events = Counter(
            "loyalty_notifier_events_total",
            "Events heard, by what came of them: queued, repeated, not_told, too_late, rejected, unknown.",
            ["topic", "outcome"],
            registry=registry,
        )
        self.interruptions = Counter(
            "loyalty_notifier_interruptions_total",
            "Times that the database was away when something was to be stored.",
            registry=registry,
        )
        self.settled = Counter(
            "loyalty_notifier_messages_total",
            "What became of messages that were taken in hand, by state and reason.",
            ["channel", "outcome", "reason"],
            registry=registry,
        )
        self.unanswered = Counter(
            "loyalty_notifier_unanswered_total",
            "Messages that may have been taken without an answer; those that are not safe may reach a member twice.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.fenced = Counter(
            "loyalty_notifier_fenced_total",
            "Answers that came when the lease was over and somebody else had the message.",
            ["channel"],
            registry=registry,
        )
        self.feedback = Counter(
            "loyalty_notifier_feedback_total",
            "What was heard of messages after they were handed over.",
            ["kind"],
            registry=registry,
        )
        self.webhooks = WebhookMetrics(registry)
        self._make_counters(registry)
        self._make_acts(registry)
        self._make_gauges(registry)

    def _make_counters(self, registry: CollectorRegistry) -> None:
        """What is counted around messages: of many at once, of providers, and of mails that come back."""
        self.mass = Counter(
            "loyalty_mass_members_total",
            "Members of messages to many: counted before they are sent, and laid down as deliveries.",
            ["outcome"],
            registry=registry,
        )
        self.posts = Counter(
            "loyalty_posts_total",
            "Attempts at posts on pages of companies, by what came of them: published, failed, cancelled, waiting.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("counted", "laid"):
            self.mass.labels(outcome)
        for state in ("published", "failed", "cancelled", "waiting"):
            self.posts.labels(state)
        self.capped = Counter(
            "loyalty_notifier_sms_capped_total", "Text messages that the cap of a day stopped.", registry=registry
        )
        self.providers_unusable = Counter(
            "loyalty_notifier_providers_unusable_total",
            "Times that the settings of a provider could not be read.",
            registry=registry,
        )
        self._count_returned(registry)

    def _count_returned(self, registry: CollectorRegistry) -> None:
        """What is read of the mailbox that mails come back to."""
        self.mailbox = Counter(
            "loyalty_notifier_returned_mails_total",
            "Mails read from the mailbox that mails come back to, by what they are: report, unproven, other.",
            ["kind"],
            registry=registry,
        )
        self.mailbox_failures = Counter(
            "loyalty_notifier_mailbox_failures_total",
            "Times that the mailbox could not be read, or what it says not be stored.",
            registry=registry,
        )

    def _make_gauges(self, registry: CollectorRegistry) -> None:
        """What is so at the moment, and how long handing over takes."""
        self.waiting = Gauge("loyalty_notifier_due_messages", "Messages that are due.", ["channel"], registry=registry)
        self.oldest = Gauge(
            "loyalty_notifier_oldest_due_seconds",
            "How long the oldest message that is due has waited, in business time.",
            ["channel"],
            registry=registry,
        )
        self.sending = Gauge(
            "loyalty_notifier_sending_messages", "Messages in the hands of workers.", ["channel"], registry=registry
        )
        self.breaker = Gauge(
            "loyalty_notifier_resting_providers",
            "Whether the provider of a channel is in trouble: 0 is used, 1 is tried again, 2 is left alone.",
            ["channel"],
            registry=registry,
        )
        self.send_seconds = Histogram(
            "loyalty_notifier_send_seconds",
            "How long it took to hand over a bundle of messages.",
            ["channel"],
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
            registry=registry,
        )

    def _make_acts(self, registry: CollectorRegistry) -> None:
        """Steps of scenarios that are no messages."""
        self.acts = Counter(
            "loyalty_notifier_scenario_acts_total",
            "Steps of scenarios that are no messages, by what was to be done and what became of it: done, or why not.",
            ["kind", "outcome"],
            registry=registry,
        )
        self.oldest_act = Gauge(
            "loyalty_notifier_oldest_due_act_seconds",
            "How long the oldest step of a scenario that is due, and no message, has waited, in business time.",
            registry=registry,
        )

    def count(self, settled: Iterable[Settled]) -> None:
        """Count what became of deliveries."""
        for one in settled:
            reason = getattr(one.state, "reason", "")
            self.settled.labels(one.claimed.delivery.channel, name_of(one.state), reason).inc()

    def show_backlog(self, rows: Iterable[tuple[str, int, int, float]]) -> None:
        """Show what waits, by channel; a channel of which nothing does shows zeros."""
        found = {row[0]: row for row in rows}
        for channel in CHANNELS:
            _, waiting, sending, oldest = found.get(channel, (channel, 0, 0, 0.0))
            self.waiting.labels(channel).set(waiting)
            self.sending.labels(channel).set(sending)
            self.oldest.labels(channel).set(oldest)

    def show_breaker(self, channel: WayName, state: str) -> None:
        """Show how a provider does."""
        self.breaker.labels(channel).set(_BREAKER[state])


class WebhookMetrics:
    """How webhooks go: what was queued, how attempts ended, and what waits."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.queued = Counter("loyalty_webhook_queued_total", "Messages kept for endpoints.", registry=registry)
        self.heard = Gauge(
            "loyalty_webhook_heard_partitions",
            "Partitions that this worker reads for endpoints that ask.",
            registry=registry,
        )
        self.unreadable = Counter(
            "loyalty_webhook_unreadable_total", "Records of output topics that are no event of ours.", registry=registry
        )
        self.refused = Counter(
            "loyalty_webhook_refused_total",
            "Events that the database does not keep for an endpoint.",
            registry=registry,
        )
        self.attempts = Counter(
            "loyalty_webhook_attempts_total",
            "Attempts at messages, by what became of them: delivered, failed, gone.",
            ["outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "loyalty_webhook_attempt_seconds",
            "From the beginning of an attempt to its end.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0),
            registry=registry,
        )
        self.disabled = Counter(
            "loyalty_webhook_endpoints_gone_total",
            "Endpoints that answered 410 and are told nothing any more.",
            registry=registry,
        )
        self.unsigned = Counter(
            "loyalty_webhook_unsigned_total",
            "Attempts at messages of endpoints whose secret could not be read.",
            registry=registry,
        )
        self.waiting = Gauge(
            "loyalty_webhook_waiting_events",
            "Messages that wait for endpoints that are on; no more than 100,000 are counted.",
            registry=registry,
        )
        self.late = Gauge(
            "loyalty_webhook_late_seconds",
            "How long the message that waits longest has been due.",
            registry=registry,
        )
