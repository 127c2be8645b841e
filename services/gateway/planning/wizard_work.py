"""What the buttons of a campaign's form do, by the desks that serve the API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import orjson
import yaml
from fastapi import Request
from pydantic import ValidationError

from libs.judging.versions import activate
from libs.programmes.draft import Draft, draft_of
from libs.programmes.plan import Plan
from libs.promotions.compile import compile_programme
from libs.promotions.describe import Words
from libs.promotions.document import ProgrammeInvalid, read_document
from libs.promotions.programme import Programme
from services.gateway.backtests.bodies import Asking
from services.gateway.backtests.desk import desk_of_backtests
from services.gateway.door.access import Caller
from services.gateway.door.problems import ProblemError
from services.gateway.planning.fields import fields_of, is_sound
from services.gateway.planning.reading import Filled, note_errors, read_form, read_instant
from services.gateway.planning.trying import Tried, asked_of, live_in, read_sample, tried
from services.gateway.planning.wizard_pages import Form, Known, Shown
from services.gateway.planning.wizard_words import WIZARD
from services.gateway.quotes.foretold import counters_for
from services.gateway.rules.bodies import Timed
from services.gateway.rules.changing import (
    Campaigns,
    Change,
    adding,
    changed_document,
    drafting,
    known_campaign,
    written,
)
from services.gateway.rules.desk import desk_of
from services.gateway.running import named

STATES: Mapping[str, str] = {
    "draft": "draft", "schedule": "scheduled", "start": "live", "pause": "paused", "end": "ended",
}  # fmt: skip
"""Buttons that publish, and the state that each gives."""
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_HISTORY = timedelta(90)


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done: a form, the campaign that it changes (None: a new one), the button, and the ETag seen."""

    form: Form
    campaign: str | None
    do: str
    seen: str


def filled_form(form: Form, given: Mapping[str, Sequence[str]], known: Known) -> Form:
    """Read what was posted into a form; as text, or field by field."""
    base = form.filled.campaign
    if "base" in given:
        sent = _mapping(given["base"][-1])
        base = base if sent is None or not is_sound(sent) else sent
    if (given.get("as") or [""])[-1] != "text":
        filled = read_form(base, given, known.place)
        as_text = as_yaml(filled.campaign) if (given.get("do") or [""])[-1] == "text" else None
        return replace(form, filled=filled, as_text=as_text)
    text = (given.get("text") or [""])[-1]
    try:
        campaign = read_document(text)
    except ProgrammeInvalid as invalid:
        wrong = Filled(base, fields_of(base), {}, {"text": [str(error) for error in invalid.errors]})
        return replace(form, filled=wrong, as_text=text)
    if not isinstance(campaign, dict) or not _is_json(campaign):
        wrong = Filled(base, fields_of(base), {}, {"text": ["fault.yaml"]})
        return replace(form, filled=wrong, as_text=text)
    if not is_sound(campaign):  # the engine says what is wrong with it
        return replace(form, filled=Filled(campaign, ()), as_text=text)
    to_form = (given.get("do") or [""])[-1] == "form"
    return replace(form, filled=Filled(campaign, fields_of(campaign)), as_text=None if to_form else text)


def as_yaml(campaign: Mapping[str, Any]) -> str:
    """Write a campaign as people write it."""
    text: str = yaml.safe_dump(dict(campaign), sort_keys=False, allow_unicode=True, width=100)
    return text


class Work:
    """Carries out what a form asks for; `programme` is the one that counts now."""

    def __init__(self, request: Request, caller: Caller, known: Known, programme: Programme, language: str) -> None:
        self._request = request
        self._caller = caller
        self._known = known
        self._programme = programme
        self._language = language

    async def done(self, job: Job) -> tuple[Shown, str | None]:
        """Do it; return what is to be shown, and where to go instead, if anywhere. Faults are noted in the form."""
        filled = job.form.filled
        if job.do in STATES:
            filled.campaign["state"] = STATES[job.do]
        elif job.campaign is None:
            filled.campaign["state"] = "draft"
        frame = filled.campaign.get("frame")
        if job.do == "schedule" and not (isinstance(frame, dict) and frame.get("starts_at")):
            filled.fault("frame.starts_at", "fault.starts")
        if filled.faults or job.do in ("text", "form"):
            return Shown(), None
        try:
            body = self._timed(job)
        except ValueError:
            filled.faults.setdefault("", []).append("fault.instant")
            return Shown(), None
        try:
            draft = await self._draft(job)
        except ProgrammeInvalid as invalid:
            note_errors(filled, invalid.errors, self._number(job))
            self._in_text(job)
            return Shown(), None
        except ProblemError as refused:
            self._refused(filled, refused)
            return Shown(), None
        return await self._carried_out(job, body, draft)

    async def _carried_out(self, job: Job, body: Timed, draft: Draft) -> tuple[Shown, str | None]:
        came = Shown(words=await asyncio.to_thread(self._words, draft, job))
        try:
            if job.do == "try":
                came = replace(came, tried=await self._try(job, draft))
            if job.do == "simulate":
                return came, await self._simulate(job, draft)
            if job.do in STATES:
                return came, await self._publish(job, body)
        except ProblemError as refused:
            moved = refused.code == "precondition-failed"
            told = WIZARD.say(self._language, "moved") if moved else _told(refused)
            came = replace(came, troubles=(told,))
        try:
            return replace(came, plan=await self._plan(draft, body)), None
        except ProblemError as refused:
            told = _told(refused)
            return came if told in came.troubles else replace(came, troubles=(*came.troubles, told)), None

    async def _draft(self, job: Job) -> Draft:
        document = changed_document(self._programme, self._change(job))
        return await asyncio.to_thread(draft_of, document)

    def _change(self, job: Job) -> Change:
        campaign = job.form.filled.campaign
        if job.campaign is None:
            return adding(campaign)
        name = job.campaign

        def changed(campaigns: Campaigns) -> None:
            known_campaign(campaigns, name)
            if campaign.get("id") != name:
                raise ProblemError("request-invalid", WIZARD.say(self._language, "fault.id"))
            campaigns[name] = campaign

        return changed

    def _number(self, job: Job) -> int:
        """Where the campaign stands in the document that is drafted."""
        names = [each.id for each in self._programme.campaigns]
        name = job.form.filled.campaign.get("id")
        return names.index(str(name)) if name in names else len(names)

    def _in_text(self, job: Job) -> None:
        """Where everything is text, all faults stand at the text."""
        if job.form.as_text is not None:
            faults = job.form.filled.faults
            faults["text"] = [f"{path}: {told}" if path else told for path, each in faults.items() for told in each]
            for path in [path for path in faults if path != "text"]:
                del faults[path]

    def _words(self, draft: Draft, job: Job) -> str:
        words = Words(compile_programme(draft.programme), self._language)
        name = job.form.filled.campaign["id"]
        return next(words.rule(one).sentence for one in draft.programme.campaigns if one.id == name)

    def _timed(self, job: Job) -> Timed:
        at = read_instant(job.form.typed("at"), self._known.place.zone)
        return Timed(at=at, note=job.form.typed("note").strip()[:1_000] or None)

    async def _plan(self, draft: Draft, body: Timed) -> Plan:
        return await desk_of(self._request).plan(self._caller, self._known.programme, draft, body.wish())

    async def _publish(self, job: Job, body: Timed) -> str:
        desk, slug = desk_of(self._request), self._known.programme
        make = drafting(body, self._change(job))
        told = await desk.publish(self._caller, slug, body, make, job.seen, place="campaign")
        name = job.form.filled.campaign["id"]
        return f"/campaigns/{name}?programme={slug}&lang={self._language}&saved={told.version.version}"

    async def _try(self, job: Job, draft: Draft) -> Tried | None:
        parts, name = self._caller.parts, job.form.filled.campaign["id"]
        sample = read_sample(job.form.posted, self._known.place, self._known.currency, parts.clock.now())
        if sample.faults:
            job.form.filled.faults.update({field: [told] for field, told in sample.faults.items()})
            return None
        found = named(await parts.programmes.of(self._caller.tenant_id), self._known.programme)
        if not found:
            raise ProblemError("programme-unknown")
        running, document = found[0], live_in(written(draft.programme), name)
        version = await asyncio.to_thread(activate, _SINCE, document)
        after, present = asked_of(running, version, sample), running.at(sample.at)
        before = None if present is None else asked_of(running, present, sample)
        keys = {key for one in (after, before) if one is not None for key in counters_for(one)}
        used = await parts.quotes.counters(running.key, sorted(keys))
        return await asyncio.to_thread(tried, before, after, used, name, self._language)

    async def _simulate(self, job: Job, draft: Draft) -> str:
        """Ask for a backtest in which the campaign had run all the time, against the programme of now."""
        zone, now = self._known.place.zone, self._caller.parts.clock.now()
        name = job.form.filled.campaign["id"]
        document = live_in(written(draft.programme), name)
        for each in document["campaigns"]:
            if each["id"] == name:
                each["frame"] = {k: v for k, v in each["frame"].items() if k not in ("starts_at", "ends_at")}
        try:
            since = read_instant(job.form.typed("sim.from"), zone) or datetime.combine(
                (now - _HISTORY).date(), time(), zone
            )
            until = read_instant(job.form.typed("sim.to"), zone)
            asking = Asking.model_validate(
                {"document": document, "from": since, "to": until, "against": self._programme.version}
            )
        except (ValueError, ValidationError):
            raise ProblemError("request-invalid", WIZARD.say(self._language, "fault.instant")) from None
        await desk_of_backtests(self._request).ask(self._caller, self._known.programme, asking)
        return "/backtests"

    def _refused(self, filled: Filled, refused: ProblemError) -> None:
        if refused.code == "campaign-exists":
            filled.fault("id", "fault.exists")
        else:
            filled.faults.setdefault("", []).append(_told(refused))


def _told(refused: ProblemError) -> str:
    return f"{refused.kind.title}. {refused.detail or ''}".strip() + "".join(f" {one.detail}" for one in refused.errors)


def _mapping(text: str) -> dict[str, Any] | None:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _is_json(value: Any) -> bool:
    """Whether YAML gave what JSON can hold: its dates and the like are texts in a document."""
    try:
        orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except (TypeError, orjson.JSONEncodeError):
        return False
    return True
