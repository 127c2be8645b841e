"""Children, their orphans, the lock of a data directory, and ports."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.embedded import layout, ports, process
from deploy.embedded.lock import DirectoryInUse, DirectoryLock
from deploy.embedded.process import Child, birth, clean_orphans, orphans

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]
FORGETFUL = """
import os, sys
from pathlib import Path
from deploy.embedded.process import Child
child = Child("sleeper", Path(sys.argv[1]))
child.start([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ)
print(child.pid, flush=True)
os._exit(1)
"""


def leave_orphan(data: Path) -> int:
    """Let a supervisor die at once, and return its child."""
    done = subprocess.run([sys.executable, "-c", FORGETFUL, str(data)], capture_output=True, text=True, check=False)
    return int(done.stdout)


def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    child = Child("stubborn", tmp_path)
    child.start(STUBBORN, env=os.environ)
    while "up" not in child.log_tail():
        time.sleep(0.01)
    assert not child.stop((signal.SIGTERM, 0.1))
    assert not child.alive
    assert not child.pid_file.exists()


def test_orphans_are_found_by_their_pid_files_and_ended(tmp_path: Path) -> None:
    pid = leave_orphan(tmp_path)
    assert [orphan.pid for orphan in orphans(tmp_path)] == [pid]
    assert clean_orphans(tmp_path) == ["sleeper"]
    assert birth(pid) is None
    assert orphans(tmp_path) == []


def test_an_orphan_without_a_pid_file_is_found_by_its_mark(tmp_path: Path) -> None:
    pid = leave_orphan(tmp_path)
    (tmp_path / "run" / "sleeper.pid").unlink()
    assert clean_orphans(tmp_path) == ["sleeper"]
    assert birth(pid) is None


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(SLEEPER)
    try:
        (tmp_path / "run").mkdir()
        record = {"name": "earning", "pid": stranger.pid, "born": "another boot/1", "command": "python"}
        (tmp_path / "run" / "earning.pid").write_text(json.dumps(record), encoding="utf-8")
        assert clean_orphans(tmp_path) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_abandoned_children_of_throw_away_directories_are_ended(tmp_path: Path) -> None:
    pid = leave_orphan(tmp_path)
    mine = Child("mine", tmp_path)
    mine.start(SLEEPER, env=os.environ)
    try:
        assert process.clean_abandoned(str(tmp_path)) == [process.marker(tmp_path, "sleeper")]
        assert birth(pid) is None
        assert mine.alive
    finally:
        mine.stop()


def test_two_supervisors_cannot_share_a_directory(tmp_path: Path) -> None:
    with DirectoryLock(tmp_path) as lock:
        with pytest.raises(DirectoryInUse, match=f"process {os.getpid()}"):
            DirectoryLock(tmp_path).acquire()
        assert DirectoryLock(tmp_path).owner() == os.getpid()
        lock.release()
        assert DirectoryLock(tmp_path).owner() is None


def test_a_port_wanted_by_number_must_be_free() -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(layout.PortTaken, match=f"port {number} for gateway is taken"):
            layout.choose({"gateway": number}, {}, ("gateway",))
        chosen, notes = layout.choose({}, {"gateway": number}, ("gateway",))
    assert chosen["gateway"] != number
    assert notes == [f"port {number} is taken: gateway listens on {chosen['gateway']}"]


def test_ports_of_last_time_are_taken_again() -> None:
    first, second = ports.free_ports(2)
    assert layout.choose({"kafka": second}, {"gateway": first}, ("gateway", "kafka")) == (
        {"gateway": first, "kafka": second},
        [],
    )
