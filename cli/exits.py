"""Exit codes of the `pointstream` command, the same for every subcommand."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command ended with; `MEANINGS` says it in words."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    ALREADY_RUNNING = 4
    UNAVAILABLE = 5
    VIOLATIONS = 6
    TIMED_OUT = 7
    CHANGES = 8
    OVERTAKEN = 9
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.FAILED: "it did not succeed; the message says why",
    Exit.USAGE: "the command was called wrongly",
    Exit.NOT_RUNNING: "no platform runs in this data directory",
    Exit.ALREADY_RUNNING: "another supervisor runs this data directory",
    Exit.UNAVAILABLE: "a part of the platform could not be started, or a port is taken",
    Exit.VIOLATIONS: "a check found something wrong",
    Exit.TIMED_OUT: "it took too long",
    Exit.CHANGES: "there is something to change, which was asked with --detailed-exitcode",
    Exit.OVERTAKEN: "somebody else has published meanwhile",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}


def described() -> str:
    """The table of exit codes, for the help."""
    return "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."
