"""Providers of push messages on loopback: FCM with its login, and a browser that decrypts what it is sent."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.receivers import Answer, says_json

EMAIL = "push@demo.iam.gserviceaccount.com"


@dataclass
class Firebase:
    """FCM: gives tokens to whoever signs with the key, and answers messages as a test says."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    tokens: int = 0
    lasts: int = 3600

    def pem(self) -> str:
        """The key as the file of a service account has it."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def answering(self, answer: Answer) -> Answer:
        """Log in, or answer a message."""

        async def both(request: web.Request, body: bytes) -> web.StreamResponse:
            if request.path != "/token":
                assert request.headers["Authorization"] == f"Bearer token-{self.tokens}"
                return await answer(request, body)
            form = parse_qs(body.decode())
            told = jwt.decode(
                form["assertion"][0], self.key.public_key(), ["RS256"], audience=str(request.url), leeway=7200
            )
            assert told["iss"] == EMAIL
            self.tokens += 1
            granted = json.dumps({"access_token": f"token-{self.tokens}", "expires_in": self.lasts})
            return await says_json(200, granted)(request, body)

        return both


def fcm_error(status: int, name: str, code: str | None = None, field_name: str | None = None) -> Answer:
    """An error as FCM words it."""
    details: list[dict[str, object]] = []
    if code is not None:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if field_name is not None:
        violations = [{"field": field_name, "description": "Invalid"}]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    return says_json(status, json.dumps({"error": {"code": status, "status": name, "details": details}}))


class Browser:
    """A subscription, and the other side of RFC 8291, written from the RFC alone."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"0123456789abcdef"

    def subscription(self, endpoint: str) -> str:
        """What it tells the shop."""
        keys = {"p256dh": _text(self._public()), "auth": _text(self.auth)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def decrypt(self, body: bytes) -> bytes:
        """Read a record of RFC 8188 that is encrypted for this browser."""
        salt, (size, length) = body[:16], struct.unpack("!LB", body[16:21])
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\x00" + self._public() + theirs
        secret = _derive(shared, self.auth, info, 32)
        key = _derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert plain.endswith(b"\x02"), "the last record ends so"
        return plain[:-1]

    def _public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def verify_vapid(header: str, audience: str, public: ec.EllipticCurvePublicKey) -> dict[str, object]:
    """Read `Authorization: vapid t=…, k=…`, and return what was signed."""
    scheme, _, rest = header.partition(" ")
    parts = dict(each.strip().split("=", 1) for each in rest.split(","))
    assert scheme == "vapid"
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert parts["k"] == _text(point)
    told: dict[str, object] = jwt.decode(parts["t"], public, ["ES256"], audience=audience)
    return told


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
