"""Programme versions, compiled to explain decisions by; a version never changes, so each is compiled once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

import msgspec

from libs.promotions.compile import CompiledProgramme, compile_programme
from libs.promotions.programme import Programme

_MOST = 64

Name = tuple[int, int, int]
"""Tenant, programme, version."""


@dataclass(slots=True)
class CompiledVersions:
    """Keeps the versions that were asked for last."""

    _kept: OrderedDict[Name, CompiledProgramme] = field(default_factory=OrderedDict)

    def known(self, name: Name) -> CompiledProgramme | None:
        """Return a version if it is kept."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    async def compile(self, name: Name, document: bytes) -> CompiledProgramme:
        """Compile a version from its JSON, and keep it.

        Raises:
            pydantic.ValidationError: the stored document is no programme.
        """
        # In a thread: a programme of thousands of campaigns takes long enough to hold up other requests.
        compiled = await asyncio.to_thread(_compile, document)
        self._kept[name] = compiled
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return compiled


def _compile(document: bytes) -> CompiledProgramme:
    return compile_programme(Programme.model_validate(msgspec.json.decode(document)))
