"""The templates in force of every programme, in memory; looked for again every few seconds, and read once a version."""

from __future__ import annotations

import asyncio

import asyncpg

from libs.design.style import Brand
from libs.design.versions import load_all_brands
from libs.messages.library import LAST, Chosen, Library
from libs.templates.postgres import Place, Scope, load_heads, load_numbers


class Shelf:
    """What messages are written by. A look that fails leaves what is known."""

    def __init__(self, site: str = "") -> None:
        """`site` is where members see the pictures of messages."""
        self._site = site
        self._styles: dict[Scope, dict[str, tuple[int, Brand | None]]] = {}
        self._numbers: dict[Scope, dict[Place, int]] = {}
        self._taken: dict[Scope, list[Chosen]] = {}
        self._libraries: dict[tuple[Scope, str], Library] = {}

    def library(self, scope: Scope, language: str = LAST) -> Library:
        """Return the templates of a programme; `language` is that of members of whom none is known."""
        found = self._libraries.get((scope, language))
        if found is None:
            styles = self._styles.get(scope, {})
            brands = {name: brand for name, (_, brand) in styles.items() if brand is not None}
            found = Library(self._taken.get(scope, ()), language, brands, self._site)
            self._libraries[scope, language] = found
        return found

    async def refresh(self, pool: asyncpg.Pool) -> int:
        """Look for versions that were published since, and return of how many programmes there are any.

        Raises:
            Whatever `libs.runtime.postgres.DATABASE_ERRORS` lists.
        """
        async with pool.acquire() as connection:
            styles = await load_all_brands(connection)
            for scope, found in styles.items():
                if _versions(found) != _versions(self._styles.get(scope, {})):
                    self._styles[scope] = found
                    self._forget(scope)
            numbers = await load_numbers(connection)
            changed = [scope for scope, found in numbers.items() if self._numbers.get(scope) != found]
            for scope in changed:
                heads = await load_heads(connection, scope)
                taken = await asyncio.to_thread(lambda found: [each.taken() for each in found], heads)
                self._taken[scope] = [each for each in taken if each is not None]
                self._numbers[scope] = {each.place: each.version for each in heads}
                self._forget(scope)
        return len(changed)

    def _forget(self, scope: Scope) -> None:
        self._libraries = {name: kept for name, kept in self._libraries.items() if name[0] != scope}


def _versions(styles: dict[str, tuple[int, Brand | None]]) -> dict[str, int]:
    return {name: version for name, (version, _) in styles.items()}
