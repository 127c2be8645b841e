"""Any provider that takes a message by one HTTP request: the request is a template, and so is what answers mean.

Gaps are written `{text}` and filled after the template was taken apart, so that no text of a message can add a field, a
header or a part of the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from pydantic import JsonValue

from libs.contracts.pointers import NOTHING, Pointer
from libs.messages.content import WayName
from libs.messages.provider_settings import GAP, Answer, HttpSettings, Meaning
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Reason, Refused
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of

_REFUSED: Mapping[str, Reason] = {
    "dead": "address-unknown",
    "blocked": "address-refused",
    "unfit": "content-refused",
}
_POSTPONED: Mapping[str, Reason] = {
    "busy": "provider-busy",
    "failed": "provider-failed",
    "credentials": "credentials-refused",
}


class HttpChannel:
    """Hands messages over by a template."""

    def __init__(self, settings: HttpSettings, line: Line, name: WayName = "http") -> None:
        self.name: WayName = name
        self._settings = settings
        self._exchange = Exchange(line, safe=settings.knows_repeats)
        kind = "application/x-www-form-urlencoded" if settings.form is not None else "application/json"
        shown = {key: value.get_secret_value() for key, value in settings.headers.items()}
        self._headers = {"Content-Type": kind, **shown}

    async def open(self) -> None:
        """Be ready."""
        await self._exchange.open()

    async def close(self) -> None:
        """Give connections back."""
        await self._exchange.close()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over."""
        return await each_of(letters, self._send)

    async def _send(self, letter: Letter) -> Outcome:
        answer = await self._exchange.ask(self._request(letter))
        return _outcome(answer, self._settings) if isinstance(answer, Reply) else answer

    def _request(self, letter: Letter) -> Request:
        settings, told = self._settings, _told(letter)
        url = _filled(settings.url, {name: quote(text, safe="") for name, text in told.items()})
        if settings.form is not None:
            body = urlencode({name: _filled(text, told) for name, text in settings.form.items()}).encode()
        else:
            body = orjson.dumps(_filled_in(settings.json_body, told))
        return Request(settings.method, url, self._headers, body)


def _told(letter: Letter) -> dict[str, str]:
    content = letter.content
    return {
        "to": letter.address,
        "text": content.text,
        "title": content.title,
        "link": content.link or "",
        "language": content.language,
        "sender": letter.sender,
        "id": str(letter.message_id),
        "life": "" if letter.life is None else str(int(letter.life.total_seconds())),
    }


def _filled(text: str, told: Mapping[str, str]) -> str:
    return GAP.sub(lambda gap: told[gap[1]], text)


def _filled_in(node: JsonValue, told: Mapping[str, str]) -> JsonValue:
    if isinstance(node, str):
        return _filled(node, told)
    if isinstance(node, dict):
        return {name: _filled_in(each, told) for name, each in node.items()}
    return [_filled_in(each, told) for each in node] if isinstance(node, list) else node


def _outcome(reply: Reply, settings: HttpSettings) -> Outcome:
    document = reply.document()
    for each in settings.answers:
        if _fits(each, reply.status, document):
            return _meant(each.means, reply, document, settings)
    if 200 <= reply.status < 300:
        return _meant("handed", reply, document, settings)
    return common(reply) or Refused("content-refused", f"status {reply.status}")


def _fits(answer: Answer, status: int, document: Any) -> bool:
    if answer.status != str(status) and answer.status != f"{status // 100}xx":
        return False
    return answer.at is None or _at(document, answer.at) == answer.equals


def _meant(means: Meaning, reply: Reply, document: Any, settings: HttpSettings) -> Outcome:
    detail = f"status {reply.status}"
    if means == "handed":
        found = None if settings.message_id is None else _at(document, settings.message_id)
        return Handed(str(found) if isinstance(found, str | int) else "")
    if means in _REFUSED:
        return Refused(_REFUSED[means], detail, address_dead=means == "dead")
    return Postponed(_POSTPONED[means], detail, reply.after(), provider_wide=True)


def _at(document: Any, pointer: str) -> Any:
    """What stands at a place; None where nothing does."""
    found = Pointer.of(pointer).find(document)
    return None if found is NOTHING else found
