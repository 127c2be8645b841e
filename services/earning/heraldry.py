"""What the world is told of programmes and campaigns, as events; each follows from its cause, ids included. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from libs.contracts.codec import encode
from libs.contracts.events import (
    CampaignBudgetReachedV1,
    CampaignChangedV1,
    CampaignCreatedV1,
    CampaignRemovedV1,
    CampaignStartedV1,
    CampaignStoppedV1,
    ProgrammePublishedV1,
)
from libs.contracts.headers import headers_of
from libs.intake.events import Prepared
from libs.judging.versions import RunningProgramme
from libs.promotions.campaigns import Campaign
from libs.promotions.diff import Change, compare
from libs.promotions.limits import read_key
from libs.promotions.programme import Programme
from libs.promotions.turns import Turn
from libs.runtime.keys import event_id
from services.earning.announcements import SOURCE
from services.earning.herald_store import Reached, Untold

PROGRAMMES, CAMPAIGNS = "loyalty.programmes", "loyalty.campaigns"
_MOST_FIELDS = 100
_LONGEST_FIELD = 200
_CAMPAIGN = re.compile(r"campaigns\[([^\]]+)\]\.?(.*)")


def published(
    programme: RunningProgramme, new: Untold, before: Programme | None, document: Programme
) -> Iterator[Prepared]:
    """Tell of a version: what it does to campaigns, and then the version itself.

    `before` is the document of the version with the number before.
    """
    campaigns = {campaign.id: campaign for campaign in document.campaigns}
    for name, changes in _by_campaign(compare(before, document)).items():
        shared = {"campaign": name, "programme_version": new.version, "active_from": new.active_from}
        campaign = campaigns.get(name)
        if campaign is None:
            kind, data = CampaignRemovedV1.event_type, shared
        elif changes[0].path == f"campaigns[{name}]" and changes[0].what == "added":
            kind, data = CampaignCreatedV1.event_type, shared | _of(campaign)
        else:
            fields = [_field(change) for change in changes][:_MOST_FIELDS]
            kind, data = CampaignChangedV1.event_type, shared | _of(campaign) | {"fields": fields}
        yield _of_campaign(programme, f"@{new.version}", kind, name, new.recorded_at, data)
    about = {
        "programme_version": new.version,
        "hash": new.hash,
        "active_from": new.active_from,
        "published_at": new.recorded_at,
        "restores": new.restores,
    }
    key = f"{programme.tenant}/{programme.programme}"
    kind = ProgrammePublishedV1.event_type
    yield _event(
        programme, PROGRAMMES, key, programme.programme, f"@{new.version}", kind, new.recorded_at, _present(about)
    )


def turned(programme: RunningProgramme, turn: Turn) -> Prepared:
    """Tell of a campaign that starts or stops."""
    kind = CampaignStartedV1.event_type if turn.starts else CampaignStoppedV1.event_type
    data = {"campaign": turn.campaign, "programme_version": turn.version, "cause": turn.why, "at": turn.at}
    return _of_campaign(programme, f"@{turn.at.isoformat()}", kind, turn.campaign, turn.at, data)


def budget_reached(programme: RunningProgramme, reached: Reached) -> Prepared:
    """Tell of a share of a limit that is used by now."""
    name = read_key(reached.key)
    data = {
        "campaign": name.campaign,
        "limit": reached.key,
        "unit": name.unit,
        "wallet": name.wallet,
        "scope": name.scope,
        "place": name.place,
        "period": name.period,
        "within": name.within,
        "share": reached.share,
        "used": reached.used,
        "total": reached.most,
        "reached_at": reached.reached_at,
    }
    cause = f"@{reached.key}@{reached.share}/{reached.most}"
    kind = CampaignBudgetReachedV1.event_type
    return _of_campaign(programme, cause, kind, name.campaign or "*", reached.reached_at, _present(data))


def _by_campaign(changes: tuple[Change, ...]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        named = _CAMPAIGN.fullmatch(change.path)
        if named is not None:
            found.setdefault(named.group(1), []).append(change)
    return found


def _field(change: Change) -> str:
    named = _CAMPAIGN.fullmatch(change.path)
    assert named is not None, "only changes of campaigns come here"
    return named.group(2)[:_LONGEST_FIELD]


def _of(campaign: Campaign) -> dict[str, Any]:
    about = {"name": campaign.name, "state": campaign.state}
    return about | _present({"starts_at": campaign.frame.starts_at, "ends_at": campaign.frame.ends_at})


def _present(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _of_campaign(
    programme: RunningProgramme, cause: str, kind: str, campaign: str, time: datetime, data: Mapping[str, Any]
) -> Prepared:
    key = f"{programme.tenant}/{programme.programme}/{campaign}"
    return _event(programme, CAMPAIGNS, key, campaign, cause, kind, time, data)


def _event(
    programme: RunningProgramme,
    topic: str,
    key: str,
    subject: str,
    cause: str,
    kind: str,
    time: datetime,
    data: Mapping[str, Any],
) -> Prepared:
    value = encode(
        type=kind,
        source=SOURCE,
        id=event_id(programme.tenant, programme.programme + cause, kind, subject, 0),
        time=time,
        subject=subject,
        tenant=programme.tenant,
        programme=programme.programme,
        memberseq=None,
        partitionkey=key,
        data=data,
    )
    return Prepared(topic, key.encode(), value, headers_of(value))
