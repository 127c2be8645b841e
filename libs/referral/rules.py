"""What a version of a programme says about referral. Pure."""

from __future__ import annotations

from libs.judging.versions import RunningProgramme
from libs.referral.decide import Rules


def rules_of(programme: RunningProgramme, number: int) -> Rules | None:
    """What a version says about referral; None where it says nothing, or is gone."""
    version = programme.numbered(number)
    referral = None if version is None else version.compiled.source.referral
    if version is None or referral is None:
        return None
    return Rules(number, referral, version.zone, version.compiled.source.wallets[0].name)
