"""Letters to an address of one's own: stored, and followed until a carrier has them or does not take them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

from cli import screen
from cli.at_programme import AtProgramme
from cli.connections import Connections
from cli.exits import Exit
from cli.failures import fail
from cli.publishing import who
from libs.contacts.addresses import CheckedAddress, read_address
from libs.deliveries import own
from libs.deliveries.own import TESTED, OwnLetter, Spent, Stand
from libs.messages.content import ChannelName, Content
from libs.runtime.clock import monotonic

_LOOK, _PATIENCE = 0.3, 60.0
_MARK = "[Test] "


async def tried(
    at: AtProgramme,
    connections: Connections,
    message: str,
    channel: ChannelName,
    content: Content,
    to: str,
    *,
    once: bool = False,
) -> Stand:
    """Have words sent to an address, and return what became of it; ends the command when that is no address.

    With `once` the first answer is enough, also where it will be tried again.
    """
    as_json = connections.as_json
    if channel not in TESTED:
        fail(Exit.USAGE, f"only over {', '.join(TESTED)}", as_json=as_json)
    place = read_address(channel, to)
    if not isinstance(place, CheckedAddress):
        fail(Exit.USAGE, f"--to: expected {place.expected}", as_json=as_json)
    marked = replace(content, title=_MARK + content.title if content.title else "")
    letter = OwnLetter(
        uuid4(), at.programme.programme_id, "test", channel, message, place.value, at.programme.slug, marked
    )
    tenant_id = at.programme.tenant_id
    try:
        async with at.connection.transaction():
            await own.put(at.connection, tenant_id, connections.seal(), letter, letter.letter_id.bytes, who(), at.now)
    except Spent as spent:
        fail(Exit.FAILED, str(spent), as_json=as_json)
    until = monotonic() + _PATIENCE
    with screen.reporting() as news, news.step("Test") as step:
        while (stand := await own.load(at.connection, tenant_id, letter.letter_id)) is not None:
            if stand.ended_at is not None or (once and stand.reason is not None):
                step.done(stand.state)
                return stand
            if monotonic() > until:
                fail(Exit.TIMED_OUT, f"it waits still: {stand.reason or stand.state}", as_json=as_json)
            step.progress(stand.reason or stand.state)
            await asyncio.sleep(_LOOK)
    raise AssertionError("letters are kept")
