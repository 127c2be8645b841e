"""The payloads, one module a noun.

The version is in the name; a change that is not additive becomes the next version beside it.
"""

from libs.contracts.events.activity import (
    ActivityEvaluatedV1,
    ActivityRecordedV1,
    AdjustmentRequestedV1,
    MemberDueV1,
)
from libs.contracts.events.balance import BalanceChangedV1, WalletBalance
from libs.contracts.events.dead_letter import DeadLetterHeadersV1
from libs.contracts.events.member import (
    MemberEnrolledV1,
    MemberTierAboutToDropV1,
    MemberTierChangedV1,
    MemberTierPointsChangedV1,
    MemberUpdatedV1,
    TierFigure,
)
from libs.contracts.events.points import (
    LotShare,
    PointsActivatedV1,
    PointsAdjustedV1,
    PointsCreditedV1,
    PointsExpiredV1,
    PointsHeldV1,
    PointsRedeemedV1,
    PointsReleasedV1,
    PointsRepaidV1,
    PointsRestoredV1,
    PointsReversedV1,
)
from libs.contracts.events.programme import (
    CampaignBudgetReachedV1,
    CampaignChangedV1,
    CampaignCreatedV1,
    CampaignRemovedV1,
    CampaignStartedV1,
    CampaignStoppedV1,
    ProgrammePublishedV1,
)
from libs.contracts.events.purchase import (
    Identifier,
    PurchaseClaimedV1,
    PurchaseCompletedV1,
    PurchaseCorrectedV1,
    PurchaseEvaluatedV1,
    PurchaseResolvedV1,
    PurchaseReturnedV1,
    PurchaseVoidedV1,
    ReceiptLine,
    ReturnedLine,
)
from libs.contracts.events.referral import (
    Mark,
    ReferralClaimedV1,
    ReferralConvertedV1,
    ReferralDueV1,
    ReferralHeldV1,
    ReferralRefusedV1,
    ReferralResolvedV1,
    ReferralStartedV1,
)
from libs.contracts.events.reward import RewardGrantedV1, RewardRevokedV1
from libs.contracts.events.segment import MemberSegmentEnteredV1, MemberSegmentLeftV1

__all__ = [
    "ActivityEvaluatedV1",
    "ActivityRecordedV1",
    "AdjustmentRequestedV1",
    "BalanceChangedV1",
    "CampaignBudgetReachedV1",
    "CampaignChangedV1",
    "CampaignCreatedV1",
    "CampaignRemovedV1",
    "CampaignStartedV1",
    "CampaignStoppedV1",
    "DeadLetterHeadersV1",
    "Identifier",
    "LotShare",
    "Mark",
    "MemberDueV1",
    "MemberEnrolledV1",
    "MemberSegmentEnteredV1",
    "MemberSegmentLeftV1",
    "MemberTierAboutToDropV1",
    "MemberTierChangedV1",
    "MemberTierPointsChangedV1",
    "MemberUpdatedV1",
    "PointsActivatedV1",
    "PointsAdjustedV1",
    "PointsCreditedV1",
    "PointsExpiredV1",
    "PointsHeldV1",
    "PointsRedeemedV1",
    "PointsReleasedV1",
    "PointsRepaidV1",
    "PointsRestoredV1",
    "PointsReversedV1",
    "ProgrammePublishedV1",
    "PurchaseClaimedV1",
    "PurchaseCompletedV1",
    "PurchaseCorrectedV1",
    "PurchaseEvaluatedV1",
    "PurchaseResolvedV1",
    "PurchaseReturnedV1",
    "PurchaseVoidedV1",
    "ReceiptLine",
    "ReferralClaimedV1",
    "ReferralConvertedV1",
    "ReferralDueV1",
    "ReferralHeldV1",
    "ReferralRefusedV1",
    "ReferralResolvedV1",
    "ReferralStartedV1",
    "ReturnedLine",
    "RewardGrantedV1",
    "RewardRevokedV1",
    "TierFigure",
    "WalletBalance",
]
