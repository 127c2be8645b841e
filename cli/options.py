"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DataOption: TypeAlias = Annotated[
    Path,
    typer.Option("--data", envvar="POINTSTREAM_DATA", help="The data directory.", file_okay=False, resolve_path=True),
]
DEFAULT_DATA = Path(".pointstream")
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write one JSON object to standard output; everything else to standard error.")
]
