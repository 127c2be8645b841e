"""Settings of those who carry messages for a company: one class a kind of provider. Pure.

Whoever writes another channel adds its class and its entry; the door, the command line and the notifier find it here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from libs.messages.content import WayName


class Settings(BaseModel):
    """Base of all: unknown keys are errors, and what was given is not told with an error, for it may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SmsSettings(Settings):
    """A provider that speaks like Twilio, and what it is told."""

    kind: Literal["twilio"] = "twilio"
    url: str = Field(default="https://api.twilio.com", pattern="^https?://", description="where it is")
    account: str = Field(pattern="^[A-Za-z0-9]{1,64}$", description="the account's id")
    token: SecretStr = Field(min_length=1, description="its secret: logs in, and signs what comes back")
    sender: str | None = Field(default=None, max_length=32, description="the number or name that members see")
    service: str | None = Field(default=None, max_length=64, description="a pool of senders instead")
    callback: str | None = Field(
        default=None, pattern="^https?://", description="where it tells what became of messages: ours, from outside"
    )
    most_segments: int = Field(default=6, ge=1, le=10, description="a longer text is refused")
    segments_a_day: int | None = Field(default=None, ge=0, description="no more than so many a day of UTC")

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if (self.sender is None) == (self.service is None):
            raise ValueError("either sender or service")
        return self


class PushSettings(Settings):
    """A service account of a Firebase project, as its key file has it."""

    kind: Literal["fcm"] = "fcm"
    project: str = Field(pattern="^[a-z0-9-]{1,64}$", description="the project's id")
    email: str = Field(max_length=256, description="the service account's address")
    private_key: SecretStr = Field(description="its private key as PEM")
    key_id: str | None = Field(default=None, max_length=128, description="the id of that key")
    token_url: str = Field(default="https://oauth2.googleapis.com/token", pattern="^https?://", description="its login")
    url: str = Field(default="https://fcm.googleapis.com", pattern="^https?://", description="where messages go")


class WebPushSettings(Settings):
    """The pair of keys by which browsers know us."""

    kind: Literal["vapid"] = "vapid"
    private_key: SecretStr = Field(description="the private key, P-256, as PEM")
    public_key: str = Field(max_length=1024, description="the public key as PEM")
    contact: str = Field(max_length=256, pattern="^[^@ ]+@[^@ ]+$", description="a mail address for push services")


Gap = Literal["to", "text", "title", "link", "language", "sender", "id", "life"]
GAPS: tuple[Gap, ...] = get_args(Gap)
GAP = re.compile(r"\{([a-z_]+)\}")
Meaning = Literal["handed", "dead", "blocked", "unfit", "busy", "failed", "credentials"]
PlaceText = Annotated[str, Field(pattern="^(/([^/~]|~[01])*)+$", max_length=200)]


class Answer(Settings):
    """What an answer means: one with this status (`4xx` for all of a hundred) and, if named, this value at a place."""

    status: str = Field(pattern="^[1-5]([0-9]{2}|xx)$", description="the status, or a hundred of them")
    at: PlaceText | None = Field(default=None, description="a JSON Pointer into the body")
    equals: JsonValue = Field(default=None, description="what stands there")
    means: Meaning = Field(description="what became of the message")


class HttpSettings(Settings):
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
        unknown = [name for text in texts for name in GAP.findall(text) if name not in GAPS]
        if unknown:
            raise ValueError(f"unknown gap {{{unknown[0]}}}; there are: {', '.join(GAPS)}")
        return self


def _texts(node: JsonValue) -> list[str]:
    if isinstance(node, str):
        return [node]
    inner: list[JsonValue] = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [text for each in inner for text in _texts(each)]


class FileSettings(Settings):
    """Where files lie."""

    kind: Literal["csv"] = "csv"
    directory: Path = Field(description="a directory of the notifier's; each company has one below it")


class Page(Settings):
    """A page of the company's, and what lets it be written on."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$", description="what posts call it")
    page: str = Field(pattern="^[0-9]{1,32}$", description="the page's id")
    token: SecretStr = Field(min_length=1, description="its access token, that of a page and of long life")
    language: str = Field(
        default="en", pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="what its readers speak"
    )


class FacebookSettings(Settings):
    """The pages of a company on a network that speaks the Graph API."""

    kind: Literal["facebook"] = "facebook"
    url: str = Field(default="https://graph.facebook.com", pattern="^https?://", description="where it is")
    version: str = Field(default="v23.0", pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$", description="of the API")
    app_secret: SecretStr | None = Field(default=None, description="proves with each request whose token it is")
    pages: tuple[Page, ...] = Field(min_length=1, max_length=20, description="the pages")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({each.name for each in self.pages}) < len(self.pages):
            raise ValueError("each page has a name of its own")
        return self


KINDS: Mapping[str, tuple[type[Settings], tuple[WayName, ...]]] = {
    "twilio": (SmsSettings, ("sms",)),
    "fcm": (PushSettings, ("push",)),
    "vapid": (WebPushSettings, ("web_push",)),
    "http": (HttpSettings, ("http", "sms", "push")),
    "csv": (FileSettings, ("file",)),
    "facebook": (FacebookSettings, ("social",)),
}
"""Each kind with its settings and the channels that it carries."""
CARRIED: tuple[WayName, ...] = tuple(dict.fromkeys(each for _, carries in KINDS.values() for each in carries))
"""The channels that take a provider."""


def read_settings(channel: str, document: Any) -> Settings:
    """Read the settings of a provider for a channel.

    Raises:
        ValueError: there is no such kind, it does not carry the channel, or its settings are wrong.
    """
    name = document.get("kind") if isinstance(document, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None or channel not in kind[1]:
        fitting = [each for each, (_, carries) in KINDS.items() if channel in carries]
        raise ValueError(f"`kind` of a provider for {channel} is one of: {', '.join(fitting) or 'none'}")
    return kind[0].model_validate(document)
