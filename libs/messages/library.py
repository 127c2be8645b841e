"""Which template is taken: the member's language comes first, then the brand's own words, then the programme's.

For each language of the chain (`cs-CZ`, `cs`, the programme's, `en`) the brand's published template is asked for, then
the programme's for any brand, then the shipped one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from libs.design.style import DEFAULT, Brands, Look, look_for
from libs.messages.compiling import compiled
from libs.messages.content import ChannelName, Purpose
from libs.messages.rendering import Ready, ready
from libs.messages.shipped.templates import shipped
from libs.messages.template import Compiled, Template, TemplateInvalid
from libs.messages.values import Declared

LAST = "en"

_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A template that is taken: `version` is its number once published, and 0 for a shipped one."""

    name: str
    brand: str
    language: str
    channel: ChannelName
    version: int
    purpose: Purpose
    ready: Ready
    source: Template | None = None
    """What it is made of anew for each brand's look: of blocks, or shipped."""


def chosen(template: Template, made: Compiled, version: int, declared: Declared | None = None) -> Chosen:
    """Make a compiled template ready to be taken."""
    told = template.declared() if declared is None else declared
    return Chosen(
        template.name,
        template.brand,
        template.language,
        template.channel,
        version,
        template.meant_for(),
        ready(made, told),
        template if template.blocks else None,
    )


def chain(language: str | None, otherwise: str = LAST) -> tuple[str, ...]:
    """Return the languages to try for a reader of one, such as cs-CZ, cs, the programme's and English."""
    tried: list[str] = []
    for tag in (language, otherwise, LAST):
        parts = tag.replace("_", "-").split("-") if tag else []
        tried += ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys(tried))


class Library:
    """The templates of one programme, published and shipped. Each shipped one is compiled when it is first taken."""

    def __init__(
        self, published: Iterable[Chosen] = (), language: str = LAST, brands: Brands | None = None, site: str = ""
    ) -> None:
        """`published` are those in force, one of a name, brand, language and channel; `language` the programme's.

        `brands` are its styles, and `site` is where pictures are shown.
        """
        self._brands, self._site = brands or {}, site
        self._published = {(each.name, each.brand, each.language.lower(), each.channel): each for each in published}
        self._language = language
        self._found: dict[tuple[str, str, str | None, ChannelName], Chosen] = {}

    def find(self, name: str, brand: str, language: str | None, channel: ChannelName) -> Chosen:
        """Return the template for a message on a channel to a reader of a language.

        Raises:
            KeyError: no such channel.
        """
        asked = (name, brand, language, channel)
        if (known := self._found.get(asked)) is None:
            known = self._find(*asked)
            if len(self._found) < _MOST_REMEMBERED:
                self._found[asked] = known
        return known

    def _find(self, name: str, brand: str, language: str | None, channel: ChannelName) -> Chosen:
        for tag in chain(language, self._language):
            for own in dict.fromkeys((brand, "")):
                if (found := self._published.get((name, own, tag.lower(), channel))) is not None:
                    return self._dressed(found, brand)
            if (template := shipped(name, tag.lower(), channel, self.look(brand, name, channel))) is not None:
                return chosen(template, compiled(template), 0)
        raise KeyError(channel)

    def look(self, brand: str, name: str, channel: ChannelName = "email") -> Look:
        """How a brand's message looks; what is no email looks like nothing."""
        return look_for(self._brands, brand, name, self._site) if channel == "email" else DEFAULT

    def _dressed(self, found: Chosen, brand: str) -> Chosen:
        """Make what is of blocks anew in a brand's look; where that can't be, it stays as it was published."""
        if found.source is None:
            return found
        look = self.look(brand, found.name, found.channel)
        try:
            made = compiled(found.source, look)
        except TemplateInvalid:
            return found
        return replace(found, ready=ready(made, found.ready.declared))


_MOST_REMEMBERED = 10_000
