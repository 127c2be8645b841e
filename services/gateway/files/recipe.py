"""What a file may hold: what its sender may send one by one."""

from __future__ import annotations

from collections.abc import Sequence

from libs.contracts.rejection import Rejection
from libs.intake.convert import Converter
from libs.intake.events import Prepared
from libs.intake.gather import Gathered
from libs.intake.portions import OneEach
from libs.intake.rows import Row

MEMBERS_TOPIC = "loyalty.profiles"
MEMBERS_SCOPE = "members:write"
_NOT_MEMBERS = Rejection("scope-missing", "/type", f"no event of members: they take the scope {MEMBERS_SCOPE}")


class Permitted(OneEach):
    """One record of each document; members only if the sender's key `enrols`."""

    def __init__(self, converter: Converter, *, enrols: bool) -> None:
        super().__init__(converter)
        self._enrols = enrols

    def make(self, document: Row | Gathered) -> Sequence[Prepared] | Rejection:
        """Return the record of a document, or why it makes none."""
        made = super().make(document)
        if isinstance(made, Rejection) or self._enrols:
            return made
        return _NOT_MEMBERS if any(record.topic == MEMBERS_TOPIC for record in made) else made
