"""How long it takes from the moment a receipt should be produced until a consumer has its credit.

Open loop: receipts are due at fixed times and the clock runs from there, so a stall counts for every receipt that it
delays, also for those that could only be sent afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.bench.drain import POINTS, Sent, Watch, produce
from tests.bench.listen import Listening
from tests.bench.mixes import Mix
from tests.bench.stage import Stage

_AHEAD = 1.5  # seconds in which the producer makes its receipts
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the intended time of produce to the credit in a consumer's hands; `late_ms` is the most by
    which the producer itself was late."""

    rate: float
    seconds: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    late_ms: float


async def latency(stage: Stage, sent: Sent, rate: float, seconds: float, mix: Mix = "plain") -> Latency:
    """Send records of a mix at a fixed rate for so long, and watch the credits of its purchases arrive.

    Raises:
        RuntimeError: credits were missing long after the end.
    """
    count = int(rate * seconds)
    question = Listening(stage.kafka.bootstrap, POINTS, sent.records, count, _AHEAD + seconds + _PATIENCE, mix)
    if await stage.listener.ask(asdict(question)) != "ready":
        raise RuntimeError("the listener is not ready")
    start = time.monotonic() + _AHEAD
    produced = await produce(stage, sent, count, rate=rate, start=start, mix=mix)
    heard: list[float | None] = await stage.listener.hear()
    took = sorted(at - (start + number / rate) for number, at in enumerate(heard) if at is not None)
    if len(took) < produced.purchases:
        raise RuntimeError(f"{produced.purchases - len(took)} of {produced.purchases} credits did not come")
    async with Watch.over(stage, sent) as watch:
        await watch.finished()
        await watch.settled()
    return Latency(rate, seconds, _ms_of(took, 0.5), _ms_of(took, 0.99), took[-1] * 1000, produced.late * 1000)


def _ms_of(took: Sequence[float], share: float) -> float:
    """The milliseconds within which that share of the sorted seconds lies."""
    return took[min(len(took) - 1, int(len(took) * share))] * 1000
