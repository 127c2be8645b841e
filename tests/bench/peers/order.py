"""What a peer is told when it is started: one JSON object as its only argument."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PeerOrder:
    """Read `topic` in `group`, write what became of each record to `told`, keep state below `folder`.

    `documents` are the programmes by tenant. `session_seconds` is how long it may be frozen and keep its partitions.
    `number` tells the processes of one peer apart.
    """

    bootstrap: str
    topic: str
    told: str
    group: str
    folder: str
    number: int
    session_seconds: int
    documents: dict[str, dict[str, Any]]


def read_order() -> PeerOrder:
    """Read it from the command line, and leave nothing there for others to read."""
    order = PeerOrder(**json.loads(sys.argv[1]))
    sys.argv[1:] = []
    return order
