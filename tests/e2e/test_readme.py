"""What README tells a newcomer to type is there, and in the long form it is typed word for word on a fresh clone."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import COMMAND

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
START_SECONDS = 600


def commands(heading: str = "") -> list[str]:
    """The command lines of README, those of one section or all."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0] if heading else README
    blocks = re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def producer() -> str:
    """The program of README that publishes a receipt."""
    (program,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(program)


def test_the_two_commands_are_the_two_commands() -> None:
    assert [line.split()[:2] for line in commands("Two commands")] == [["make", "up"], ["make", "test"]]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8"), "the test run itself is README's command"


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("make ")])
def test_every_target_exists(line: str) -> None:
    for target in shlex.split(line, comments=True)[1:]:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("pointstream ")])
def test_every_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    options = {word for word in words if word.startswith("--")}
    path = [word for word in words if re.fullmatch("[a-z]+", word)]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    told = subprocess.run([COMMAND, *path, "--help"], check=True, capture_output=True, text=True, env=environment)
    assert options <= set(re.findall(r"--[a-z-]+", told.stdout))


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("curl ")])
def test_every_address_is_one_of_the_api(line: str) -> None:
    path = shlex.split(line)[-1].removeprefix("$GATEWAY").partition("?")[0]
    paths = json.loads((ROOT / "services" / "gateway" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    assert any(
        re.fullmatch(re.sub(r"\{source\}", ".+", re.sub(r"\{(?!source)[a-z_]+\}", "[^/]+", each)), path)
        for each in paths
    )


@pytest.mark.slow
def test_a_newcomer_types_the_commands_word_for_word(tmp_path: Path) -> None:
    clone = tmp_path / "pointstream"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    up, _ = commands("Two commands")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("POINTSTREAM_", "PYTEST"))}
    environment |= {"PYTHON": sys.executable}
    output = tmp_path / "up.log"
    with output.open("wb") as said:
        typed = subprocess.Popen(
            ["bash", "-c", up], cwd=clone, env=environment, stdout=said, stderr=said, start_new_session=True
        )
    try:
        told = wait_until_ready(typed, output)
        export, alias, *steps = commands("The first five minutes")
        assert export.startswith("export KEY=")
        known = f"export KEY={told['key']} GATEWAY={told['gateway']} KAFKA={told['kafka']}"
        (clone / "till.py").write_text(producer(), encoding="utf-8")
        answers = [type_in(clone, environment, known, alias, step) for step in steps]
    finally:
        os.killpg(typed.pid, signal.SIGINT)
        typed.wait(120)
    assert "everything has stopped" in output.read_text(encoding="utf-8")
    member, history, receipt = (json.loads(answer) for answer in answers[:3])
    assert member["wallets"][0]["available"] > 0
    assert history["data"]
    assert receipt["outcome"] == "credited"
    typed_in = dict(zip(steps, answers, strict=True))
    sent = [json.loads(answer) for step, answer in typed_in.items() if "Idempotency-Key" in step]
    assert [each["status"] for each in sent] == ["accepted"] * 3, "a receipt, its return, and a claim, over HTTP"


def wait_until_ready(typed: subprocess.Popen[bytes], output: Path) -> dict[str, Any]:
    """Wait for the table that `make up` prints, and read the key and the addresses from it."""
    deadline = time.monotonic() + START_SECONDS
    while "Ready after" not in (text := output.read_text(encoding="utf-8", errors="replace")):
        assert typed.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)
    key, gateway = re.search(r"ly_test_[0-9a-f]+_[0-9a-f]{64}", text), re.search(r"http://127[0-9.]+:\d+", text)
    assert key, text
    assert gateway, text
    kafka = re.search(r"Kafka +(127[0-9.]+:\d+)", text)
    assert kafka, text
    return {"key": key[0], "gateway": gateway[0], "kafka": kafka[1]}


def type_in(clone: Path, environment: dict[str, str], *lines: str) -> str:
    """Type lines into a shell; the last must succeed. Returns what was printed."""
    script = "\n".join(["shopt -s expand_aliases", *lines])
    done = subprocess.run(
        ["bash", "-s"], input=script, cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{lines[-1]}\n{done.stdout}\n{done.stderr}"
    return done.stdout
