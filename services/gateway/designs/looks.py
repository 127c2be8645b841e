"""The styles in force for pages that members see, remembered for a few seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from fastapi.responses import Response

from libs.design import sheet
from libs.design.style import Brands, Look, look_for
from libs.judging.versions import RunningProgramme
from libs.runtime.clock import monotonic
from services.gateway.designs.store import DesignStore
from services.gateway.door.access import parts_of
from services.gateway.door.problems import ProblemError
from services.gateway.site.dress import PLAIN, Dress, dress

router = APIRouter(include_in_schema=False)
FRESH = 2.0
"""Seconds for which a programme's styles are not looked for again."""
_MOST = 500
_KEPT = {"Cache-Control": "public, max-age=86400"}


@dataclass(slots=True)
class BrandLooks:
    """Knows the styles of the programmes whose pages were looked at last."""

    store: DesignStore
    _kept: OrderedDict[tuple[int, int], tuple[float, Brands]] = field(default_factory=OrderedDict)

    async def brands(self, scope: tuple[int, int]) -> Brands:
        """Return the styles of a programme, a few seconds old at most."""
        now = monotonic()
        kept = self._kept.get(scope)
        if kept is not None and now - kept[0] < FRESH:
            return kept[1]
        found = await self.store.brands(scope)
        self._kept[scope] = (now, found)
        self._kept.move_to_end(scope)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found


@router.get(sheet.PATH)
async def look_css(request: Request) -> Response:
    """Serve the sheet of a look, which its address says."""
    look = sheet.look_at(request.query_params)
    if look is None:
        raise ProblemError("not-found")
    return Response(sheet.sheet(look), media_type="text/css", headers=_KEPT)


async def look_of(request: Request, running: RunningProgramme, promotion: str = "", brand: str = "") -> Look:
    """Return how a page of a programme looks; without a name of a brand, by that of its messages."""
    looks: BrandLooks = request.app.state.brand_looks
    return look_for(await looks.brands(running.key), brand or brand_of(request, running), promotion)


async def dress_of(request: Request, scope: tuple[int, int], language: str) -> Dress:
    """Return what a page of a programme wears."""
    running = (await parts_of(request).programmes.of(scope[0])).by_key().get(scope)
    if running is None:
        return PLAIN
    return dress(await look_of(request, running), brand_of(request, running), language)


def brand_of(request: Request, running: RunningProgramme) -> str:
    """Under whose name a programme writes to its members."""
    version = running.at(parts_of(request).clock.now())
    own = None if version is None else version.compiled.source.messages.brand
    return own or running.name or running.programme
