"""What a batch decides on, once everything is loaded; and what shared limits have used as it goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from libs.judging.versions import RunningProgramme
from libs.lives.life import MemberName
from libs.runtime.batch import Outgoing
from services.earning.cases import Case
from services.earning.history import Histories
from services.earning.lives import Life
from services.earning.merging import Merges
from services.earning.referrals import Referrals
from services.earning.reinstating import Lapses
from services.earning.tiers import Tiers
from services.earning.verdict import CounterName, Standing


class Counters:
    """What shared limits have used, counted on through the batch."""

    def __init__(self, used: Mapping[CounterName, int]) -> None:
        self._by_programme: dict[tuple[int, int], dict[str, int]] = {}
        for (tenant, programme, key), value in used.items():
            self._by_programme.setdefault((tenant, programme), {})[key] = value

    def of(self, programme: RunningProgramme) -> dict[str, int]:
        """Return the counters of one programme, by key; what is missing counts 0."""
        return self._by_programme.setdefault(programme.key, {})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a batch decides on: who has an identifier, the members, the ledgers in hand, the receipts with a story.

    `histories` is there when any programme of the batch asks for what members did before, `tiers` when any has tiers,
    `referrals` when members of any bring in others, `merges` when any were or are to be merged, `lapses` for whom
    anything is to be reinstated.
    """

    owners: Mapping[tuple[int, int, str], UUID] = field(default_factory=dict)
    standings: Mapping[MemberName, Standing] = field(default_factory=dict)
    lives: Mapping[MemberName, Life] = field(default_factory=dict)
    cases: Mapping[UUID, Case] = field(default_factory=dict)
    used: Mapping[CounterName, int] = field(default_factory=dict)
    histories: Histories | None = None
    tiers: Tiers | None = None
    referrals: Referrals | None = None
    merges: Merges | None = None
    lapses: Lapses = field(default_factory=dict)

    def untold(self) -> list[Outgoing]:
        """The events of referrals and merges since this was asked last."""
        told = [] if self.referrals is None else self.referrals.untold()
        return told if self.merges is None else [*told, *self.merges.untold()]

    def ledgers(self) -> Collection[Life]:
        """The ledgers in hand, each once."""
        return self.lives.values() if self.merges is None else self.merges.saved()
