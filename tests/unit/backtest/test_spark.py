"""The backtest by Spark, in its local mode with two processes, leaves the bytes that one process leaves without it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.kafka import find_java
from libs.backtest.parquet import ParquetHistory, export
from libs.backtest.plan import ALWAYS
from tests.support.histories import backtest
from tests.support.stack import ROOT
from tests.unit.backtest.test_backtest import (
    BUDGET,
    CARDS,
    DAILY,
    GROUPED,
    SINCE,
    UNTIL,
    Said,
    campaign,
    files,
    fixed,
    limit,
    lived,
    rules,
)
from tests.unit.backtest.test_following import FIRSTS, REGULAR, SETS, SILVER, document, stored

KINDS = ("purchase", "purchase", "activity", "return", "word", "correction", "purchase", "void")
LIFE = [
    Said(KINDS[at % len(KINDS)], CARDS[(at + at // 8) % 4], ("coffee-500g", "tea", "apples")[at % 3], 900 + 7 * at, at)
    for at in range(60)
]
BEGAN = SINCE - timedelta(minutes=20)
SORRY = campaign("sorry", fixed(9), trigger={"kind": "return"}, limits=[limit("campaign", "ever", 20)])
BUSY = {"name": "busy", "when": {"all": [{"kind": "count", "what": "visits", "min": 3}]}}
BUSY_NOW = campaign("busy", fixed(31), trigger={"kind": "segment_entered", "segment": "busy"})
CONFIGURATION = """
spark.master local[2]
spark.ui.enabled false
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
"""
JAVA = """#!/bin/sh
for each in "$@"; do
    shift
    [ "$each" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$each"
done
exec '{java}' "$@"
"""


def java_home(folder: Path) -> Path:
    """The Java that the embedded Kafka runs on, as Spark can start it.

    Spark asks for one module that it can do without and that the wheel's Java does not have: faster vectors for its
    own statistics.
    """
    program = folder / "java" / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(JAVA.format(java=find_java()))
    program.chmod(0o755)
    return program.parents[1]


def by_spark(history: Path, document: Mapping[str, Any], folder: Path) -> Path:
    """Carry the backtest out as a user of Spark does."""
    conf, programme, out = folder / "conf", folder / "b.json", folder / "spark"
    conf.mkdir()
    (conf / "spark-defaults.conf").write_text(f"{CONFIGURATION}spark.local.dir {folder / 'local'}\n")
    programme.write_text(json.dumps(document))
    python = str(ROOT / ".cache/spark/bin/python")
    environment = {
        "PATH": os.environ["PATH"],
        "JAVA_HOME": str(java_home(folder)),
        "PYSPARK_PYTHON": python,
        "PYTHONPATH": str(ROOT),
        "SPARK_CONF_DIR": str(conf),
        "TZ": "Pacific/Auckland",
    }
    options = ["--history", history, "--programme", programme, "--out", out]
    instants = ["--from", SINCE.isoformat(), "--to", UNTIL.isoformat()]
    command = [python, "-m", "libs.backtest.spark", *map(str, options), *instants]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (rules(1, DAILY), rules(2, BUDGET, *GROUPED)),
        (document(1, FIRSTS), document(2, BUDGET, SORRY, BUSY_NOW) | {"segments": [BUSY]}),
        (document(1, FIRSTS, sets=SETS[1:2]), document(1, SILVER, BUDGET, sets=[SETS[0], REGULAR]) | {"version": 2}),
    ],
    ids=["limits", "occasions", "limits-and-tiers"],
)
def test_spark_leaves_the_bytes_of_one_process(a: dict[str, Any], b: dict[str, Any], tmp_path: Path) -> None:
    subprocess.run([ROOT / ".ci/spark"], check=True)
    with lived(a, LIFE, BEGAN) as memory:
        history = stored(memory, a)
    asyncio.run(export(history, ALWAYS, UNTIL, tmp_path / "history", lambda *_: None))
    read = ParquetHistory(tmp_path / "history")

    summary, tallies = backtest(read, b, tmp_path / "one", SINCE, UNTIL)

    assert len(tallies) == len(CARDS)
    assert summary["members"]["same"] < len(CARDS), "B makes a difference"
    one, spark = files(tmp_path / "one"), files(by_spark(tmp_path / "history", b, tmp_path))
    assert one.keys() == spark.keys()
    assert [name for name in one if one[name] != spark[name]] == []
