"""What a data directory remembers: `<data>/state.json` (0600), written by its supervisor and read by every command."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.embedded.process import write_private

SERVICES = ("earning", "redemption", "expiry", "notifier", "gateway")
Phase = Literal["starting", "ready", "stopping", "stopped"]


class Addresses(BaseModel):
    """Where everything is, with the credentials to get in."""

    model_config = ConfigDict(frozen=True)

    kafka: str
    """host:port of the broker"""
    postgres: str
    """connection URL of the operator's role"""
    gateway: str
    """base URL"""
    api_key: str
    """a key of the demo tenant; empty when there is no demo"""
    metrics: dict[str, str]
    """service → URL of its metrics"""


class State(BaseModel):
    """Everything that outlives a supervisor, beside the data and the secrets."""

    model_config = ConfigDict(frozen=True)

    phase: Phase = "stopped"
    pid: int | None = None
    ports: dict[str, int] = {}
    addresses: Addresses | None = None
    restarts: dict[str, int] = {}
    clock: str | None = None
    """A driven clock, in the form for processes; it goes on at the next start"""


class StateDamaged(RuntimeError):
    """The state file can't be read; the message says what to do."""


def load(data: Path) -> State:
    """The state of a data directory; a fresh one when it has none.

    Raises:
        StateDamaged: the file is there and makes no sense.
    """
    path = data / "state.json"
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except ValidationError as error:
        raise StateDamaged(f"{path} is damaged; `pointstream reset` starts anew") from error


def save(data: Path, state: State) -> None:
    """Write the state, complete or not at all."""
    data.mkdir(parents=True, exist_ok=True)
    write_private(data / "state.json", state.model_dump_json(indent=1))


def change(data: Path, **fields: object) -> State:
    """Replace some fields of the stored state, and return the whole."""
    state = load(data).model_copy(update=fields)
    save(data, state)
    return state
