"""What can stand in the way of a platform, apart from who tells it: a command knows it without importing all that."""

from __future__ import annotations


class BackingUnavailable(RuntimeError):
    """PostgreSQL or Kafka can't be had; the message names it and the reason."""


class ServiceUnavailable(RuntimeError):
    """A service did not become ready; the message carries the end of its log."""


class ReceiptsMissing(RuntimeError):
    """The receipts are not installed; the message says how to get them."""


class NothingMoves(RuntimeError):
    """Earning does not take what was published; the message says what is known."""
