"""What the buttons of the designer do with what stands in a form, and what is said of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request

from libs.design import style_forms
from libs.design.faults import DesignInvalid
from libs.design.style import Look
from libs.design.versions import DraftKind
from libs.judging.versions import RunningProgramme
from libs.messages.template import Template, TemplateInvalid
from libs.templates.postgres import Place
from services.gateway.designs import mails
from services.gateway.designs.desk import DesignDesk, check, desk_of_designs, problem
from services.gateway.designs.editor import What
from services.gateway.designs.words import DESIGNS
from services.gateway.door.access import Caller, parts_of, site_of
from services.gateway.own_letters.desk import desk_of_own_letters
from services.gateway.rules.desk import who
from services.gateway.site.console_door import Visitor
from services.gateway.templates.console import member_named
from services.gateway.templates.desk import desk_of_templates
from services.gateway.templates.desk import problem as template_problem

WRITING = ("save", "publish", "discard", "restore", "test")
"""What takes the right to publish."""


class At(NamedTuple):
    """What is edited: its kind, its name, and in which programme."""

    what: What
    name: str
    running: RunningProgramme
    query: dict[str, str]

    @property
    def kind(self) -> DraftKind:
        """As drafts are kept."""
        return "template" if self.what == "mail" else self.what

    @property
    def place(self) -> Place:
        """Where a mail stands."""
        return mails.place_named(self.name)


class Press(NamedTuple):
    """A button that was pressed: by whom, on which design, and what stands in the form."""

    request: Request
    visitor: Visitor
    at: At
    document: dict[str, Any]
    fields: dict[str, str]
    language: str

    @property
    def desk(self) -> DesignDesk:
        """Where designs are kept."""
        return desk_of_designs(self.request)

    @property
    def caller(self) -> Caller:
        """Who presses it."""
        return Caller(self.visitor.key, parts_of(self.request))

    @property
    def where(self) -> tuple[int, str]:
        """Tenant and programme."""
        return self.at.running.tenant_id, self.at.running.programme

    @property
    def note(self) -> str | None:
        """Why, in words."""
        return self.fields.get("note", "").strip()[:1_000] or None

    def say(self, key: str, /, **values: object) -> str:
        """Say what came of it."""
        return DESIGNS.say(self.language, key, **values)


async def done(press: Press) -> str:
    """Do what a button says, and say what came of it; what only changes the form was done already.

    Raises:
        ProblemError: what is wrong with what stands in the form.
    """
    way = _WAYS.get(press.fields.get("do", "").partition(".")[0])
    return "" if way is None else await way(press)


def seen_in(fields: Mapping[str, str]) -> int:
    """Return the revision of the draft that a form was made of; 0 for none."""
    return _number(fields.get("revision", "")) or 0


def _number(text: str) -> int | None:
    """A number that PostgreSQL can have, too; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def _save(press: Press) -> str:
    named = (press.at.kind, press.at.name)
    await press.desk.save(*press.where, named, press.document, seen_in(press.fields), who(press.caller))
    return press.say("said.saved")


async def _discard(press: Press) -> str:
    async with press.desk.store.opened(*press.where) as opened:
        await opened.drop_draft(press.at.kind, press.at.name)
    return press.say("said.discarded")


async def _check(press: Press) -> str:
    if press.at.what == "mail":
        await desk_of_templates(press.request).check(mail_in(press.at, press.document))
    else:
        check(press.at.what, press.at.name, press.document)
    return press.say("said.checked")


async def _try(press: Press) -> str:
    """Send what stands in the form to the address beside it."""
    member_id = member_named(press.visitor.key, press.fields.get("member", "").strip(), press.language)
    letters = desk_of_own_letters(press.request)
    name = UUID(bytes=letters.random(16), version=4)
    to, mail, site = press.fields.get("to", "").strip(), mail_in(press.at, press.document), site_of(press.request)
    await letters.test(press.caller, press.where[1], mail, member_id, to, (name, name.bytes), site=site)
    return press.say("said.tried")


async def _publish(press: Press) -> str:
    at, by = press.at, who(press.caller)
    if at.what == "mail":
        mail = mail_in(at, press.document)
        published, new = await desk_of_templates(press.request).publish(*press.where, mail, by, press.note)
        number = published.version
        async with press.desk.store.opened(*press.where) as opened:
            await opened.drop_draft(at.kind, at.name)
    else:
        version, new = await press.desk.publish(*press.where, (at.what, at.name), press.document, by, press.note)
        number = version.version
    return press.say("said.published" if new else "said.same", version=number)


async def _restore(press: Press) -> str:
    to = _number(press.fields.get("do", "").partition(".")[2])
    at, by = press.at, who(press.caller)
    if at.what == "mail":
        templates = desk_of_templates(press.request)
        restored = (await templates.restore(*press.where, at.place, to, by, press.note)).version
    else:
        restored = (await press.desk.restore(*press.where, (at.what, at.name), to, by, press.note)).version
    return press.say("said.restored", version=restored)


_WAYS: Mapping[str, Callable[[Press], Awaitable[str]]] = {
    "save": _save,
    "discard": _discard,
    "check": _check,
    "test": _try,
    "publish": _publish,
    "restore": _restore,
}


def mail_in(at: At, document: dict[str, Any]) -> Template:
    """Return the mail that stands in a form.

    Raises:
        ProblemError: it has not the form of one.
    """
    try:
        return mails.read(at.place, document)
    except TemplateInvalid as invalid:
        raise template_problem(invalid) from None


def look_in(document: dict[str, Any], site: str) -> Look:
    """Return the look of a style that was checked."""
    try:
        return style_forms.read(document).look_of("", site)
    except DesignInvalid as invalid:
        raise problem(invalid) from None
