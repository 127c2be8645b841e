"""Where commands find the database, the broker and the keys: options first, else what the data directory remembers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cli.exits import Exit
from cli.failures import fail, running
from deploy.embedded import state
from deploy.embedded.backing import DATABASE
from deploy.embedded.credentials import Credentials
from deploy.embedded.postgres import EmbeddedPostgres
from libs.contracts.identifiers import IdentifierNames
from libs.runtime.clock import Clock, SystemClock, parse_clock
from libs.runtime.seal import Seal
from libs.runtime.settings import KafkaSettings, kafka_of_commands

_KEY = 32
DsnOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--dsn", metavar="DSN", help="Use this database, as its operator (default: that of --data)."),
]
KafkaOption: TypeAlias = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Use this broker (default: that of --data).")
]
PrefixOption: TypeAlias = Annotated[
    str, typer.Option("--topic-prefix", metavar="PREFIX", help="What stands before every topic's name at the broker.")
]
SealOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--seal-key-file", metavar="FILE", help="The key of the seals, 32 bytes in base64 (default: --data)."),
]


@dataclass(frozen=True, slots=True)
class Connections:
    """What a command was told of where things are; what it was not told is looked up when it is needed."""

    data: Path
    as_json: bool
    postgres: str | None = None
    broker: str | None = None
    seal_key_file: Path | None = None

    def dsn(self) -> str:
        """The database as the operator; ends the command when no platform runs and none was named."""
        return self.postgres or running(self.data, as_json=self.as_json).postgres

    def bootstrap(self) -> str:
        """The broker; ends the command when no platform runs and none was named."""
        return self.broker or running(self.data, as_json=self.as_json).kafka

    def kafka(self, topic_prefix: str = "") -> KafkaSettings:
        """The broker, with the login of `POINTSTREAM_CLI__KAFKA__…`; ends the command as `bootstrap` does."""
        bootstrap = self.bootstrap()
        try:
            return kafka_of_commands(bootstrap, topic_prefix)
        except (ValueError, OSError) as error:
            fail(Exit.USAGE, f"POINTSTREAM_CLI__KAFKA__…: {error}", as_json=self.as_json)

    def seal(self) -> Seal:
        """The seal of the dead letters; ends the command when its key is not to be found."""
        return Seal(AESGCM(self.seal_key()))

    def seal_key(self) -> bytes:
        """The key from which all others are made; ends the command when it is not to be found."""
        if self.seal_key_file is not None:
            key: str | None = self.seal_key_file.read_text(encoding="ascii").strip()
        else:
            key = Credentials(self.data).known("seal")
        if key is None:
            fail(
                Exit.USAGE, f"{self.data} has no key of the seals; name one with --seal-key-file", as_json=self.as_json
            )
        try:
            raw = base64.b64decode(key, validate=True)
        except ValueError:
            raw = b""
        if len(raw) != _KEY:
            fail(Exit.USAGE, f"the key of the seals must be {_KEY} bytes in base64", as_json=self.as_json)
        return raw

    def identifier_names(self) -> IdentifierNames | None:
        """How identifiers are named; None when the key of the seals, which they depend on, is nowhere."""
        if self.seal_key_file is not None:
            key: str | None = self.seal_key_file.read_text(encoding="ascii").strip()
        else:
            key = Credentials(self.data).known("seal")
        return None if key is None else IdentifierNames.from_seal_key(base64.b64decode(key))

    def clock(self) -> Clock:
        """The platform's clock, or the machine's where the platform is not ours."""
        return SystemClock() if self.postgres else parse_clock(state.load(self.data).clock)

    def owner_dsn(self) -> str:
        """The database as a role that may become its owner; ends the command when it can't be known."""
        if self.postgres:
            return self.postgres
        running(self.data, as_json=self.as_json)
        port = state.load(self.data).ports.get("postgres")
        if port is None or Credentials(self.data).known("postgres/postgres") is None:
            message = "this platform runs on a PostgreSQL of your own: name its superuser with --dsn"
            fail(Exit.USAGE, message, as_json=self.as_json)
        return EmbeddedPostgres(self.data, port).dsn(database=DATABASE)
