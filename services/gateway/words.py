"""Outcomes, reasons and movements in words: what people read where programs read codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from libs.language.catalogue import DEFAULT, Catalogue
from services.gateway import words_german as german
from services.gateway.referrals import words as referral

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "credited": "Points were credited.",
        "no_points": "It brought no points.",
        "unclaimed": "Nobody has this identifier yet. The receipt waits to be claimed.",
        "no_member": "It names nobody. A receipt can be claimed by its number.",
        "awaiting_operator": "No rule decides this. It waits for an operator.",
        "reversed": "Points were taken back.",
        "unchanged": "It changed nothing about the points.",
        "awaiting_purchase": "The purchase that it belongs to has not arrived yet. It counts as soon as that comes.",
        "refused": "It was refused.",
        "activated": "Points that were pending became active.",
        "adjusted": "A person corrected the points.",
        "transferred": "Points went to another member.",
        "merged": "The member was merged into another, who has points and identifiers from now on.",
        "unmerged": "The merge was undone: each side has its own again, as far as it is still there.",
    }
)
"""What an outcome says; every outcome of a decision stands here."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "event-time-ahead": "Its time lay more than five minutes ahead, so it counts from its arrival.",
        "period-closed": "It arrived too long after the end of the period that its points belong to.",
        "no-programme-yet": "It is from before the programme's first version.",
        "no-exchange-rate": "It is in another currency than the programme, and no rate is known.",
        "points-out-of-range": "The points would be beyond any sensible number.",
        "receipt-known": "A purchase with this number was there already.",
        "receipt-unknown": "Nothing with this number is known.",
        "receipt-voided": "The receipt was cancelled.",
        "voided": "The receipt was cancelled.",
        "nothing-left": "All of it came back.",
        "refused-by-operator": "An operator refused it.",
        "points-short": "More has to be taken back than is there, and an operator decides what becomes of the rest.",
        "nothing-short": "Nothing of it waits for such a word.",
        "debt": "An operator decided that the rest is owed.",
        "forgive": "An operator decided that the rest is given up.",
        "member-unknown": "No member has this id.",
        "wallet-unknown": "The programme had no such wallet at that time.",
        "not-enough-points": "More would have been taken than is there and free.",
        "never-lapses": "Points of this kind never lapse.",
        "nothing-to-extend": "No points are there that would get a later date.",
        "earned-ahead": "The points would have been earned in the future.",
        "in-debt": "Something is owed in this wallet, and is paid before anything is given away.",
        "same-member": "Both are the same member.",
        "transfer-limit": "The programme's limits let the member give no more in this period.",
        "transfer-too-small": "The programme lets so few points not go to others.",
        "points-held": "Points are reserved by a redemption; it has to end first.",
        "not-merged": "This member is merged into nobody.",
        "merged-again": "The other member was merged since; that has to be undone first.",
        "undo-too-late": "The 30 days in which the merge could be undone are over.",
        "expiry-passed": "The points would have lapsed already.",
        "already-claimed": "The receipt has an owner already.",
        "total-mismatch": "The total is not that of the receipt.",
        "claim-too-late": "The time in which it could be claimed is over.",
        "unknown-currency": "Nobody knows this currency.",
        "currency": "It is in another currency than the programme.",
        "switched-off": "Everything that would have judged it was switched off.",
        "identifier-taken": "An identifier belongs to somebody else.",
        "member-blocked": "The member is blocked; somebody has to look first.",
        "cart-invalid": "Its cart is none of ours, or another receipt's; it counted like a receipt without one.",
        "cart-late": "It was bought after the time of its cart, whose codes did not count.",
        "cart-spent": "It came after the time of its cart, and its codes were used elsewhere meanwhile.",
        "cart-foreign": "Its cart was set aside for another member, and did not count.",
        "cart-released": "Its cart had been let go, and did not count.",
        "cart-returned": "All of its cart came back before, and did not count again.",
        "cart-unknown": "Its cart came to nothing long ago, and did not count.",
        "cart-other": "Another cart was bought with this receipt; this one did not count.",
    }
)
"""What a reason says, where the code alone would not."""

WAYS_ON: Mapping[str, str] = MappingProxyType(
    {
        "no-exchange-rate": "Record a rate that was valid at the receipt's time, and let it be tried again.",
        "unclaimed": "Enrol whoever has the identifier, or claim the receipt by its number for a member.",
        "no_member": "Claim the receipt by its number for a member.",
        "points-short": "Decide as an operator whether the rest is owed or given up: debt or forgive.",
        "period-closed": "Decide as an operator whether it still brings points: award or refuse.",
        "no-programme-yet": "Decide as an operator, or record a version for that time and let it be tried again.",
    }
)
"""What can be done about a receipt that waits, by its reason."""
DECIDE = "Decide it as an operator: award, refuse, debt, forgive, or retry."

_MOVEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "credit": "Points were credited",
        "activate": "Pending points became active",
        "redeem": "Points were redeemed",
        "restore": "Points came back",
        "expire": "Points lapsed",
        "waive": "Points got another date",
        "reverse": "Points were taken back because the purchase came back",
        "hold": "Points were reserved",
        "release": "A reservation ended, and its points are free again",
        "commit": "Reserved points were redeemed",
        "transfer": "Points moved to or from another member",
        "adjust": "Points were corrected by a person",
        "repay": "A debt was paid with points",
        "lend": "A fee for lent points is to be repaid",
        "fall_due": "Lent points fell due, and are owed",
    }
)
_BY_ACCOUNTS: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("credit", "issued", "pending"): "Points were credited and become active later",
        ("restore", "expired", "active"): "Lapsed points came back",
        ("restore", "redeemed", "active"): "Redeemed points came back",
        ("reverse", "pending", "reversed"): "Pending points were taken back because the purchase came back",
        ("reverse", "debt", "reversed"): "Points were taken back that were no longer there, and are owed",
        ("lend", "debt", "issued"): "Lent points are to be repaid",
        ("transfer", "transferred", "active"): "Points came from another member",
        ("transfer", "active", "transferred"): "Points went to another member",
        ("transfer", "pending", "transferred"): "Pending points went to another member",
        ("transfer", "transferred", "pending"): "Points came from another member and become active later",
        ("transfer", "transferred", "debt"): "A debt went to another member",
        ("transfer", "debt", "transferred"): "A debt came from another member",
        ("adjust", "adjusted", "active"): "Points were given by a person",
        ("adjust", "active", "adjusted"): "Points were taken by a person",
        ("adjust", "adjusted", "debt"): "A debt was made smaller by a person",
        ("adjust", "written_off", "debt"): "A debt was written off",
        ("adjust", "active", "written_off"): "Points were written off",
    }
)


def _joined(texts: Mapping[tuple[str, str, str], str]) -> Mapping[str, str]:
    return {" ".join(names): text for names, text in texts.items()}


OUTCOME_TEXTS = Catalogue({"en": OUTCOMES, "de": german.OUTCOMES})
REASON_TEXTS = Catalogue({"en": {**REASONS, **referral.REASONS}, "de": {**german.REASONS, **referral.GERMAN_REASONS}})
REFERRAL_TEXTS = Catalogue({"en": referral.STATES, "de": referral.GERMAN_STATES})
MOVEMENT_TEXTS = Catalogue(
    {
        "en": {**_MOVEMENTS, **_joined(_BY_ACCOUNTS)},
        "de": {**german.MOVEMENTS, **_joined(german.BY_ACCOUNTS)},
    }
)
OTHER_TEXTS = Catalogue(
    {
        "en": {
            "reason": "Reason: {reason}.",
            "taken_back": {"one": "{n} point was taken back.", "other": "{n} points were taken back."},
        },
        "de": {"reason": german.OTHER_REASON, "taken_back": german.TAKEN_BACK},
    }
)


def with_reason(said: str, reason: str | None, language: str = DEFAULT) -> str:
    """Add why to what was said."""
    if reason is None:
        return said
    return f"{said} {REASON_TEXTS.get(language, reason, OTHER_TEXTS.say(language, 'reason', reason=reason))}"


def outcome_words(outcome: str, reason: str | None, first: str | None = None, language: str = DEFAULT) -> str:
    """Say an outcome and its reason in a sentence or two; `first` takes the place of the outcome's own words."""
    return with_reason(first or OUTCOME_TEXTS.get(language, outcome, outcome), reason, language)


def taken_back_words(points: int, language: str = DEFAULT) -> str:
    """Say how many points were taken back."""
    return OTHER_TEXTS.say(language, "taken_back", n=points)


def referral_state_words(state: str, reasons: Sequence[str], language: str = DEFAULT) -> str:
    """Say where a referral stands, and why."""
    return " ".join([REFERRAL_TEXTS.say(language, state), *[REASON_TEXTS.say(language, each) for each in reasons]])


def reason_words(reason: str) -> str:
    """Say why something waits."""
    return REASONS.get(reason) or OUTCOMES.get(reason, reason)


def movement_words(kind: str, from_account: str, to_account: str, language: str = DEFAULT) -> str:
    """Say what a movement did."""
    plain = MOVEMENT_TEXTS.get(language, kind, kind)
    return MOVEMENT_TEXTS.get(language, f"{kind} {from_account} {to_account}", plain)


def way_on(reason: str) -> str:
    """Say what can be done about something that waits for this reason."""
    return WAYS_ON.get(reason, DECIDE)
