"""Sessions of people at the pages: a signed cookie that names an API key and the session, and nothing else.

The key itself is not kept, in the browser or here. The ring looks its id up with every request, so a key that is
revoked ends its sessions too; who signed out is looked up in `ended`. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

IDLE = timedelta(hours=1)
"""How long a session lives that nobody uses."""
LONGEST = timedelta(hours=12)
"""How long a session lives at most; then the key is asked for again."""

_MAC = 32
ID_BYTES = 16
"""How long the id of a session is: by chance no two are the same."""


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whose a session is, when it began, and when it ends unless it is used; instants in whole seconds of Unix time.

    All texts of a session, however often it was renewed, have its `session_id`.
    """

    key_id: str
    began: int
    ends: int
    session_id: bytes

    @property
    def last(self) -> datetime:
        """When no text of the session counts any more, however it is used."""
        return datetime.fromtimestamp(self.began, UTC) + LONGEST


_decode = msgspec.msgpack.Decoder(Session).decode


@dataclass(frozen=True, slots=True)
class Sessions:
    """Writes and reads sessions with a key that all gateways share."""

    key: bytes = field(repr=False)

    @classmethod
    def from_seal_key(cls, seal_key: bytes) -> Sessions:
        """Derive the key of sessions from the platform's."""
        return cls(hmac.new(seal_key, b"gateway sessions with ids", sha256).digest())

    def begin(self, key_id: str, session_id: bytes, now: datetime) -> str:
        """Return the text of a new session; its id is `ID_BYTES` long and drawn by chance."""
        return self._write(Session(key_id, _seconds(now), _seconds(now + IDLE), session_id))

    def read(self, text: str, now: datetime) -> Session | None:
        """Return the session of a text; None when it was changed, or is over."""
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        mac, body = raw[:_MAC], raw[_MAC:]
        # The last letter has bits that mean nothing: one text alone is the session.
        if text != _text(raw) or not hmac.compare_digest(mac, self._mac(body)):
            return None
        session = _decode(body)
        return session if session.began <= _seconds(now) < session.ends else None

    def renewed(self, session: Session, now: datetime) -> str | None:
        """Return the text of a session that is used on, once half of its idle time is over; else None."""
        ends = min(_seconds(now + IDLE), session.began + int(LONGEST.total_seconds()))
        if ends - session.ends < IDLE.total_seconds() / 2:
            return None
        return self._write(Session(session.key_id, session.began, ends, session.session_id))

    def _write(self, session: Session) -> str:
        body = msgspec.msgpack.encode(session)
        return _text(self._mac(body) + body)

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, body, sha256).digest()


def lifetime(now: datetime, ends: int) -> int:
    """Seconds until a session ends."""
    return max(0, ends - _seconds(now))


def _seconds(instant: datetime) -> int:
    return int(instant.astimezone(UTC).timestamp())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
