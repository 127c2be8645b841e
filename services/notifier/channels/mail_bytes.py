"""A mail as bytes, written so cheaply that a million of them can be, and so that no text becomes a header. Pure.

The standard library's `EmailMessage` costs ten times as much. What is personal or was typed by somebody goes into a
header only through `header_text`, which leaves no control character in it. HTML goes as it is where its lines are short
enough, with letters beyond ASCII as character references; all else as quoted-printable, which costs ten times as much.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from services.notifier.channels.channel import Letter

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\U0010ffff<>,;:\\\"()\[\]@]{1,64}@[A-Za-z0-9.-]{1,255}")
_URL = re.compile(r"https?://[!-;=?-~]{1,1900}")
_LONGEST = 900  # bytes in a line, which may have 998 (RFC 5322)
_WORD = 45  # bytes in an encoded word, which may have 75 characters


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mails they are: the address in From, the domain of Message-IDs, and where answers go, if elsewhere."""

    address: str
    domain: str
    reply_to: str | None = None


def fit_address(address: str) -> bool:
    """Whether an address can stand in an envelope and a header as it is."""
    return _ADDRESS.fullmatch(address) is not None


def header_text(text: str) -> str:
    """Return a text as the value of a header: on one line, in ASCII, as RFC 2047 has it where it must."""
    line = _CONTROLS.sub(" ", text).strip()
    if line.isascii() and "=?" not in line:
        return line
    words, word = [], bytearray()
    for letter in line:
        coded = letter.encode("utf-8", "replace")
        if len(word) + len(coded) > _WORD:
            words.append(bytes(word))
            word = bytearray()
        word += coded
    words.append(bytes(word))
    return "\r\n ".join([f"=?utf-8?b?{b64encode(each).decode()}?=" for each in words])


def phrase(text: str) -> str:
    """Return a name as it stands before an address."""
    written = header_text(text)
    if written.startswith("=?"):
        return written
    quoted = written.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def mail(letter: Letter, sender: Sender, now: datetime) -> bytes:
    """Return a letter as a mail, lines ended by CRLF: text alone, or text and HTML.

    Raises:
        ValueError: its address or its link can't stand in a header; `fit_address` tells before.
    """
    if not fit_address(letter.address):
        raise ValueError("no mail address")
    content = letter.content
    own = letter.message_id.hex
    headers = [
        f"From: {phrase(letter.sender)} <{sender.address}>",
        f"To: <{letter.address}>",
        f"Subject: {header_text(content.title)}",
        f"Date: {_date(now.replace(microsecond=0))}",
        f"Message-ID: <{letter.message_id}@{sender.domain}>",
        f"Content-Language: {content.language}",
        "MIME-Version: 1.0",
    ]
    if sender.reply_to is not None:
        headers.append(f"Reply-To: <{sender.reply_to}>")
    if letter.unsubscribe is not None:
        if not _URL.fullmatch(letter.unsubscribe):
            raise ValueError("no link that a header can have")
        headers.append(f"List-Unsubscribe: <{letter.unsubscribe}>")
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    boundary = f"=_{own}".encode()
    text = _part("plain", content.text, boundary)
    if content.html is None:
        return "\r\n".join(headers).encode("ascii") + b"\r\n" + text
    kind = f'Content-Type: multipart/alternative; boundary="=_{own}"'
    head = "\r\n".join([*headers, kind, "", ""]).encode("ascii")
    parts = (b"--", boundary, b"\r\n", text, b"\r\n--", boundary, b"\r\n", _part("html", content.html, boundary))
    return head + b"".join(parts) + b"\r\n--" + boundary + b"--\r\n"


@lru_cache(maxsize=4)
def _date(now: datetime) -> str:
    return format_datetime(now)


def _part(kind: str, text: str, boundary: bytes) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    plain = _ascii(lines) if kind == "html" else lines.encode("ascii") if lines.isascii() else None
    if plain is not None and b"\x00" not in plain and boundary not in plain and _is_short(plain):
        return _head(kind, "7bit") + plain.replace(b"\n", b"\r\n") + b"\r\n"
    body = b2a_qp(lines.encode("utf-8", "replace"), istext=True).replace(b"\n", b"\r\n")
    return _head(kind, "quoted-printable") + body + b"\r\n"


def _is_short(text: bytes) -> bool:
    return max(map(len, text.split(b"\n"))) <= _LONGEST


def _ascii(html: str) -> bytes | None:
    """HTML in ASCII; None where that can't be: in style sheets a character reference is none."""
    if not html.isascii() and not all(each.partition("</style>")[0].isascii() for each in html.split("<style")[1:]):
        return None
    return html.encode("ascii", "xmlcharrefreplace")


def _head(kind: str, encoding: str) -> bytes:
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
