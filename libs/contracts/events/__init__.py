"""The payloads, one module a noun.

The version is in the name; a change that is not additive becomes the next version beside it.
"""

from libs.contracts.events.dead_letter import DeadLetterHeadersV1
from libs.contracts.events.member import MemberEnrolledV1
from libs.contracts.events.points import PointsCreditedV1
from libs.contracts.events.purchase import Identifier, PurchaseCompletedV1, PurchaseEvaluatedV1, ReceiptLine

__all__ = [
    "DeadLetterHeadersV1",
    "Identifier",
    "MemberEnrolledV1",
    "PointsCreditedV1",
    "PurchaseCompletedV1",
    "PurchaseEvaluatedV1",
    "ReceiptLine",
]
