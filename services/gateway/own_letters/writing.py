"""A letter of the gateway's own to an address, in the words of a programme's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from libs.contacts.addresses import AddressedChannel, CheckedAddress
from libs.deliveries.own import OwnLetter
from libs.judging.versions import RunningProgramme
from libs.messages.rendering import render
from services.gateway.templates.desk import Asked, TemplateDesk

Message = Literal["invitation", "confirmation"]
CHANNEL: AddressedChannel = "email"


async def written(
    templates: TemplateDesk,
    running: RunningProgramme,
    message: Message,
    letter_id: UUID,
    address: CheckedAddress,
    language: str,
    told: Mapping[str, object],
) -> OwnLetter:
    """Write to a mail address; `told` is what the message tells beside whose it is. Nothing in it tells who reads it.

    Raises:
        ProblemError: the template is broken.
    """
    name = running.name or running.programme
    ready = await templates.ready(running.key, running.programme, Asked(message, language, CHANNEL))
    known: Mapping[str, object] = {"programme": name, "brand": name, "segments": (), **told}
    content = render(ready, {each: known.get(each) for each in ready.declared})
    return OwnLetter(letter_id, running.programme_id, message, CHANNEL, message, address.value, name, content)
