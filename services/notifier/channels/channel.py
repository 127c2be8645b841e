"""What every channel does: hands messages over to whoever carries them, and says what became of each.

A channel decides nothing about members and keeps nothing: consent, hours, caps, retries and breakers lie before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol
from uuid import UUID

from libs.messages.content import Content, WayName

Reason = Literal[
    "address-unknown",  # nobody there: the address is dead
    "address-refused",  # the provider will not send there: opted out, blocked
    "content-refused",  # too long, or the provider does not like it
    "credentials-refused",
    "provider-failed",
    "provider-busy",
    "provider-away",  # no connection, or none in time
    "no-answer",  # sent, and the answer never came
]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be handed over.

    `message_id` is the same at every attempt: it is the provider's key against repeats where there is one, and a mail's
    Message-ID. `sender` names who writes (the brand). `unsubscribe` is the address for one click; None for a message
    that can't be refused. `life` is how long it is of use: nobody delivers it after that. `data` goes along where the
    channel carries structure (push, webhook). `tenant_id` is whose member it is, where providers are those of a tenant.
    """

    message_id: UUID
    address: str = field(repr=False)
    content: Content = field(repr=False)
    sender: str
    unsubscribe: str | None = field(default=None, repr=False)
    life: timedelta | None = None
    data: tuple[tuple[str, str], ...] = ()
    tenant_id: int = 0


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider has it; `provider_id` is what the provider calls it, empty where it has no name for it."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken. A dead address is given up. `detail` is the provider's code, no personal data."""

    reason: Reason
    detail: str = ""
    address_dead: bool = False


@dataclass(frozen=True, slots=True)
class Postponed:
    """Passing trouble: to be tried again, after `after` where the provider said so.

    `provider_wide` is trouble of the provider and not of this message: the breaker counts it.
    """

    reason: Reason
    detail: str = ""
    after: timedelta | None = None
    provider_wide: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may have been taken: the connection broke after it was sent and before the answer came.

    `safe` says whether sending it again under the same id can't reach the member twice.
    """

    safe: bool
    detail: str = ""


Outcome = Handed | Refused | Postponed | Unanswered


class Channel(Protocol):
    """A way out. One instance is shared by all senders of a process, and `send` may run many times at once."""

    @property
    def name(self) -> WayName:
        """What it is called."""

    async def open(self) -> None:
        """Make connections, as far as there is something to be made before the first message.

        Raises:
            OSError: the provider can't be reached.
        """

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over and return what became of each, in their order. Trouble of a provider is an outcome."""

    async def close(self) -> None:
        """Give connections back."""
