"""What receipts are judged by: registered sources, and each programme in all its versions, compiled."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from libs.contracts.mapping import SourceMapping
from libs.ledger.boundary import ExpiryCalendar, ExpiryPolicy, NaturalPeriod, Never, Period
from libs.ledger.zones import load_zone
from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.document import parse_programme
from libs.promotions.rates import Rates
from libs.promotions.wallets import NaturalExpiry, NeverExpiry, Pending

_MOST_SOURCES = 100_000
NO_RATES = Rates(())
OWN_SOURCE = "/pointstream"
"""Sources of the platform's own begin so, then come the names of tenant and programme."""


@dataclass(frozen=True, slots=True)
class ActiveVersion:
    """A version of a programme, in force from `active_from` until the next one.

    Each wallet has its expiry calendar and says what holds its points back (None: nothing), and whether they lapse by
    when they become active or by when they were earned. `pends` says whether any wallet holds back, `counts_members`
    whether any limit is per member.
    """

    active_from: datetime
    compiled: CompiledProgramme
    zone: ZoneInfo
    calendars: Mapping[str, ExpiryCalendar]
    pending: Mapping[str, Pending | None]
    expires_from_activation: Mapping[str, bool]
    pends: bool
    counts_members: bool


@dataclass(frozen=True, slots=True)
class RunningProgramme:
    """A programme of a tenant with its versions, oldest first, and the rates of other currencies than its own.

    `switches` are those that are off, by name: what is decided now is decided by them.
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
    key: tuple[int, int] = field(init=False)
    """Tenant and programme, as rows name them."""

    def __post_init__(self) -> None:
        """Make the key once: it is asked for all the time."""
        object.__setattr__(self, "key", (self.tenant_id, self.programme_id))

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


@dataclass(frozen=True, slots=True)
class Programmes:
    """A snapshot of all sources and programmes; a new one replaces it when something changes."""

    prefixes: Mapping[str, RunningProgramme]
    mappings: tuple[SourceMapping, ...] = ()
    _found: dict[str, RunningProgramme | None] = field(default_factory=dict)

    def of_source(self, source: str) -> RunningProgramme | None:
        """Return the programme that a source belongs to: the longest registered prefix that ends at a segment."""
        found = self._found.get(source, self)
        if found is not self:
            return found  # type: ignore[return-value]
        if len(self._found) >= _MOST_SOURCES:
            self._found.clear()
        programme = self._search(source)
        self._found[source] = programme
        return programme

    def switched(self, switches: Mapping[tuple[int, int], tuple[str, ...]]) -> Programmes:
        """Return the same programmes with these switches off, by programme key."""
        after = {
            key: programme if programme.switches == (off := switches.get(key, ())) else replace(programme, switches=off)
            for key, programme in self.by_key().items()
        }
        return Programmes({prefix: after[each.key] for prefix, each in self.prefixes.items()}, self.mappings)

    def by_key(self) -> dict[tuple[int, int], RunningProgramme]:
        """Return every programme by tenant and programme, as rows name them."""
        return {programme.key: programme for programme in self.prefixes.values()}

    def _search(self, source: str) -> RunningProgramme | None:
        prefix = source
        while prefix:
            if prefix in self.prefixes:
                return self.prefixes[prefix]
            prefix = prefix.rpartition("/")[0]
        return None


def activate(active_from: datetime, document: Mapping[str, object]) -> ActiveVersion:
    """Compile a stored version.

    Raises:
        libs.promotions.document.ProgrammeInvalid: the document is none.
    """
    compiled = compile_programme(parse_programme(document))
    zone = load_zone(compiled.source.zone)
    wallets = compiled.wallets
    return ActiveVersion(
        active_from,
        compiled,
        zone,
        {name: ExpiryCalendar(zone, _policy(wallet.expiry)) for name, wallet in wallets.items()},
        {name: wallet.pending for name, wallet in wallets.items()},
        {name: wallet.expiry_from == "activation" for name, wallet in wallets.items()},
        any(wallet.pending is not None for wallet in wallets.values()),
        any(scope == "member" for _, scope, _ in compiled.counter_limits),
    )


def by_prefix(
    sources: Iterable[tuple[str, tuple[int, int]]],
    programmes: Mapping[tuple[int, int], RunningProgramme],
    mappings: Iterable[SourceMapping] = (),
) -> Programmes:
    """Put sources, as (prefix, programme key), and programmes together; each has a source of the platform's too."""
    own = {f"{OWN_SOURCE}/{each.tenant}/{each.programme}": each for each in programmes.values()}
    return Programmes(own | {prefix: programmes[key] for prefix, key in sources}, tuple(mappings))


def _policy(expiry: NaturalExpiry | NeverExpiry) -> ExpiryPolicy:
    match expiry:
        case NaturalExpiry():
            return NaturalPeriod(Period(expiry.period), expiry.extra_periods)
        case NeverExpiry():
            return Never()
