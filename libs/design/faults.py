"""What is wrong with something that somebody designed, told so that they can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: where (`text:3` is the third line of the text), and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        """Write it as one line."""
        return f"{self.path}: {self.reason}"


class DesignInvalid(ValueError):
    """A design is refused as a whole; `faults` names every one that was found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
