"""Occasions that a batch brings about, on their way to the topic that earning itself reads. Pure."""

from __future__ import annotations

from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.judging.occasions import Occasion, is_awaited, occasion_event, something_returned
from libs.judging.versions import RunningProgramme
from libs.promotions.occasions import RETURN
from libs.runtime.batch import Outgoing
from services.earning.cases import Case

ACTIVITIES = "loyalty.activities"


def outgoing(programme: RunningProgramme, occasion: Occasion, spread: int) -> Outgoing:
    """The event of an occasion, to be published with what brought it about; `spread` is the hash of the member's id."""
    value = occasion_event(programme, occasion)
    return Outgoing(ACTIVITIES, str(occasion.member_id).encode(), spread, value, tuple(headers_of(value)), True)


def prepared(programme: RunningProgramme, occasion: Occasion) -> Prepared:
    """The event of an occasion that no batch brought about."""
    value = occasion_event(programme, occasion)
    return Prepared(ACTIVITIES, str(occasion.member_id).encode(), value, headers_of(value))


def return_of(case: Case) -> Occasion | None:
    """The occasion that a receipt is of which something came back, if a campaign waits for it and somebody owns it."""
    story = case.story
    if not story.returns or story.owner is None or case.content is None:
        return None
    at = min(each.at for each in story.returns)
    if not is_awaited(case.programme, RETURN, None, at):
        return None
    return something_returned(story.owner, case.key, at)
