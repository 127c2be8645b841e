"""A programme in all its versions, compiled, each with the calendars of its wallets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.exemptions.rules import Exemptions, exemptions_of
from libs.history.needs import Needs
from libs.judging.terms import Terms
from libs.ledger.boundary import ExpiryCalendar
from libs.ledger.zones import load_zone
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.document import parse_programme
from libs.promotions.facts import MemberFacts
from libs.promotions.rates import Rates
from libs.promotions.wallets import Pending

T = TypeVar("T")

NO_RATES = Rates(())
OWN_SOURCE = "/pointstream"
"""Sources of the platform's own begin so, then come the names of tenant and programme."""


@dataclass(frozen=True, slots=True)
class ActiveVersion:
    """A version of a programme, in force from `active_from` until the next one.

    Each wallet has its expiry calendar and says what holds its points back (None: nothing), and whether they lapse by
    when they become active or by when they were earned. `pends` says whether any wallet holds back, `counts_members`
    whether any limit is per member. `terms` has the calendars of some members and effects; where they are not
    `varied`, those of the wallets are all there are.
    """

    active_from: datetime
    compiled: CompiledProgramme
    zone: ZoneInfo
    calendars: Mapping[str, ExpiryCalendar]
    pending: Mapping[str, Pending | None]
    expires_from_activation: Mapping[str, bool]
    pends: bool
    counts_members: bool
    terms: Terms

    def calendar(self, wallet: str, member: MemberFacts | None) -> ExpiryCalendar:
        """The calendar that gives a member's points of a wallet their dates."""
        return self.terms.of(wallet, member) if self.terms.varied else self.calendars[wallet]


@dataclass(frozen=True, slots=True)
class RunningProgramme:
    """A programme of a tenant with its versions, oldest first, and the rates of other currencies than its own.

    `switches` are those that are off, by name: what is decided now is decided by them. `name` is what people call it.
    `history` says what its versions need of what members did before; None where none of them asks. `knows` whether any
    asks what is known of members: their attributes, birthday or day of enrolment. `has_segments` says whether any
    version has segments, `sees_segments` whether campaigns ask for them; `lists` are the static ones.
    `blocked` are members of whom nothing is decided before somebody has looked.
    """

    tenant_id: int
    programme_id: int
    tenant: str
    programme: str
    versions: Sequence[ActiveVersion]
    counts_members: bool = False
    pends: bool = False
    rates: Rates = NO_RATES
    switches: tuple[str, ...] = ()
    name: str = ""
    history: Needs | None = None
    knows: bool = False
    has_segments: bool = False
    sees_segments: bool = False
    lists: frozenset[str] = frozenset()
    blocked: frozenset[UUID] = frozenset()
    key: tuple[int, int] = field(init=False)
    """Tenant and programme, as rows name them."""
    refers: bool = field(init=False)
    """Whether its members bring in others, by any version."""
    exemptions: Exemptions = field(init=False)
    """Whose points do not lapse at boundaries, over all versions."""
    revives: bool = field(init=False)
    """Whether what members do keeps points of theirs alive, by any version."""
    extends: bool = field(init=False)
    """Whether purchases give points that members have a later date, by any version."""

    def __post_init__(self) -> None:
        """Make once what is asked for all the time."""
        object.__setattr__(self, "key", (self.tenant_id, self.programme_id))
        referring = any(version.compiled.source.referral is not None for version in self.versions)
        object.__setattr__(self, "refers", referring)
        numbered = [(version.active_from, version.compiled.source) for version in self.versions]
        object.__setattr__(self, "exemptions", exemptions_of(numbered))
        object.__setattr__(self, "revives", any(version.terms.alive for version in self.versions))
        extending = [each for version in self.versions for each in version.compiled.extending.values()]
        object.__setattr__(self, "extends", any(each.trigger.kind == "purchase" for each in extending))

    @property
    def tiered(self) -> bool:
        """Whether any version has tiers."""
        return any(version.compiled.source.tier_sets for version in self.versions)

    def at(self, instant: datetime) -> ActiveVersion | None:
        """Return the version in force at an aware instant; None before the first."""
        last = self.versions[-1] if self.versions else None
        if last is None or last.active_from <= instant:
            return last
        index = bisect_right(self.versions, instant, key=lambda version: version.active_from)
        return self.versions[index - 1] if index else None

    def numbered(self, version: int) -> ActiveVersion | None:
        """Return the version with this number."""
        return next((each for each in self.versions if each.compiled.version == version), None)

    def source(self, what: str) -> str:
        """The source under which the platform's own parts tell about this programme."""
        return f"{OWN_SOURCE}/{self.tenant}/{self.programme}/{what}"


class Segmented(TypedDict):
    """What `RunningProgramme` says of segments."""

    has_segments: bool
    sees_segments: bool
    lists: frozenset[str]


def segmented(versions: Sequence[ActiveVersion]) -> Segmented:
    """Say of some versions whether there are segments, whether campaigns ask for them, and which are lists."""
    having = [version.compiled for version in versions if version.compiled.source.segments]
    return {
        "has_segments": bool(having),
        "sees_segments": any(one.needs.segments or one.needs.lists for one in having),
        "lists": frozenset([segment.name for one in having for segment in one.source.segments if segment.list]),
    }


def longest_prefix(prefixes: Mapping[str, T], source: str) -> T | None:
    """What is registered for a source: by the longest prefix that ends at a segment; None when nothing is."""
    prefix = source
    while prefix:
        if prefix in prefixes:
            return prefixes[prefix]
        prefix = prefix.rpartition("/")[0]
    return None


def activate(active_from: datetime, document: Mapping[str, object]) -> ActiveVersion:
    """Compile a stored version.

    Raises:
        libs.promotions.document.ProgrammeInvalid: the document is none.
    """
    compiled = compile_programme(parse_programme(document))
    zone = load_zone(compiled.source.zone)
    wallets, terms = compiled.wallets, Terms(compiled.source, zone)
    return ActiveVersion(
        active_from,
        compiled,
        zone,
        terms.plain(),
        {name: wallet.pending for name, wallet in wallets.items()},
        {name: wallet.expiry_from == "activation" for name, wallet in wallets.items()},
        any(wallet.pending is not None for wallet in wallets.values()),
        any(scope == "member" for _, scope, _ in compiled.counter_limits),
        terms,
    )
