"""Samples over time become rates and bars."""

from __future__ import annotations

from tests.bench.series import Sample, chart, columns, rates


def sample(seconds: float, records: int) -> Sample:
    return Sample(seconds, records, 100.0 + seconds, 200.0, 300.0, 400.0)


def test_rates_are_interpolated_between_samples() -> None:
    samples = [sample(0, 0), sample(10, 150), sample(20, 400), sample(25, 400)]
    assert rates(samples, 100) == [15, 19, 25, 25]
    assert rates(samples, 1_000) == []
    assert rates([], 100) == []


def test_a_column_is_one_line_of_bars() -> None:
    series = columns([sample(second, second * 10) for second in range(200)])
    assert series["records"][-1] == 1_990
    lines = chart(series).splitlines()
    assert [line.split()[0] for line in lines] == ["records", "worker_mb", "postgres_mb", "broker_mb", "database_mb"]
    assert lines[0].endswith("0 to 1,990")
    assert "█" in lines[0]
    assert chart({}) == ""
