"""What tests of codes and gift cards share."""

from __future__ import annotations

from tests.integration.codes.desks import desks

__all__ = ["desks"]
