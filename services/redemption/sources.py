"""Who may ask over the topic: registered sources, and the programmes that they belong to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from libs.contracts.arrivals import Arrivals
from libs.contracts.mapping import SourceMapping
from libs.judging.versions import OWN_SOURCE, longest_prefix

TOPIC = "loyalty.redemptions"
Scope = tuple[int, int]
"""Tenant and programme, as rows name them."""


class Origin(NamedTuple):
    """Where a request comes from: a programme as rows name it, and the slugs of its tenant and of itself."""

    scope: Scope
    tenant: str
    programme: str


@dataclass(frozen=True, slots=True)
class Sources:
    """A snapshot of all sources; a new one replaces it when something changes."""

    prefixes: Mapping[str, Origin]
    decoder: Arrivals

    def of(self, source: str) -> Origin | None:
        """The programme that a source belongs to: by the longest registered prefix that ends at a segment."""
        return longest_prefix(self.prefixes, source)


def sources_of(
    registered: Iterable[tuple[str, Scope]], programmes: Iterable[Origin], mappings: Iterable[SourceMapping] = ()
) -> Sources:
    """Put sources and programmes together; each programme has a source of the platform's too."""
    known = {each.scope: each for each in programmes}
    own = {f"{OWN_SOURCE}/{each.tenant}/{each.programme}": each for each in known.values()}
    others = {prefix: known[scope] for prefix, scope in registered if scope in known}
    return Sources(MappingProxyType(own | others), Arrivals(TOPIC, mappings))


NO_SOURCES = sources_of((), ())
