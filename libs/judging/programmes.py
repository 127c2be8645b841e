"""What receipts are judged by: registered sources, and the programmes that they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from libs.contracts.mapping import SourceMapping
from libs.judging.versions import OWN_SOURCE, RunningProgramme, longest_prefix

_MOST_SOURCES = 100_000


class Stops(NamedTuple):
    """What is stopped by hand: the switches that are off, and the members who are blocked, by programme key."""

    switches: Mapping[tuple[int, int], tuple[str, ...]] = MappingProxyType({})
    blocked: Mapping[tuple[int, int], frozenset[UUID]] = MappingProxyType({})


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
        programme = longest_prefix(self.prefixes, source)
        self._found[source] = programme
        return programme

    def stopped(self, stops: Stops) -> Programmes:
        """Return the same programmes with these switches off and members blocked."""
        after = {}
        for key, programme in self.by_key().items():
            off, blocked = stops.switches.get(key, ()), stops.blocked.get(key, frozenset())
            same = programme.switches == off and programme.blocked == blocked
            after[key] = programme if same else replace(programme, switches=off, blocked=blocked)
        return Programmes({prefix: after[each.key] for prefix, each in self.prefixes.items()}, self.mappings)

    def by_key(self) -> dict[tuple[int, int], RunningProgramme]:
        """Return every programme by tenant and programme, as rows name them."""
        return {programme.key: programme for programme in self.prefixes.values()}


def by_prefix(
    sources: Iterable[tuple[str, tuple[int, int]]],
    programmes: Mapping[tuple[int, int], RunningProgramme],
    mappings: Iterable[SourceMapping] = (),
) -> Programmes:
    """Put sources, as (prefix, programme key), and programmes together; each has a source of the platform's too."""
    own = {f"{OWN_SOURCE}/{each.tenant}/{each.programme}": each for each in programmes.values()}
    return Programmes(own | {prefix: programmes[key] for prefix, key in sources}, tuple(mappings))
