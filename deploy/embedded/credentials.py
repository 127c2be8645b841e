"""Generated passwords and keys of one data directory, kept in `<data>/secrets.json` (0600)."""

from __future__ import annotations

import json
import os
import secrets
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from deploy.embedded.process import write_private

_LOCK = threading.Lock()


class Credentials:
    """Named secrets, made on first asking and the same ever after."""

    def __init__(self, data: Path) -> None:
        self.path = data / "secrets.json"

    def known(self, name: str) -> str | None:
        """The secret of that name, or None when it was never asked for."""
        return self._read().get(name)

    def token(self, name: str) -> str:
        """A URL-safe secret of 192 bits."""
        return self.made(name, lambda: secrets.token_urlsafe(24))

    def key(self, name: str) -> str:
        """32 random bytes in base64, for encryption."""
        return self.made(name, lambda: b64encode(os.urandom(32)).decode())

    def made(self, name: str, make: Callable[[], str]) -> str:
        """A secret of a form of its own: what `make` gave on first asking."""
        with _LOCK:
            held = self._read()
            if name not in held:
                held[name] = make()
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_private(self.path, json.dumps(held, indent=1))
            return held[name]

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
