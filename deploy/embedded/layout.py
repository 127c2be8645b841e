"""Which port belongs to whom."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.embedded import ports
from deploy.embedded.state import SERVICES

DEFAULTS: Mapping[str, int] = {
    "gateway": 8080,
    "earning": 8081,
    "redemption": 8082,
    "expiry": 8083,
    "notifier": 8084,
    "kafka": 19092,
    "postgres": 15432,
}
"""What a first start takes when it is free."""


class PortTaken(RuntimeError):
    """A port that was asked for by number is taken; the message says what to do."""


def choose(
    wanted: Mapping[str, int], remembered: Mapping[str, int], names: tuple[str, ...]
) -> tuple[dict[str, int], list[str]]:
    """Choose a port for each of `names`: the one wanted, else the one of last time, else its usual one, else any.

    Returns the ports, and what there is to tell about ports that had to change.

    Raises:
        PortTaken: somebody else listens on a wanted one.
    """
    chosen: dict[str, int] = {}
    notes: list[str] = []
    spare = iter(ports.free_ports(len(names)))
    for name in names:
        if name in wanted:
            if not ports.is_free(wanted[name]):
                raise PortTaken(
                    f"port {wanted[name]} for {name} is taken; name another with --port {name}=NUMBER, "
                    "or leave the option out and any free one is chosen"
                )
            chosen[name] = wanted[name]
            continue
        usual = remembered.get(name, DEFAULTS[name])
        if ports.is_free(usual) and usual not in chosen.values():
            chosen[name] = usual
        else:
            chosen[name] = next(spare)
            notes.append(f"port {usual} is taken: {name} listens on {chosen[name]}")
    return chosen, notes


NAMES = ("kafka", "postgres", *SERVICES)
"""Everybody who has a port."""
