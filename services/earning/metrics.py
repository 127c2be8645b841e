"""Earning's own metrics, the only place that makes them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from libs.segments.postgres import Change
from services.earning.bookkeeping_store import Equation
from services.earning.lives import Life
from services.earning.outcome import BatchDecision

_ACCOUNTS = Equation._fields[Equation._fields.index("issued") : Equation._fields.index("difference")]


class EarningMetrics:
    """Business counters of earning; tenants are few and named, campaigns by their id in the programme."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._receipts = Counter(
            "loyalty_receipts_total", "Receipts decided, by outcome.", ("outcome",), registry=registry
        )
        self._points = Counter(
            "loyalty_points_credited_total", "Points credited.", ("tenant", "wallet"), registry=registry
        )
        self._moved = Counter(
            "loyalty_points_moved_total",
            "Points moved otherwise than by the plain credit of a purchase, by kind of movement.",
            ("kind", "wallet"),
            registry=registry,
        )
        self._rule_errors = Counter(
            "loyalty_rule_errors_total", "Expressions that failed, by campaign.", ("campaign",), registry=registry
        )
        self.carts_refused = Counter(
            "loyalty_carts_refused_total",
            "Receipts that were paid without the cart, or the codes of the cart, that they bear, by reason.",
            ("reason",),
            registry=registry,
        )
        self.quarantined = Counter(
            "loyalty_campaigns_quarantined_total",
            "Campaigns switched off because their expressions took too many steps.",
            registry=registry,
        )
        self.programmes = Gauge("loyalty_programmes", "Programmes loaded.", registry=registry)
        self.reload_failures = Counter(
            "loyalty_programme_reload_failures_total", "Times that programmes could not be loaded.", registry=registry
        )

        self._conservation = Gauge(
            "loyalty_conservation_points",
            "Points of a wallet by where they are, as of the last look; reads of the whole ledger are rare.",
            ("tenant", "programme", "wallet", "account"),
            registry=registry,
        )
        self._difference = Gauge(
            "loyalty_conservation_difference_points",
            "Points that the conservation equation can't explain; anything but 0 is a broken ledger.",
            ("tenant", "programme", "wallet"),
            registry=registry,
        )
        self._clock_work(registry)
        self._segments(registry)

    def _clock_work(self, registry: CollectorRegistry) -> None:
        """What one worker does for all."""
        self._due = Gauge(
            "loyalty_due_members",
            "Members whose pending points should be active by now; no more than 100,000 are counted.",
            registry=registry,
        )
        self._due_late = Gauge(
            "loyalty_due_late_seconds",
            "How long the member who waits longest for pending points to become active has been due.",
            registry=registry,
        )
        self.occasions = Counter(
            "loyalty_occasions_total", "Members of whom the clock told that they have an occasion.", registry=registry
        )
        self.due_events = Counter(
            "loyalty_due_events_total", "Members of whom the clock told that they are due.", registry=registry
        )
        self.retried = Counter(
            "loyalty_retried_receipts_total",
            "Receipts that waited for an exchange rate, or a blocked member, and are judged anew.",
            registry=registry,
        )
        self.heralded = Counter(
            "loyalty_programme_events_told_total",
            "Events about programmes and campaigns that were published.",
            registry=registry,
        )
        self.balances = Counter("loyalty_balances_told_total", "Balances published.", registry=registry)
        self.balances_behind = Gauge(
            "loyalty_balances_behind_records",
            "Records of loyalty.points that the feed of balances has still to read.",
            registry=registry,
        )

    def _segments(self, registry: CollectorRegistry) -> None:
        self._looks = Counter(
            "loyalty_segment_looks_total", "Times that a member's segments were looked at.", registry=registry
        )
        self._segment_changes = Counter(
            "loyalty_segment_changes_total",
            "Members who came into a segment or left one.",
            ("kind",),
            registry=registry,
        )
        self._segments_wait = Gauge(
            "loyalty_segment_waiting_members",
            "Members whose segments must be looked at; of each kind no more than 100,000 are counted.",
            registry=registry,
        )
        self._segments_late = Gauge(
            "loyalty_segment_look_late_seconds",
            "How long the member waits whose segments must be looked at because something was done.",
            registry=registry,
        )
        self._hints = Counter(
            "loyalty_segment_hints_total",
            "Events heard of members, and marks that came of them.",
            ("kind",),
            registry=registry,
        )

    def looked_at(self, members: int, changes: Iterable[Change]) -> None:
        """Count looks at members' segments, and what they came to."""
        self._looks.inc(members)
        for change in changes:
            self._segment_changes.labels("entered" if change.entered else "left").inc()

    def segments_wait(self, members: int, late_seconds: float) -> None:
        """Show how many members wait for a look, and since when the first of those waits who did something."""
        self._segments_wait.set(members)
        self._segments_late.set(late_seconds)

    def hinted(self, events: int, members: int) -> None:
        """Count what was heard in a window, and of how many members."""
        self._hints.labels("events").inc(events)
        self._hints.labels("marks").inc(members)

    def due(self, members: int, late_seconds: float) -> None:
        """Show how many members are due, and how late the one is who waits longest."""
        self._due.set(members)
        self._due_late.set(late_seconds)

    def conserved(self, equations: Iterable[Equation]) -> None:
        """Show the conservation equation of each wallet."""
        for equation in equations:
            labels = (equation.tenant, equation.programme, equation.wallet)
            self._difference.labels(*labels).set(equation.difference)
            for account in _ACCOUNTS:
                self._conservation.labels(*labels, account).set(getattr(equation, account))

    def decided(self, batch: BatchDecision, lives: Iterable[Life]) -> None:
        """Count a batch; once it is saved, though its commit may still fail and be repeated."""
        for outcome, count in batch.outcomes.items():
            self._receipts.labels(outcome).inc(count)
        points: dict[tuple[str, str], int] = {}
        for new in batch.lots:
            key = (new.tenant, new.lot.wallet)
            points[key] = points.get(key, 0) + new.lot.amount
        for (tenant, wallet), amount in points.items():
            self._points.labels(tenant, wallet).inc(amount)
        for campaign, count in batch.rule_errors.items():
            self._rule_errors.labels(campaign).inc(count)
        self._moved_in(lives)

    def claimed(self, batch: BatchDecision, lives: Iterable[Life]) -> None:
        """Count receipts that were given to members who enrolled after them."""
        self._receipts.labels("claimed").inc(len(batch.again))
        self._moved_in(lives)

    def _moved_in(self, lives: Iterable[Life]) -> None:
        for life in lives:
            for made in life.made:
                self._moved.labels(made.movement.kind.value, made.movement.wallet).inc(made.movement.amount)
