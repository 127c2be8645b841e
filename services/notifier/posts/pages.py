"""The pages of each company: which there are, and the way to them."""

from __future__ import annotations

from collections.abc import Mapping

from libs.messages.content import WayName
from services.notifier.channels.channel import Letter, Outcome
from services.notifier.channels.facebook import FacebookChannel
from services.notifier.channels.providers import CompanyChannel, Providers

PAGES: WayName = "social"


class Pages:
    """What companies have set, as it is now: their settings are read again when they have changed."""

    def __init__(self, providers: Providers, channel: CompanyChannel) -> None:
        self._providers, self._channel = providers, channel

    async def of(self, tenant_id: int) -> Mapping[str, str] | None:
        """Return a company's pages with the language of each; none where none is set, None if they can't be read."""
        await self._providers.refresh()
        is_set, channel = self._providers.find(tenant_id, PAGES)
        if not is_set:
            return {}
        return channel.pages if isinstance(channel, FacebookChannel) else None

    async def publish(self, letter: Letter) -> Outcome:
        """Publish a letter on the page that is its address; without a provider it is captured."""
        (outcome,) = await self._channel.send([letter])
        return outcome
