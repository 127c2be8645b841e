"""Changes of single campaigns: each drafts the whole programme anew, with its campaigns, by id, changed in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from libs.programmes.draft import Draft, draft_of
from libs.programmes.plan import LEAD
from libs.programmes.versions import Versions
from libs.promotions.document import canonical_bytes
from libs.promotions.programme import Programme
from services.gateway.door.problems import ProblemError
from services.gateway.rules.bodies import Timed, merged
from services.gateway.rules.desk import MakeDraft, in_thread
from services.gateway.rules.store import Opened

SOON = 2 * LEAD
"""What counts in so little time is told of, and changed, as what counts: it was published a moment ago."""
Campaigns = dict[str, dict[str, Any]]
Change = Callable[[Campaigns], None]


def drafting(body: Timed, change: Change) -> MakeDraft:
    """Draft the programme that counts at the wished instant, with its campaigns changed."""

    async def make(_: Opened, versions: Versions, now: datetime) -> Draft:
        programme = versions.programme(versions.in_force(body.at or now + SOON))
        if programme is None:
            raise ProblemError("version-unknown")
        document = changed_document(programme, change)
        return await in_thread(lambda: draft_of(document))

    return make


def changed_document(programme: Programme, change: Change) -> dict[str, Any]:
    """Return the document with other campaigns and without its number."""
    document = written(programme)
    campaigns = {each["id"]: each for each in document["campaigns"]}
    change(campaigns)
    del document["version"]
    return {**document, "campaigns": list(campaigns.values())}


def adding(campaign: dict[str, Any]) -> Change:
    """Add a campaign. The same campaign again changes nothing, so a repeat is safe."""

    def added(campaigns: Campaigns) -> None:
        name = str(campaign.get("id"))
        known = campaigns.get(name)
        campaigns[name] = campaign
        if known is not None and not says(known, campaign):
            raise ProblemError("campaign-exists")

    return added


def known_campaign(campaigns: Mapping[str, dict[str, Any]], campaign: str) -> dict[str, Any]:
    """Return a campaign.

    Raises:
        ProblemError: there is none of this id.
    """
    if campaign not in campaigns:
        raise ProblemError("campaign-unknown")
    return campaigns[campaign]


def written(programme: Programme) -> dict[str, Any]:
    """Return a programme as JSON has it."""
    return programme.model_dump(mode="json", by_alias=True, exclude_none=True)


def etag_of(campaign: Mapping[str, Any]) -> str:
    """Name a campaign as it is, and no other."""
    return f'"{sha256(canonical_bytes(campaign)).hexdigest()[:16]}"'


def says(known: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Tell whether a campaign as it is written says what was sent: all of it stands there already."""
    after: object = merged(known, sent)
    return after == known
