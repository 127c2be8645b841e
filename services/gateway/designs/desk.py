"""What is done with designs, for the API and the console alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request

from libs.design import landing, style_forms
from libs.design.faults import DesignInvalid
from libs.design.qr import qr_picture
from libs.design.versions import DraftChanged, DraftKind, Kind, NothingBefore, Version
from libs.runtime.clock import Clock
from libs.templates.images import MOST_BYTES, Image, image_of, picture
from services.gateway.designs.store import DesignStore
from services.gateway.door.problems import FieldError, ProblemError

_MOST_FAULTS = 100
LONGEST_BRAND = 64
MOST_DRAFT = 300_000


@dataclass(frozen=True, slots=True)
class DesignDesk:
    """Serves whoever designs."""

    store: DesignStore
    clock: Clock

    async def publish(
        self,
        tenant_id: int,
        programme: str | None,
        named: tuple[Kind, str],
        document: object,
        by: str,
        note: str | None,
    ) -> tuple[Version, bool]:
        """Publish a design; the same again changes nothing.

        Raises:
            ProblemError: something is wrong with it.
        """
        source = check(*named, document)
        now = self.clock.now()
        for made in _pictures(named[0], source):
            await self.store.add_image(tenant_id, made, now)
        async with self.store.opened(tenant_id, programme) as opened:
            return await opened.publish(*named, source, now, by, note)

    async def restore(
        self, tenant_id: int, programme: str | None, named: tuple[Kind, str], to: int | None, by: str, note: str | None
    ) -> Version:
        """Publish an earlier version again.

        Raises:
            ProblemError: there is none.
        """
        try:
            async with self.store.opened(tenant_id, programme) as opened:
                return await opened.restore(*named, to, self.clock.now(), by, note)
        except NothingBefore as nothing:
            raise ProblemError("design-unknown", str(nothing)) from None

    async def save(
        self,
        tenant_id: int,
        programme: str | None,
        named: tuple[DraftKind, str],
        source: Mapping[str, Any],
        seen: int | None,
        by: str,
    ) -> int:
        """Save a draft, whatever is wrong with it, and return its revision.

        Raises:
            ProblemError: somebody else has saved it since.
        """
        if len(orjson.dumps(source)) > MOST_DRAFT:
            raise ProblemError("body-too-large", f"A draft has at most {MOST_DRAFT} bytes.")
        try:
            async with self.store.opened(tenant_id, programme) as opened:
                return await opened.save_draft(*named, source, seen, self.clock.now(), by)
        except DraftChanged:
            raise ProblemError("draft-changed") from None

    async def keep_picture(self, tenant_id: int, content: bytes) -> Image:
        """Keep a picture in the media store.

        Raises:
            ProblemError: it is none, or too large.
        """
        found = image_of(content)
        if found is None or len(content) > MOST_BYTES:
            raise ProblemError("picture-invalid")
        await self.store.add_image(tenant_id, found, self.clock.now())
        return found


def check(kind: Kind, name: str, document: object) -> dict[str, Any]:
    """Return a design as it is kept.

    Raises:
        ProblemError: something is wrong with it.
    """
    try:
        if kind == "style":
            if len(name) > LONGEST_BRAND or not (name.isprintable() and name == name.strip()):
                fault = FieldError(pointer="/name", detail=f"a name on one line of at most {LONGEST_BRAND} characters")
                raise ProblemError("design-invalid", errors=[fault])
            return style_forms.told(style_forms.read(document))
        if not landing.NAME.fullmatch(name):
            fault = FieldError(pointer="/name", detail="small letters, digits and hyphens, such as spring-sale")
            raise ProblemError("design-invalid", errors=[fault])
        return landing.told(landing.read(document))
    except DesignInvalid as invalid:
        raise problem(invalid) from None


def problem(invalid: DesignInvalid) -> ProblemError:
    """Tell every fault of a design."""
    faults = [FieldError(pointer=f"/{fault.path.replace('.', '/')}", detail=fault.reason) for fault in invalid.faults]
    return ProblemError("design-invalid", errors=faults[:_MOST_FAULTS])


def desk_of_designs(request: Request) -> DesignDesk:
    """The desk of the running application."""
    desk: DesignDesk = request.app.state.designs
    return desk


def _pictures(kind: Kind, source: Mapping[str, Any]) -> list[Image]:
    """The pictures of codes on a landing page."""
    if kind != "page":
        return []
    texts = landing.read(source).texts.values()
    return [picture(qr_picture(each.text)[1]) for text in texts for each in text.blocks if each.kind == "code"]
