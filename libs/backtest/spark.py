"""`python -m libs.backtest.spark`: a backtest of an exported history, carried out by Apache Spark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from libs.backtest.cluster import SparkWork
from libs.backtest.parquet import NoHistory, ParquetHistory
from libs.backtest.plan import PlanRefused, make_plan
from libs.backtest.results import costs_of, summarise, write_results
from libs.promotions.document import ProgrammeInvalid, canonical_json, parse_programme_yaml


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry a backtest out by the session that Spark's own configuration names, and write its results."""
    from pyspark.sql import SparkSession

    parser = argparse.ArgumentParser(prog="python -m libs.backtest.spark", description=__doc__)
    parser.add_argument("--history", type=Path, required=True, help="the folder that `history export` wrote")
    parser.add_argument("--programme", type=Path, required=True, help="the document B, in YAML or JSON")
    parser.add_argument("--from", dest="since", type=_instant, required=True, help="an instant")
    parser.add_argument("--to", dest="until", type=_instant, required=True, help="an instant")
    parser.add_argument("--against", type=int, help="compare with this version")
    parser.add_argument("--out", type=Path, required=True, help="where to put the results")
    asked = parser.parse_args(arguments)
    try:
        history = ParquetHistory(asked.history)
        programme = parse_programme_yaml(asked.programme.read_text(encoding="utf-8"))
        document = json.loads(canonical_json(programme))
        plan = make_plan(
            history.scheme, asked.since, asked.until, document, asked.against, history.total, history.personal
        )
        session = SparkSession.builder.appName("pointstream-backtest").getOrCreate()
        work = SparkWork(session, history, plan)
    except (NoHistory, OSError, PlanRefused, ProgrammeInvalid) as refused:
        parser.error(str(refused))
    work.judge()
    costs = costs_of(plan, {})
    asked.out.mkdir(parents=True, exist_ok=True)
    write_results(work, summarise(work, costs), asked.out, costs)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} does not say its offset from UTC, such as Z")
    return at.astimezone(UTC)


if __name__ == "__main__":
    main()
