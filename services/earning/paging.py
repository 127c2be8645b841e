"""The pages that a batch writes its decisions on."""

from __future__ import annotations

from libs.promotions.pages import PAGE_RECEIPTS


class Paging:
    """Hands out the pages of a batch: each holds decisions of one tenant, at most `PAGE_RECEIPTS`."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, int]] = {}
        self._next = 0

    def page_for(self, tenant_id: int) -> int:
        """Return the number, within the batch, of the page that the tenant's next decision goes to."""
        page, count = self._open.get(tenant_id, (0, PAGE_RECEIPTS))
        if count == PAGE_RECEIPTS:
            page, count = self._next, 0
            self._next += 1
        self._open[tenant_id] = (page, count + 1)
        return page
