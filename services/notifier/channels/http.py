"""Any provider that takes a message by one HTTP request: the request is a template, and so is what answers mean.

Gaps are written `{text}` and filled after the template was taken apart, so that no text of a message can add a field, a
header or a part of the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import quote, urlencode

import orjson
from pydantic import AfterValidator, Field, JsonValue, SecretStr, model_validator

from libs.contracts.pointers import NOTHING, Pointer
from libs.messages.content import ChannelName
from libs.runtime.settings import Part
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Reason, Refused
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of

Gap = Literal["to", "text", "title", "link", "language", "sender", "id", "life"]
GAPS: tuple[Gap, ...] = get_args(Gap)
_GAP = re.compile(r"\{([a-z_]+)\}")
Meaning = Literal["handed", "dead", "blocked", "unfit", "busy", "failed", "credentials"]
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
PlaceText = Annotated[str, Field(max_length=200), AfterValidator(lambda text: Pointer.of(text).text)]


class Answer(Part):
    """What an answer means: one with this status (`4xx` for all of a hundred) and, if named, this value at a place."""

    status: str = Field(pattern="^[1-5]([0-9]{2}|xx)$", description="the status, or a hundred of them")
    at: PlaceText | None = Field(default=None, description="a JSON Pointer into the body")
    equals: JsonValue = Field(default=None, description="what stands there")
    means: Meaning = Field(description="what became of the message")


class HttpSettings(Part):
    """A request with gaps, and how its answer is read."""

    kind: Literal["http"] = "http"
    url: str = Field(pattern="^https?://", max_length=2048, description="where to; gaps are filled as parts of a path")
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,64}$")], SecretStr] = Field(
        default={}, description="headers; credentials stand here"
    )
    json_body: JsonValue = Field(default=None, description="the body as JSON with gaps in its texts")
    form: dict[str, str] | None = Field(default=None, description="the body as a form with gaps in its values")
    message_id: PlaceText | None = Field(default=None, description="where in the answer the provider's id stands")
    answers: tuple[Answer, ...] = Field(default=(), description="looked through in order; the first that fits counts")
    knows_repeats: bool = Field(default=False, description="whether the provider drops a message whose id comes again")

    @model_validator(mode="after")
    def _known_gaps(self) -> Self:
        if (self.json_body is None) == (self.form is None):
            raise ValueError("either json_body or form")
        texts = [self.url, *_texts(self.json_body), *(self.form or {}).values()]
        unknown = [name for text in texts for name in _GAP.findall(text) if name not in GAPS]
        if unknown:
            raise ValueError(f"unknown gap {{{unknown[0]}}}; there are: {', '.join(GAPS)}")
        return self


class HttpChannel:
    """Hands messages over by a template."""

    def __init__(self, settings: HttpSettings, line: Line, name: ChannelName = "http") -> None:
        self.name: ChannelName = name
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
    return _GAP.sub(lambda gap: told[gap[1]], text)


def _filled_in(node: JsonValue, told: Mapping[str, str]) -> JsonValue:
    if isinstance(node, str):
        return _filled(node, told)
    if isinstance(node, dict):
        return {name: _filled_in(each, told) for name, each in node.items()}
    return [_filled_in(each, told) for each in node] if isinstance(node, list) else node


def _texts(node: JsonValue) -> list[str]:
    if isinstance(node, str):
        return [node]
    inner: list[JsonValue] = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [text for each in inner for text in _texts(each)]


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
