"""What is done with templates, for the API and the console alike."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from fastapi import Request

from libs.design.style import DEFAULT, Look, look_for
from libs.messages import samples
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName, Content
from libs.messages.library import LAST, chosen
from libs.messages.rendering import Ready, TooLong, render
from libs.messages.shipped.templates import shipped
from libs.messages.template import Compiled, Template, TemplateInvalid
from libs.messages.values import Declared
from libs.runtime.clock import Clock
from libs.segments.reading import load_segments_of
from libs.templates.postgres import NothingBefore, Place, Published
from services.gateway.door.access import Parts
from services.gateway.door.problems import FieldError, ProblemError
from services.gateway.members import shown as members
from services.gateway.members.lookup import one_member
from services.gateway.running import named
from services.gateway.templates.member_values import values_for
from services.gateway.templates.store import TemplateStore

_MOST_READY = 64
"""Templates that are kept ready for letters of the gateway's own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which template somebody asks for: what would be taken for a reader of a language."""

    message: str
    language: str | None
    channel: ChannelName
    brand: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken: the template as it was written, its version, and the versions at its place."""

    template: Template
    version: int
    versions: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member would see; `version` is None for a draft."""

    content: Content
    channel: ChannelName
    version: int | None
    from_member: frozenset[str]


@dataclass(frozen=True, slots=True)
class TemplateDesk:
    """Serves whoever works on templates."""

    store: TemplateStore
    clock: Clock
    _ready: dict[tuple[object, ...], Ready] = field(default_factory=dict, repr=False)

    async def check(self, template: Template, look: Look = DEFAULT) -> Compiled:
        """Compile a template beside the loop, in a brand's look.

        Raises:
            ProblemError: something is wrong with it.
        """
        try:
            return await asyncio.to_thread(compiled, template, look)
        except TemplateInvalid as invalid:
            raise problem(invalid) from None

    async def taken(self, tenant_id: int, programme: str | None, asked: Asked) -> Taken:
        """Return the template that would be taken, with its source."""
        async with self.store.opened(tenant_id, programme) as opened:
            library = await opened.library(asked.message, LAST)
            found = await asyncio.to_thread(
                library.find, asked.message, asked.brand, asked.language or LAST, asked.channel
            )
            place = Place(found.name, found.brand, found.language, found.channel)
            versions = await opened.versions(place)
        source = next((each.template for each in versions if each.version == found.version), None)
        template = source or shipped(found.name, found.language, found.channel)
        assert template is not None
        return Taken(template, found.version, tuple(versions))

    async def ready(self, scope: tuple[int, int], programme: str, asked: Asked) -> Ready:
        """Return the template that would be taken, ready to be filled. A version never changes, so it is compiled once.

        Raises:
            ProblemError: something is wrong with it.
        """
        taken = await self.taken(scope[0], programme, asked)
        one = taken.template
        key = (scope if taken.version else None, one.name, one.brand, one.language, one.channel, taken.version)
        if key not in self._ready:
            made = chosen(one, await self.check(one), taken.version).ready
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            self._ready[key] = made
        return self._ready[key]

    async def show(
        self,
        parts: Parts,
        tenant_id: int,
        programme: str | None,
        what: Template | Asked,
        member_id: UUID | None,
        told: Mapping[str, object] | None = None,
        *,
        site: str,
        look: Look | None = None,
    ) -> Shown:
        """Fill a draft, or what would be taken, with samples or with what is so of a member; `told` comes before both.

        It has the look of its brand, or another that is given, whose pictures are shown by `site`.

        Raises:
            ProblemError: the draft has a fault, or there is no such member.
        """
        draft: Template | Asked = what
        version: int | None = None
        if isinstance(draft, Asked):
            taken = await self.taken(tenant_id, programme, draft)
            draft, version = replace(taken.template, brand=draft.brand or taken.template.brand), taken.version
        if look is None:
            look = await self._look(parts, tenant_id, programme, draft, site)
        if version == 0:
            draft = shipped(draft.name, draft.language, draft.channel, look) or draft
        ready = chosen(draft, await self.check(draft, look), version or 0).ready
        if member_id is None:
            values, own = samples.full(ready.declared), frozenset[str]()
        else:
            values, own = await self._values(parts, tenant_id, programme, member_id, ready.declared, draft.brand)
        values |= {name: value for name, value in (told or {}).items() if name in ready.declared}
        return Shown(_filled(ready, values), draft.channel, version, own)

    async def _look(self, parts: Parts, tenant_id: int, programme: str | None, draft: Template, site: str) -> Look:
        if draft.channel != "email":
            return DEFAULT
        async with self.store.opened(tenant_id, programme) as opened:
            brands = await opened.brands()
        running = named(await parts.programmes.of(tenant_id), programme)
        version = running[0].at(self.clock.now()) if running else None
        own = None if version is None else version.compiled.source.messages.brand
        brand = draft.brand or own or (running[0].name if running else "")
        return look_for(brands, brand, draft.name, site)

    async def publish(
        self, tenant_id: int, programme: str | None, template: Template, by: str, note: str | None
    ) -> tuple[Published, bool]:
        """Publish a template."""
        await self.check(template)
        async with self.store.opened(tenant_id, programme) as opened:
            return await opened.publish(template, self.clock.now(), by, note)

    async def restore(
        self, tenant_id: int, programme: str | None, place: Place, to: int | None, by: str, note: str | None
    ) -> Published:
        """Publish an earlier version again.

        Raises:
            ProblemError: there is none.
        """
        try:
            async with self.store.opened(tenant_id, programme) as opened:
                return await opened.restore(place, to, self.clock.now(), by, note)
        except NothingBefore as nothing:
            raise ProblemError("template-unknown", str(nothing)) from None
        except TemplateInvalid as invalid:
            raise problem(invalid) from None

    async def _values(
        self, parts: Parts, tenant_id: int, programme: str | None, member_id: UUID, declared: Declared, brand: str
    ) -> tuple[dict[str, object], frozenset[str]]:
        now = self.clock.now()
        async with parts.store.reading(tenant_id) as reading:
            member = await one_member(reading, member_id, programme)
            wallets = await reading.wallets(member.programme_id, now)
            ledger = await reading.ledger(member)
            segments = await load_segments_of(reading.connection, (tenant_id, member.programme_id), member_id)
        shown = members.member_view(member, ledger, wallets, now)
        running = named(await parts.programmes.of(tenant_id), member.programme)
        return values_for(
            declared,
            programme=(running[0].name if running else None) or member.programme,
            brand=brand,
            tier=member.tier,
            segments=segments,
            wallets=shown.wallets,
            given_name=None,
        )


def desk_of_templates(request: Request) -> TemplateDesk:
    """The desk of the running application."""
    desk: TemplateDesk = request.app.state.templates
    return desk


def problem(invalid: TemplateInvalid, code: str = "template-invalid") -> ProblemError:
    """Tell every fault of a template."""
    faults = [FieldError(pointer=f"/{fault.path}", detail=fault.reason) for fault in invalid.faults]
    return ProblemError(code, errors=faults[:100])


def _filled(ready: Ready, values: dict[str, object]) -> Content:
    try:
        return render(ready, values)
    except TooLong as error:
        raise ProblemError("template-invalid", str(error)) from None
