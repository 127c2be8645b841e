"""How a worker uses memory: batches make many short-lived values, all of which go together when the batch is done."""

from __future__ import annotations

import ctypes
import gc
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD = -1, -2
_MIB = 1024 * 1024


def settle_in() -> None:
    """Set the process up for batches; call it once everything is imported and built, and `collect` now and then.

    The collector of cycles would go over every value of a batch several times, a tenth of the batch's cost, and find
    nothing: values of a batch go by their reference counts. And glibc gives the top of the heap back to the system
    after each batch only to ask for it again.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        library = ctypes.CDLL(None)
        library.mallopt(_M_TRIM_THRESHOLD, 64 * _MIB)
        library.mallopt(_M_TOP_PAD, 16 * _MIB)


def keep_for_good() -> None:
    """Take what is there now out of the collector's sight; call it once everything is imported and built.

    For processes that answer requests: a full collection looks at every value, and would hold all requests up for as
    long as it takes to look at what never goes.
    """
    gc.collect()
    gc.freeze()


def collect() -> None:
    """Look for cycles after all, among what is not old: errors and connections leave some behind."""
    gc.collect(1)
