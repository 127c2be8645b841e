"""What a step of a scenario asks of those who own points, rewards and members, and what it tells. Pure.

An order is an event on the topic that its owner reads, under an id that follows from step and occasion: whoever hears
it twice does it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.contracts.codec import encode
from libs.contracts.events import AdjustmentRequestedV1, MemberUpdatedV1, RewardGrantedV1, ScenarioActedV1
from libs.promotions.scenario_steps import Step
from libs.runtime.batch import Outgoing
from libs.runtime.keys import event_id, kafka_partition_hash
from libs.scenarios.planning import GIVEN_BY
from services.notifier.announcements import MESSAGES, SOURCE

ACTIVITIES, PROFILES, REWARDS = "loyalty.activities", "loyalty.profiles", "loyalty.rewards"


@dataclass(frozen=True, slots=True)
class Due:
    """A step whose time has come, as its row says it."""

    tenant_id: int
    programme_id: int
    member_id: UUID
    occasion: str
    scenario: str
    step: str
    action: str
    arm: str | None
    began_at: datetime
    useful_until: datetime

    @property
    def scope(self) -> tuple[int, int]:
        """Tenant and programme."""
        return self.tenant_id, self.programme_id

    @property
    def member(self) -> tuple[int, int, UUID]:
        """Whom it is for."""
        return self.tenant_id, self.programme_id, self.member_id

    @property
    def trigger(self) -> str:
        """What kind of thing the scenario began with."""
        return self.occasion.split("/", 4)[3]


def name_of(tenant: str, due: Due) -> UUID:
    """Name a step of a member for ever."""
    return UUID(event_id(tenant, f"{due.programme_id}/{due.occasion}", f"scenario.{due.action}", str(due.member_id), 0))


def orders(tenant: str, programme: str, first_wallet: str, due: Due, step: Step, now: datetime) -> list[Outgoing]:
    """Return the events of a step that is taken: what is asked, if anything, and then that it was."""
    name, member = str(name_of(tenant, due)), str(due.member_id)
    own = f"/pointstream/{tenant}/{programme}/scenarios"
    ordered: list[Outgoing] = []
    said: dict[str, Any] = {}
    if step.points is not None:
        said = {"wallet": step.points.wallet or first_wallet, "points": step.points.points}
        asked = {
            "member_id": member, **said, "reason": "scenario", "note": f"{due.scenario}/{due.step}",
            "requested_by": (GIVEN_BY + due.scenario)[:64],
        }  # fmt: skip
        ordered.append(_in(ACTIVITIES, AdjustmentRequestedV1.event_type, own, name, member, asked, now))
    elif step.reward is not None:
        said = {"reference": step.reward.reference, "quantity": step.reward.quantity}
        given = {
            "member_id": member, "kind": step.reward.kind, **said, "campaign": (GIVEN_BY + due.scenario)[:64],
            "cause_source": SOURCE, "cause_id": name,
        }  # fmt: skip
        ordered.append(_out(REWARDS, RewardGrantedV1.event_type, tenant, programme, name, member, given, now))
    elif step.tag is not None:
        said = {"attribute": step.tag.attribute, "value": step.tag.value}
        told = {"member_id": member, "attributes": {step.tag.attribute: step.tag.value}}
        ordered.append(_in(PROFILES, MemberUpdatedV1.event_type, own, name, member, told, now))
    elif step.webhook is not None and step.webhook.data:
        said = {"data": dict(step.webhook.data)}
    acted = {
        "member_id": member, "scenario": due.scenario, "step": due.step, "action": due.action, "trigger": due.trigger,
        "arm": due.arm, "began_at": due.began_at, **said,
    }  # fmt: skip
    told_as = event_id(tenant, name, ScenarioActedV1.event_type, member, 0)
    ordered.append(_out(MESSAGES, ScenarioActedV1.event_type, tenant, programme, told_as, member, acted, now))
    return ordered


def _in(topic: str, kind: str, source: str, name: str, member: str, data: Mapping[str, Any], now: datetime) -> Outgoing:
    """An event that a service of ours takes in."""
    return _event(topic, kind, source, None, None, name, member, data, now)


def _out(
    topic: str, kind: str, tenant: str, programme: str, name: str, member: str, data: Mapping[str, Any], now: datetime
) -> Outgoing:
    """An event that tells whoever listens."""
    return _event(topic, kind, SOURCE, tenant, programme, name, member, data, now)


def _event(
    topic: str,
    kind: str,
    source: str,
    tenant: str | None,
    programme: str | None,
    name: str,
    member: str,
    data: Mapping[str, Any],
    now: datetime,
) -> Outgoing:
    key = member.encode()
    value = encode(
        type=kind, source=source, id=name, time=now, subject=member, tenant=tenant, programme=programme, memberseq=None,
        partitionkey=member, data=dict(data),
    )  # fmt: skip
    return Outgoing(topic, key, kafka_partition_hash(key), value, derived=True)
