"""What a browser may do with the page of a backtest: nothing but its own style, which is known by its hash."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from libs.backtest.report import STYLE

_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
REPORT_POLICY: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    }
)
"""In the place of the door's own policy."""
