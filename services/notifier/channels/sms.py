"""Text messages over HTTP as Twilio speaks it, and others who speak like it.

A request that got no answer may have been taken, and the provider knows no key against repeats: the caller is told so.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import phonenumbers

from libs.messages.content import ChannelName
from libs.messages.provider_settings import SmsSettings
from libs.messages.segments import count_segments
from libs.messages.sms_callbacks import callback_url
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Reason, Refused
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of
from services.notifier.channels.sms_budget import NO_CAP, Budget

_LONGEST_LIFE = timedelta(hours=10)
# Codes of the provider that say more than the status does: what it is, and whether the number is dead.
_REFUSALS: dict[int, tuple[Reason, bool]] = {
    21211: ("address-unknown", True),  # not a number
    21214: ("address-unknown", True),  # can't be reached
    21217: ("address-unknown", True),
    21614: ("address-unknown", True),  # not a mobile number
    21408: ("address-refused", False),  # the country is not allowed by the account
    21610: ("address-refused", False),  # has answered STOP
    21612: ("address-refused", False),  # not from this sender
    30003: ("address-refused", False),
    30004: ("address-refused", False),
    30005: ("address-unknown", True),
    30006: ("address-unknown", True),  # a landline
    21602: ("content-refused", False),
    21617: ("content-refused", False),  # too long
    30007: ("content-refused", False),  # filtered
}
_SETTINGS_REFUSED = frozenset({20003, 20404, 21212, 21603, 21606, 21659, 21703, 21712})
"""Codes that blame the account or the sender: nothing can be sent until somebody mends the settings."""
_BUSY = frozenset({20429, 14107, 21611})


class SmsChannel:
    """Hands text messages over; what a day may cost is reserved before and given back when nothing was taken."""

    name: ChannelName = "sms"

    def __init__(self, settings: SmsSettings, line: Line, budget: Budget = NO_CAP) -> None:
        self._settings, self._exchange, self._budget = settings, Exchange(line), budget
        self._url = f"{settings.url}/2010-04-01/Accounts/{quote(settings.account)}/Messages.json"
        login = f"{settings.account}:{settings.token.get_secret_value()}".encode()
        self._headers = {
            "Authorization": f"Basic {base64.b64encode(login).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    async def open(self) -> None:
        """Be ready."""
        await self._exchange.open()

    async def close(self) -> None:
        """Give connections back."""
        await self._exchange.close()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand letters over."""
        return await each_of(letters, self._send)

    async def _send(self, letter: Letter) -> Outcome:
        if not is_e164(letter.address):
            return Refused("address-unknown", "not E.164", address_dead=True)
        segments = count_segments(letter.content.text).count
        if segments > self._settings.most_segments:
            return Refused("content-refused", f"{segments} segments")
        wait = await self._budget.reserve(letter.tenant_id, segments)
        if wait is not None:
            return Postponed("provider-busy", "the cap of the day is reached", wait, provider_wide=True)
        answer = await self._exchange.ask(Request("POST", self._url, self._headers, self._form(letter)))
        outcome = _outcome(answer) if isinstance(answer, Reply) else answer
        if isinstance(outcome, Refused | Postponed):
            await self._budget.give_back(letter.tenant_id, segments)
        return outcome

    def _form(self, letter: Letter) -> bytes:
        settings = self._settings
        form = {"To": letter.address, "Body": letter.content.text}
        if settings.service is not None:
            form["MessagingServiceSid"] = settings.service
        elif settings.sender is not None:
            form["From"] = settings.sender
        if settings.callback is not None:
            form["StatusCallback"] = callback_url(settings.callback, str(letter.message_id))
        if letter.life is not None:
            form["ValidityPeriod"] = str(max(1, min(letter.life, _LONGEST_LIFE) // timedelta(seconds=1)))
        return urlencode(form).encode()


def is_e164(number: str) -> bool:
    """Whether a number is written as the network takes it, and can be one."""
    if not number.startswith("+"):
        return False
    try:
        read = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    written: str = phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)
    return written == number and phonenumbers.is_possible_number(read)


def _outcome(reply: Reply) -> Outcome:
    document = reply.document()
    told: dict[str, Any] = document if isinstance(document, dict) else {}
    if 200 <= reply.status < 300:
        sid = told.get("sid")
        return Handed(sid if isinstance(sid, str) else "")
    code = told.get("code")
    code = code if isinstance(code, int) else 0
    detail = f"code {code}" if code else f"status {reply.status}"
    if code in _BUSY:
        return Postponed("provider-busy", detail, reply.after(), provider_wide=True)
    if code in _SETTINGS_REFUSED:
        return Postponed("credentials-refused", detail, provider_wide=True)
    if code in _REFUSALS:
        reason, dead = _REFUSALS[code]
        return Refused(reason, detail, address_dead=dead)
    return common(reply, detail) or Refused("content-refused", detail)
