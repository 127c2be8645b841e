"""Which model stands behind an event type, and in which topic and envelope it travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, Protocol

from pydantic import BaseModel, Field, create_model

from libs.contracts.envelope import AnyEnvelope, Envelope, OutEnvelope
from libs.contracts.events import (
    ActivityEvaluatedV1,
    ActivityRecordedV1,
    AdjustmentRequestedV1,
    BadgeAwardedV1,
    BalanceChangedV1,
    BidOutbidV1,
    BidPlacedV1,
    CampaignBudgetReachedV1,
    CampaignChangedV1,
    CampaignCreatedV1,
    CampaignRemovedV1,
    CampaignStartedV1,
    CampaignStoppedV1,
    CartSettledV1,
    CodeRedeemedV1,
    CodeReturnedV1,
    CodeVoidedV1,
    ExtensionRequestedV1,
    GameEndedV1,
    GameOpenedV1,
    GiftCardCashedOutV1,
    GiftCardExpiredV1,
    GiftCardIssuedV1,
    GiftCardRefundedV1,
    GiftCardToppedUpV1,
    GiftCardTransferredV1,
    GiftCardUsedV1,
    HouseholdDissolvedV1,
    HouseholdFoundedV1,
    HouseholdInvitedV1,
    HouseholdJoinedV1,
    HouseholdLeftV1,
    HouseholdRoleChangedV1,
    MemberDueV1,
    MemberEnrolledV1,
    MemberJoinedV1,
    MemberMergedV1,
    MemberSegmentEnteredV1,
    MemberSegmentLeftV1,
    MemberTierAboutToDropV1,
    MemberTierChangedV1,
    MemberTierPointsChangedV1,
    MemberUnmergedV1,
    MemberUpdatedV1,
    MergeRequestedV1,
    MessageBouncedV1,
    MessageClickedV1,
    MessageDeliveredV1,
    MessageFailedV1,
    MessageOpenedV1,
    MessageQueuedV1,
    MessageSentV1,
    MessageSuppressedV1,
    PointsActivatedV1,
    PointsAdjustedV1,
    PointsBoughtV1,
    PointsCreditedV1,
    PointsDonatedV1,
    PointsDueV1,
    PointsExchangedV1,
    PointsExpiredV1,
    PointsHeldV1,
    PointsIssuedV1,
    PointsLentV1,
    PointsRedatedV1,
    PointsRedeemedV1,
    PointsReinstatedV1,
    PointsReleasedV1,
    PointsRepaidV1,
    PointsRestoredV1,
    PointsReversedV1,
    PointsTransferredV1,
    PointsWaivedV1,
    PostFailedV1,
    PostPublishedV1,
    PrizeWonV1,
    ProgrammePublishedV1,
    PurchaseClaimedV1,
    PurchaseCompletedV1,
    PurchaseCorrectedV1,
    PurchaseEvaluatedV1,
    PurchaseResolvedV1,
    PurchaseReturnedV1,
    PurchaseVoidedV1,
    RedatingRequestedV1,
    RedemptionExtendedV1,
    RedemptionRefusedV1,
    RedemptionRequestedV1,
    ReferralClaimedV1,
    ReferralConvertedV1,
    ReferralDueV1,
    ReferralHeldV1,
    ReferralRefusedV1,
    ReferralResolvedV1,
    ReferralStartedV1,
    ReinstatementRequestedV1,
    ReminderDueV1,
    RewardAdvancedV1,
    RewardCancelledV1,
    RewardExpiredV1,
    RewardFulfilledV1,
    RewardGrantedV1,
    RewardHeldV1,
    RewardIssuedV1,
    RewardReachedV1,
    RewardRedeemedV1,
    RewardRevokedV1,
    RewardWithheldV1,
    ScenarioActedV1,
    SweepAnnouncedV1,
    SweepApprovalAwaitedV1,
    SweepApprovedV1,
    SweepCancelledV1,
    SweepFinishedV1,
    SweepPausedV1,
    SweepProgressedV1,
    SweepRefusedV1,
    SweepResumedV1,
    SweepStartedV1,
    TicketIssuedV1,
    TradeRefusedV1,
    TradeRequestedV1,
    TransferRequestedV1,
    UnmergeRequestedV1,
)
from libs.contracts.topics import Topic, topic_of

TYPE_DOMAIN = "org.pointstream."
"""What the `type` of each of our events begins with."""


class EventModel(Protocol):
    """A payload model that says which event type it is the data of."""

    event_type: str


@dataclass(frozen=True, slots=True)
class EventContract:
    """One event type: its payload, and whether we read it or publish it.

    An `internal` one is read, but only our own processes publish it: no till may say it, and no mapping make it.
    """

    model: type[BaseModel]
    direction: Literal["in", "out"]
    internal: bool = False

    @property
    def type(self) -> str:
        """The `type` attribute of its events."""
        name: str = self.model.event_type  # type: ignore[attr-defined]
        return name

    @property
    def short_name(self) -> str:
        """The type without our domain, as files are named: `purchase.completed.v1`."""
        return self.type.removeprefix(TYPE_DOMAIN)

    @property
    def topic(self) -> Topic:
        """The topic in which its events lie."""
        return topic_of(self.type)

    @property
    def envelope(self) -> AnyEnvelope:
        """The envelope without `type` and `data`."""
        return OutEnvelope if self.direction == "out" else Envelope


_CONTRACTS = (
    EventContract(PurchaseCompletedV1, "in"),
    EventContract(PurchaseCorrectedV1, "in"),
    EventContract(PurchaseVoidedV1, "in"),
    EventContract(PurchaseReturnedV1, "in"),
    EventContract(PurchaseClaimedV1, "in"),
    EventContract(PurchaseResolvedV1, "in", internal=True),
    EventContract(ActivityRecordedV1, "in"),
    EventContract(AdjustmentRequestedV1, "in", internal=True),
    EventContract(RedatingRequestedV1, "in", internal=True),
    EventContract(ExtensionRequestedV1, "in", internal=True),
    EventContract(TransferRequestedV1, "in", internal=True),
    EventContract(MergeRequestedV1, "in", internal=True),
    EventContract(UnmergeRequestedV1, "in", internal=True),
    EventContract(ReinstatementRequestedV1, "in", internal=True),
    EventContract(MemberDueV1, "in", internal=True),
    EventContract(ReferralClaimedV1, "in", internal=True),
    EventContract(ReferralDueV1, "in", internal=True),
    EventContract(ReferralResolvedV1, "in", internal=True),
    EventContract(RedemptionRequestedV1, "in"),
    EventContract(TradeRequestedV1, "in"),
    EventContract(MemberEnrolledV1, "in"),
    EventContract(MemberUpdatedV1, "in"),
    EventContract(PointsCreditedV1, "out"),
    EventContract(PointsReversedV1, "out"),
    EventContract(PointsActivatedV1, "out"),
    EventContract(PointsExpiredV1, "out"),
    EventContract(PointsAdjustedV1, "out"),
    EventContract(PointsRepaidV1, "out"),
    EventContract(PointsLentV1, "out"),
    EventContract(PointsDueV1, "out"),
    EventContract(PointsHeldV1, "out"),
    EventContract(PointsReleasedV1, "out"),
    EventContract(PointsRedatedV1, "out"),
    EventContract(PointsRedeemedV1, "out"),
    EventContract(PointsRestoredV1, "out"),
    EventContract(PointsReinstatedV1, "out"),
    EventContract(PointsTransferredV1, "out"),
    EventContract(PointsWaivedV1, "out"),
    EventContract(RedemptionExtendedV1, "out"),
    EventContract(RedemptionRefusedV1, "out"),
    EventContract(PointsIssuedV1, "out"),
    EventContract(PointsBoughtV1, "out"),
    EventContract(PointsExchangedV1, "out"),
    EventContract(PointsDonatedV1, "out"),
    EventContract(TradeRefusedV1, "out"),
    EventContract(PurchaseEvaluatedV1, "out"),
    EventContract(ActivityEvaluatedV1, "out"),
    EventContract(BalanceChangedV1, "out"),
    EventContract(RewardGrantedV1, "out"),
    EventContract(RewardRevokedV1, "out"),
    EventContract(RewardHeldV1, "out"),
    EventContract(RewardRedeemedV1, "out"),
    EventContract(RewardIssuedV1, "out"),
    EventContract(RewardAdvancedV1, "out"),
    EventContract(RewardFulfilledV1, "out"),
    EventContract(RewardCancelledV1, "out"),
    EventContract(RewardExpiredV1, "out"),
    EventContract(RewardReachedV1, "out"),
    EventContract(RewardWithheldV1, "out"),
    EventContract(CartSettledV1, "out"),
    EventContract(BadgeAwardedV1, "out"),
    EventContract(HouseholdFoundedV1, "out"),
    EventContract(HouseholdInvitedV1, "out"),
    EventContract(HouseholdJoinedV1, "out"),
    EventContract(HouseholdRoleChangedV1, "out"),
    EventContract(HouseholdLeftV1, "out"),
    EventContract(HouseholdDissolvedV1, "out"),
    EventContract(BidOutbidV1, "out"),
    EventContract(BidPlacedV1, "out"),
    EventContract(GameEndedV1, "out"),
    EventContract(GameOpenedV1, "out"),
    EventContract(PrizeWonV1, "out"),
    EventContract(TicketIssuedV1, "out"),
    EventContract(CodeRedeemedV1, "out"),
    EventContract(CodeReturnedV1, "out"),
    EventContract(CodeVoidedV1, "out"),
    EventContract(GiftCardIssuedV1, "out"),
    EventContract(GiftCardUsedV1, "out"),
    EventContract(GiftCardToppedUpV1, "out"),
    EventContract(GiftCardRefundedV1, "out"),
    EventContract(GiftCardTransferredV1, "out"),
    EventContract(GiftCardCashedOutV1, "out"),
    EventContract(GiftCardExpiredV1, "out"),
    EventContract(MemberTierChangedV1, "out"),
    EventContract(ReferralStartedV1, "out"),
    EventContract(ReferralConvertedV1, "out"),
    EventContract(ReferralHeldV1, "out"),
    EventContract(ReferralRefusedV1, "out"),
    EventContract(MemberTierPointsChangedV1, "out"),
    EventContract(MemberTierAboutToDropV1, "out"),
    EventContract(MemberMergedV1, "out"),
    EventContract(MemberUnmergedV1, "out"),
    EventContract(MemberJoinedV1, "out"),
    EventContract(MemberSegmentEnteredV1, "out"),
    EventContract(MemberSegmentLeftV1, "out"),
    EventContract(ProgrammePublishedV1, "out"),
    EventContract(CampaignCreatedV1, "out"),
    EventContract(CampaignChangedV1, "out"),
    EventContract(CampaignRemovedV1, "out"),
    EventContract(ReminderDueV1, "out"),
    EventContract(MessageQueuedV1, "out"),
    EventContract(MessageSentV1, "out"),
    EventContract(MessageDeliveredV1, "out"),
    EventContract(MessageOpenedV1, "out"),
    EventContract(MessageClickedV1, "out"),
    EventContract(MessageBouncedV1, "out"),
    EventContract(ScenarioActedV1, "out"),
    EventContract(MessageFailedV1, "out"),
    EventContract(MessageSuppressedV1, "out"),
    EventContract(PostPublishedV1, "out"),
    EventContract(PostFailedV1, "out"),
    EventContract(SweepAnnouncedV1, "out"),
    EventContract(SweepStartedV1, "out"),
    EventContract(SweepProgressedV1, "out"),
    EventContract(SweepPausedV1, "out"),
    EventContract(SweepResumedV1, "out"),
    EventContract(SweepCancelledV1, "out"),
    EventContract(SweepApprovalAwaitedV1, "out"),
    EventContract(SweepApprovedV1, "out"),
    EventContract(SweepRefusedV1, "out"),
    EventContract(SweepFinishedV1, "out"),
    EventContract(CampaignStartedV1, "out"),
    EventContract(CampaignStoppedV1, "out"),
    EventContract(CampaignBudgetReachedV1, "out"),
)

EVENTS: Mapping[str, EventContract] = MappingProxyType({contract.type: contract for contract in _CONTRACTS})


def contract_of(model: type[BaseModel]) -> EventContract:
    """Return the contract that a payload model belongs to.

    Raises:
        KeyError: the model is no event of ours.
    """
    return EVENTS[model.event_type]  # type: ignore[attr-defined]


@cache
def event_model(event_type: str) -> type[BaseModel]:
    """Return the pydantic model of a whole event, envelope and data: the reference that every decoder is held to.

    Raises:
        KeyError: the type is not ours.
    """
    contract = EVENTS[event_type]
    fields: dict[str, Any] = {
        "type": (Literal[event_type], Field(description="What happened, and which version of saying so.")),
        "data": (contract.model, Field(description="What there is to say about it.")),
    }
    name = contract.model.__name__.removesuffix("V1") + "EventV1"
    return create_model(name, __base__=contract.envelope, __doc__=contract.model.__doc__, **fields)
