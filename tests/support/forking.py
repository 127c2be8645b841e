"""Services and commands run as forks of a process that has imported them, which takes longer than most of what they do.

A fork runs what `python -m services.<name>` or `python -m cli.main` does, with an environment and files of its own to
write to, and ends by itself; only its modules were there before. Where processes have no descriptors, anywhere but on
Linux, each starts from nothing.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from libs.runtime import failpoint

ROOT = Path(__file__).parents[2]


class Forked:
    """A process that another than ours is the parent of; a part of what `subprocess.Popen` has."""

    def __init__(self, parent: _Parent, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._descriptor = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._descriptor)

    def poll(self) -> int | None:
        """Its exit status, negative for the signal that ended it; None while it runs."""
        return self._ended_within(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait so many seconds at most for its exit status.

        Raises:
            TimeoutExpired: it still runs.
        """
        status = self._ended_within(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended_within(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            waiting = select.poll()
            waiting.register(self._descriptor, select.POLLIN)
            if waiting.poll(None if seconds is None else seconds * 1_000):
                with self._parent.lock:
                    if self.returncode is None:  # else another thread has asked
                        self.returncode = self._parent.ask({"ended": self.pid})
        return self.returncode


class _Parent:
    """The process that forks: one for each service, from its first start to the end of the run."""

    def __init__(self, module: str) -> None:
        self.lock = threading.Lock()
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], output: Path, errors: Path) -> Forked:
        """Have it fork; what the fork writes goes to these files, which may be one."""
        files = [str(output), str(errors)]
        with self.lock:
            return Forked(self, self.ask({"arguments": arguments, "environment": dict(environment), "files": files}))

    def ask(self, question: Mapping[str, object]) -> int:
        """Its answer to a question; whoever asks holds the lock."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"whoever forks {self._module} has ended"
        return int(answer)

    def end(self) -> None:
        """Ask no more, which ends it and what of its forks still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


_parents: dict[str, _Parent] = {}


def pytest_unconfigure() -> None:
    """End whoever forks."""
    while _parents:
        _parents.popitem()[1].end()


def start(module: str, environment: Mapping[str, str], log: Path, *arguments: str) -> Forked | subprocess.Popen[bytes]:
    """Start `python -m <module> <arguments>`, a service, with this environment; what it writes goes to the log."""
    log.touch()
    return _start(module, environment, log, log, *arguments)


def run(
    module: str, environment: Mapping[str, str], folder: Path, *arguments: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run `python -m <module> <arguments>` to its end; what it writes goes through files in this folder.

    Raises:
        TimeoutExpired: it takes more than so many seconds; it is ended then.
    """
    output, errors = folder / "stdout", folder / "stderr"
    process = _start(module, environment, output, errors, *arguments)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(arguments, status, output.read_text("utf-8"), errors.read_text("utf-8"))


def _start(
    module: str, environment: Mapping[str, str], output: Path, errors: Path, *arguments: str
) -> Forked | subprocess.Popen[bytes]:
    if hasattr(os, "pidfd_open"):
        if module not in _parents:
            _parents[module] = _Parent(module)
        return _parents[module].fork(arguments, environment, output, errors)
    with output.open("ab") as stdout, errors.open("ab") as stderr:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr)


def _answer_questions(module: str) -> list[str] | None:
    """Fork, and tell how forks ended, until nobody asks any more; then end them.

    Returns in each fork, which is set up by then, its arguments.
    """
    for each in import_module(module).MODULES if module == "cli.main" else (f"{module}.app",):
        import_module(each)
    gc.collect()
    gc.freeze()  # what a collection touches would be copied in every fork
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: set[int] = set()
    for line in sys.stdin:
        question = json.loads(line)
        if "ended" in question:
            pid, status = os.waitpid(question["ended"], 0)
            running.discard(pid)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _set_up(question["environment"], *question["files"])
                arguments: list[str] = question["arguments"]
                return arguments
            running.add(answer)
        print(answer, flush=True)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return None


def _set_up(environment: Mapping[str, str], output: str, errors: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    stdout, stderr = (os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for name in (output, errors))
    for taken, number in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(taken, number)
        os.close(taken)
    os.environ.clear()
    os.environ.update(environment)
    failpoint.arm(os.environ.get("POINTSTREAM_FAIL_POINT"))


if __name__ == "__main__" and (given := _answer_questions(sys.argv[1])) is not None:
    service = sys.argv[1]
    sys.argv[1:] = given
    runpy.run_module(service, run_name="__main__", alter_sys=True)
