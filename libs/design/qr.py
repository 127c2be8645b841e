"""The picture of a code that is the same for everybody: in the media store, under the digest of its bytes. Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from libs.codes.pictures import picture


@lru_cache(maxsize=256)
def qr_picture(text: str) -> tuple[str, bytes]:
    """Return the QR picture of a text as PNG, and its name in the media store."""
    content = picture(text, "qr", "png")
    return sha256(content).hexdigest(), content
