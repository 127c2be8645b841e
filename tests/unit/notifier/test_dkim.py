"""Signed mails, judged by a reader written from RFC 6376, which the example of RFC 8463 judges in its turn."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from libs.messages.content import Content
from services.notifier.channels.channel import Letter
from services.notifier.channels.dkim import Signer, relaxed_body
from services.notifier.channels.mail_bytes import Sender, mail

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
RSA = generate_private_key(65537, 2048)
ED = Ed25519PrivateKey.generate()
SAID = (
    ("", "", None),
    ("Your  points", "Hello \n\n\n", None),
    ("Šťastná Anna " * 12, "  two  spaces\t\n.\n\n", "<p>" + "x " * 400 + "</p>\n\n \n"),
)

RFC_8463 = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
RFC_KEY = b64decode("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")


def check(mail: bytes, key: Ed25519PublicKey | RSAPublicKey) -> list[str]:
    """Check the first signature of a mail and return the headers that it covers.

    Raises:
        InvalidSignature: it does not fit.
        ValueError: the body is another.
    """
    head, _, body = mail.partition(b"\r\n\r\n")
    lines = re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
    signature = lines[0].partition(b":")[2]
    tags = dict(re.findall(rb"\s*([a-z]+)\s*=\s*([^;]*)", signature))
    stripped = re.sub(rb"[ \t]+\r\n", b"\r\n", re.sub(rb"[ \t]+", b" ", body))
    bare = re.sub(rb"(\r\n)*\Z", b"", stripped)
    canonical = bare + b"\r\n" if bare else b""
    if b64decode(re.sub(rb"\s", b"", tags[b"bh"])) != sha256(canonical).digest():
        raise ValueError("the body was changed")
    rest = lines[1:]
    said = b""
    names = [name.strip().lower() for name in tags[b"h"].split(b":")]
    for name in names:  # the last of a name first; one that is signed and not there counts as nothing
        at = next((n for n in reversed(range(len(rest))) if rest[n].partition(b":")[0].strip().lower() == name), None)
        if at is not None:
            said += name + b":" + _relaxed(rest.pop(at).partition(b":")[2]) + b"\r\n"
    said += b"dkim-signature:" + _relaxed(re.sub(rb"(;\s*b=)[^;]*", rb"\1", signature))
    given_ = b64decode(re.sub(rb"\s", b"", tags[b"b"]))
    if isinstance(key, Ed25519PublicKey):
        key.verify(given_, sha256(said).digest())
    else:
        key.verify(given_, said, PKCS1v15(), hashes.SHA256())
    return [name.decode() for name in names]


def _relaxed(value: bytes) -> bytes:
    return re.sub(rb"[ \t]+", b" ", value).strip()


def pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_the_reader_takes_the_example_of_the_standard() -> None:
    key = Ed25519PublicKey.from_public_bytes(RFC_KEY)
    assert check(RFC_8463, key)[:2] == ["from", "to"]
    with pytest.raises(ValueError, match="changed"):
        check(RFC_8463.replace(b"lost", b"won"), key)
    with pytest.raises(InvalidSignature):
        check(RFC_8463.replace(b"dinner", b"lunch"), key)


@pytest.mark.parametrize("key", [RSA, ED], ids=["rsa", "ed25519"])
def test_a_signed_mail_is_whole(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    signer, public = Signer.from_pem("shop.example", "s1", pem(key)), key.public_key()
    sender = Sender("club@shop.example", "shop.example", "help@shop.example")
    for title, text, html in SAID:
        letter = Letter(UUID(int=1), "anna@example.com", Content("en", title, text, html), "Club", "https://x.test/u")
        raw = mail(letter, sender, NOW)
        signed = signer.signed(raw, NOW)
        covered = check(signed, public)
        assert signed.endswith(raw)
        assert {"list-unsubscribe", "list-unsubscribe-post", "subject", "to"} <= set(covered)
        assert covered.count("from") == 2
        with pytest.raises(InvalidSignature):
            check(signed.replace(b"\r\nFrom:", b"\r\nFrom: Eve <eve@evil.example>\r\nFrom:", 1), public)


def test_empty_lines_at_the_end_do_not_count() -> None:
    assert relaxed_body(b"a  b \t\r\n\r\n\r\n") == b"a b\r\n"
    assert relaxed_body(b"\r\n\r\n") == b""


def test_what_is_no_key_is_refused() -> None:
    for wrong in (b"x", pem(ED).replace(b"PRIVATE", b"OTHER")):
        with pytest.raises(ValueError, match=r".*"):
            Signer.from_pem("shop.example", "s1", wrong)
