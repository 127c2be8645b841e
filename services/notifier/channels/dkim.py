"""A mail signed as its domain's (DKIM, RFC 6376), for whoever hands mails to a relay that does not sign. Pure.

Both canonicalizations are `relaxed`, which survives what relays do to white space. The kind of the key says how: RSA,
which every receiver checks, or Ed25519 (RFC 8463), which costs a tenth and is not known everywhere.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type", "content-language",
    "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
"""Headers that are signed where a mail has them; one click is believed only if its two are (RFC 8058)."""

_FOLD = re.compile(r"\r\n(?=[ \t])")
_LEAST_BITS = 1024


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs mails for a domain; the public key lies in its DNS below `selector`."""

    domain: str
    selector: str
    algorithm: str
    _sign: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def from_pem(cls, domain: str, selector: str, pem: bytes) -> Signer:
        """Read a private key, PEM.

        Raises:
            ValueError: it is none, or none that mails are signed with.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError as error:
            raise ValueError("the key of DKIM must lie open, not under a password") from error
        if isinstance(key, Ed25519PrivateKey):
            own = key
            return cls(domain, selector, "ed25519-sha256", lambda said: own.sign(sha256(said).digest()))
        if isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_BITS:
            rsa = key
            return cls(domain, selector, "rsa-sha256", lambda said: rsa.sign(said, PKCS1v15(), hashes.SHA256()))
        raise ValueError("mails are signed with RSA of 1024 bits or more, or with Ed25519")

    def signed(self, mail: bytes, at: datetime) -> bytes:
        """Return a mail with its signature before it. Its lines end with CRLF."""
        head, _, body = mail.partition(b"\r\n\r\n")
        headers = dict(_fields(head.decode("ascii")))
        names = [name for name in SIGNED if name in headers]
        tags = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed; d={self.domain}; s={self.selector};\r\n"
            f" t={int(at.timestamp())}; h={':'.join([*names, 'from'])};\r\n"  # `from` twice: nobody adds another
            f" bh={_text(sha256(relaxed_body(body)).digest())};\r\n b="
        )
        said = "".join([f"{name}:{headers[name]}\r\n" for name in names]) + f"dkim-signature:{relaxed(tags)}"
        signature = _folded(_text(self._sign(said.encode())))
        return f"DKIM-Signature: {tags}{signature}\r\n".encode() + mail


def relaxed(value: str) -> str:
    """The value of a header on one line, with single spaces (RFC 6376, 3.4.2)."""
    return re.sub(r"[ \t]+", " ", _FOLD.sub("", value)).strip(" ")


def relaxed_body(body: bytes) -> bytes:
    """A body with single spaces and none at the ends of lines, without empty lines at its end (RFC 6376, 3.4.4)."""
    bare = body.replace(b"\t", b" ")
    while b"  " in bare:  # a fiftieth of what a pattern costs
        bare = bare.replace(b"  ", b" ")
    kept = bare.replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return kept + b"\r\n" if kept else b""


def _fields(head: str) -> list[tuple[str, str]]:
    found = [line.partition(":") for line in _FOLD.sub("", head).split("\r\n")]
    return [(name.strip().lower(), relaxed(value)) for name, _, value in found]


def _folded(text: str) -> str:
    return "\r\n ".join([text[at : at + 72] for at in range(0, len(text), 72)])


def _text(value: bytes) -> str:
    return b64encode(value).decode()
