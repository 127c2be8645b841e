"""Images of messages: what they are is told by their bytes, never by their names. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

MOST_BYTES = 2 * 1024 * 1024
"""How large one image may be: mail programs load it on a phone."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image, named by the SHA-256 of its bytes in lower-case hexadecimal."""

    digest: str
    media_type: str
    content: bytes = field(repr=False)


def image_of(content: bytes) -> Image | None:
    """Return bytes as the image that they are; None when they are none that every mail program shows."""
    media_type = _media_type(content)
    return None if media_type is None else Image(hashlib.sha256(content).hexdigest(), media_type, content)


def picture(content: bytes) -> Image:
    """Return a picture that the platform made itself."""
    found = image_of(content)
    assert found is not None
    return found


def _media_type(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None
