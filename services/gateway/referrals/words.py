"""Referrals in words: where one stands and why, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STATES: Mapping[str, str] = MappingProxyType(
    {
        "started": "It waits for what it takes.",
        "converted": "It came to what it takes.",
        "held": "It waits for a person.",
        "refused": "It does not count.",
    }
)
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "referral-started": "The referral is noted, and waits for what it takes.",
        "referral-converted": "A referral came to what it takes.",
        "referral-held": "The referral waits for a person.",
        "referral-refused": "The referral was refused already.",
        "referral-undone": "A referral no longer has what it takes.",
        "referral-unchanged": "What friends bring is as it was.",
        "referral-unknown": "Nobody brought this member in.",
        "nothing-held": "The referral waits for nobody.",
        "code-unknown": "No member has this code.",
        "already-referred": "The member was brought in already.",
        "no-referral": "The programme had no referral at that time.",
        "self-referral": "Both are the same person.",
        "not-new": "The friend has been a member for too long.",
        "no-consent": "The friend has not agreed to be written to.",
        "velocity": "The referrer brings in friends too fast.",
        "each-other": "The referrer was brought in by the friend.",
        "same-device": "The friend uses a device of the referrer or of another friend.",
        "same-address": "The friend has the address of the referrer or of another friend.",
        "same-household": "The friend lives in the household of the referrer or of another friend.",
    }
)

GERMAN_STATES: Mapping[str, str] = MappingProxyType(
    {
        "started": "Sie wartet auf das, was sie braucht.",
        "converted": "Sie hat, was sie braucht.",
        "held": "Sie wartet auf eine Person.",
        "refused": "Sie zählt nicht.",
    }
)
GERMAN_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "referral-started": "Die Werbung ist vermerkt und wartet auf das, was sie braucht.",
        "referral-converted": "Eine Werbung hat, was sie braucht.",
        "referral-held": "Die Werbung wartet auf eine Person.",
        "referral-refused": "Die Werbung wurde schon abgelehnt.",
        "referral-undone": "Eine Werbung hat nicht mehr, was sie braucht.",
        "referral-unchanged": "An dem, was Freunde bringen, hat sich nichts geändert.",
        "referral-unknown": "Dieses Mitglied hat niemand geworben.",
        "nothing-held": "Die Werbung wartet auf niemanden.",
        "code-unknown": "Diesen Code hat kein Mitglied.",
        "already-referred": "Das Mitglied wurde schon geworben.",
        "no-referral": "Das Programm warb zu dieser Zeit keine Freunde.",
        "self-referral": "Beide sind dieselbe Person.",
        "not-new": "Die geworbene Person ist schon zu lange Mitglied.",
        "no-consent": "Die geworbene Person hat nicht zugestimmt, angeschrieben zu werden.",
        "velocity": "Die werbende Person wirbt zu schnell.",
        "each-other": "Die werbende Person wurde von der geworbenen geworben.",
        "same-device": "Die geworbene Person nutzt ein Gerät der werbenden oder einer anderen geworbenen.",
        "same-address": "Die geworbene Person hat die Anschrift der werbenden oder einer anderen geworbenen.",
        "same-household": "Die geworbene Person lebt im Haushalt der werbenden oder einer anderen geworbenen.",
    }
)
