"""How long a till waits to hear what a code is worth, among millions of them."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from typing import Any

from libs.codes import postgres as codes
from libs.codes.keeping import CodeKeeper
from libs.codes.rules import PoolRules
from libs.contracts import codes as wire
from libs.contracts.codes import CodeAsk
from libs.contracts.redemption import door_token
from tests.bench.asking import Client
from tests.bench.population import SEED
from tests.bench.till import MADE_AT, QUERIES, SCOPE, TENANT, Till
from tests.support.stack import SEAL_KEY

_KNOWN = 5_000
_LOOKS = 2_000
_WARM_UP = 300
_POOL = "benchmark"
_PIECE = 1_000_000
_PATIENCE = 3_600.0


async def measure(till: Till, many: int) -> dict[str, Any]:
    """Fill a pool with so many codes, and ask about some of them, one after the other.

    Raises:
        RuntimeError: a code was not found.
    """
    texts = await _fill(till, many)
    client = Client(till.service.port, wire.PATH, door_token(base64.b64decode(SEAL_KEY)))
    till.stage.tell("looking some up")
    chance, took = random.Random(SEED), list[float]()
    for number in range(_WARM_UP + _LOOKS):
        text = chance.choice(texts)
        ask = CodeAsk("validate", TENANT.tenant_id, "till", programme_id=TENANT.programme_id, code=text)
        began = time.perf_counter()
        answer = wire.read_value_answer(await client.ask(wire.write(ask)))
        if number >= _WARM_UP:
            took.append(time.perf_counter() - began)
        if answer.refused is not None or b'"valid":true' not in bytes(answer.body):
            raise RuntimeError(f"{text} is none: {bytes(answer.body)!r}")
        await asyncio.sleep(0.002)
    client.close()
    took.sort()
    till.stage.tell(f"codes: p50 {took[len(took) // 2] * 1000:.1f} ms, p99 {took[len(took) * 99 // 100] * 1000:.1f} ms")
    return {
        "codes_count": many,
        "codes_p50_ms": round(took[len(took) // 2] * 1000, 2),
        "codes_p99_ms": round(took[len(took) * 99 // 100] * 1000, 2),
    }


async def _fill(till: Till, many: int) -> list[str]:
    """Make the pool; return the codes of it whose texts are known."""
    till.stage.tell(f"filling a pool with {many:,} codes")
    await codes.make_pool(till.connection, SCOPE, _POOL, "coupon", None, PoolRules(uses=None), MADE_AT)
    pool = await codes.load_pool(till.connection, SCOPE, _POOL)
    assert pool is not None
    for first in range(0, many, _PIECE):
        last = min(first + _PIECE, many)
        await till.connection.execute(
            QUERIES["fill_pool"], TENANT.tenant_id, MADE_AT, pool.pool_id, first, last, timeout=_PATIENCE
        )
    keeper = CodeKeeper.from_base64(SEAL_KEY)
    texts = [f"BENCH-{number:08}" for number in range(_KNOWN)]
    kept = [keeper.close(TENANT.tenant_id, text) for text in texts]
    ids, sealed = [each.code_id for each in kept], [each.sealed for each in kept]
    await till.connection.execute(QUERIES["known_codes"], TENANT.tenant_id, MADE_AT, pool.pool_id, many, ids, sealed)
    await till.connection.execute(QUERIES["vacuum_codes"], timeout=_PATIENCE)
    return texts
