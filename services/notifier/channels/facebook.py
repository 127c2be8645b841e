"""A company's own pages on a network that speaks the Graph API: posts with a link or a picture.

The network knows no key against repeats. Whoever tries again says since when (`SINCE`), and a page is searched for the
same words from then on before anything is written on it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from libs.messages.content import WayName
from libs.messages.provider_settings import FacebookSettings, Page
from libs.runtime.clock import elapsed_since, monotonic
from services.notifier.channels.channel import Handed, Letter, Outcome, Postponed, Reason, Refused, Unanswered
from services.notifier.channels.exchange import Exchange, Line, Reply, Request, common, each_of

PICTURE, SINCE = "picture", "since"
"""What a letter says beside its words: the address of a picture, and from when on (in Unix seconds) it was tried."""
_SEARCHED = 25
"""Posts asked for at a time: an answer of ours is no longer than some words of each."""
MOST_PAGES = 20
"""So many times: whoever is published more often since then is not searched to the end."""
_SEARCH = 40.0
"""Seconds after which a search is given up: what is published must be so while the attempt is still ours."""
_PLACES = ("after", "until", "__paging_token")
"""What the link to the next posts says of where they begin, for lists by cursors and for lists by time."""
_FORM = "application/x-www-form-urlencoded"
_BUSY = frozenset((4, 9, 17, 32, 341, 613))
"""Codes of limits: of the app, of who logged in, of the page, of what is posted."""
_PERMISSIONS = range(200, 300)
_SETTINGS_REFUSED = frozenset((3, 10, 102, 190))
"""Codes that blame the token or what it may do: nothing can be published until somebody mends the settings."""
_PASSING = frozenset((1, 2))
_REFUSED: Mapping[int, Reason] = {
    368: "address-refused",  # blocked for now, for what was published before
    506: "content-refused",  # the same as what was published last
    803: "address-unknown",
}
_NO_SUCH_OBJECT = (100, 33)
_USAGE = "X-Business-Use-Case-Usage"


class FacebookChannel:
    """Publishes letters; their address is the name of a page."""

    name: WayName = "social"

    def __init__(self, settings: FacebookSettings, line: Line) -> None:
        self._pages = {each.name: each for each in settings.pages}
        self._root = f"{settings.url.rstrip('/')}/{settings.version}"
        self._secret = settings.app_secret
        self._exchange = Exchange(line)

    @property
    def pages(self) -> Mapping[str, str]:
        """The names of the pages, each with the language of its readers."""
        return {name: each.language for name, each in self._pages.items()}

    async def open(self) -> None:
        """Be ready."""
        await self._exchange.open()

    async def close(self) -> None:
        """Give connections back."""
        await self._exchange.close()

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Publish letters, each once."""
        return await each_of(letters, self._publish)

    async def _publish(self, letter: Letter) -> Outcome:
        page = self._pages.get(letter.address)
        if page is None:
            return Refused("address-unknown", "no page of this name is set")
        told = dict(letter.data)
        if SINCE in told:
            found = await self._search(page, _message(letter, told), told[SINCE])
            if found is not None:
                return found
        return await self._write(page, letter, told)

    async def _search(self, page: Page, message: str, since: str) -> Outcome | None:
        """What was published with these words since then, or why that is not known; None where nothing was."""
        asked = {"fields": "id,message", "since": since, "limit": str(_SEARCHED), **self._login(page)}
        place: Mapping[str, str] = {}
        began = monotonic()
        for _ in range(MOST_PAGES):
            document = await self._listed(page, {**asked, **place})
            if not isinstance(document, Mapping):
                return document
            for each in document["data"]:
                if _of(each).get("message") == message:
                    return Handed(_text(_of(each).get("id")))
            paging = _of(document.get("paging"))
            if paging.get("next") is None:
                return None
            place = _following(paging)
            if not place or elapsed_since(began).total_seconds() > _SEARCH:
                break
        return Postponed("no-answer", "the list of posts has no end")

    async def _listed(self, page: Page, asked: Mapping[str, str]) -> Mapping[str, Any] | Outcome:
        """Some posts of a page, in `data`, and what is said of where the list goes on; or why there are none."""
        answer = await self._exchange.ask(Request("GET", f"{self._root}/{page.page}/posts?{urlencode(asked)}"))
        if isinstance(answer, Postponed):
            return answer
        if isinstance(answer, Unanswered):
            return Postponed("no-answer", answer.detail, provider_wide=True)
        if not 200 <= answer.status < 300:
            return _trouble(answer)
        document = _of(answer.document())
        if not isinstance(document.get("data"), list):
            return Postponed("no-answer", "no list of posts", provider_wide=True)
        return document

    async def _write(self, page: Page, letter: Letter, told: Mapping[str, str]) -> Outcome:
        form = {"message": _message(letter, told), **self._login(page)}
        edge = "feed"
        if PICTURE in told:
            edge, form["url"] = "photos", told[PICTURE]
        elif letter.content.link is not None:
            form["link"] = letter.content.link
        url = f"{self._root}/{page.page}/{edge}"
        answer = await self._exchange.ask(Request("POST", url, {"Content-Type": _FORM}, urlencode(form).encode()))
        if not isinstance(answer, Reply):
            return answer
        if not 200 <= answer.status < 300:
            return _trouble(answer)
        document = _of(answer.document())
        return Handed(_text(document.get("post_id")) or _text(document.get("id")))

    def _login(self, page: Page) -> dict[str, str]:
        token = page.token.get_secret_value()
        if self._secret is None:
            return {"access_token": token}
        proof = hmac.new(self._secret.get_secret_value().encode(), token.encode(), hashlib.sha256).hexdigest()
        return {"access_token": token, "appsecret_proof": proof}


def _message(letter: Letter, told: Mapping[str, str]) -> str:
    """What stands on the page: a picture has no card, so that the link stands below the words."""
    content = letter.content
    return f"{content.text}\n\n{content.link}" if PICTURE in told and content.link is not None else content.text


def _following(paging: Mapping[str, Any]) -> dict[str, str]:
    """Where the list goes on: as its link says, else behind its last post. The link itself is not followed."""
    told = dict(parse_qsl(urlsplit(_text(paging.get("next"))).query))
    place = {name: told[name] for name in _PLACES if name in told}
    after = _text(_of(paging.get("cursors")).get("after"))
    return place or ({"after": after} if after else {})


def _trouble(reply: Reply) -> Outcome:
    """What the network means by an error: its code says more than the status does."""
    error = _of(_of(reply.document()).get("error"))
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    detail = f"code {code}" + (f"/{subcode}" if subcode else "") if code else f"status {reply.status}"
    if code in _BUSY:
        return Postponed("provider-busy", detail, reply.after() or _regained(reply), provider_wide=True)
    if code in _SETTINGS_REFUSED or code in _PERMISSIONS:
        return Postponed("credentials-refused", detail, provider_wide=True)
    if code in _REFUSED:
        return Refused(_REFUSED[code], detail)
    if (code, subcode) == _NO_SUCH_OBJECT:
        return Refused("address-unknown", detail)
    if code in _PASSING or error.get("is_transient") is True:
        return Postponed("provider-failed", detail, reply.after(), provider_wide=True)
    return common(reply, detail) or Refused("content-refused", detail)


def _regained(reply: Reply) -> timedelta | None:
    """When a limit is over, where the network says so in minutes."""
    try:
        usage = _of(orjson.loads(reply.headers.get(_USAGE, "null")))
    except orjson.JSONDecodeError:
        return None
    told = [_of(each) for several in usage.values() if isinstance(several, list) for each in several]
    minutes = max((_number(each.get("estimated_time_to_regain_access")) for each in told), default=0)
    return timedelta(minutes=min(minutes, 24 * 60)) if minutes > 0 else None


def _of(node: Any) -> Mapping[str, Any]:
    return node if isinstance(node, dict) else {}


def _text(node: Any) -> str:
    return str(node) if isinstance(node, str | int) else ""


def _number(node: Any) -> int:
    return node if isinstance(node, int) and not isinstance(node, bool) else 0
