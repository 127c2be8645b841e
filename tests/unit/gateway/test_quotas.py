"""Quotas."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.door.quotas import Quotas


@given(
    requests=st.integers(1, 50),
    window=st.sampled_from([0.5, 1.0, 7.0, 60.0]),
    steps=st.lists(st.floats(0, 20), max_size=200),
)
def test_never_more_than_the_quota_at_once_and_never_less(requests: int, window: float, steps: list[float]) -> None:
    quotas, now, tokens = Quotas(requests, window), 0.0, float(requests)
    for step in steps:
        now += step
        tokens = min(float(requests), tokens + step * requests / window)  # a bucket that fills evenly: the same rule
        verdict = quotas.take("key", now)
        if abs(tokens - 1) > 1e-6:
            assert verdict.allowed == (tokens >= 1)
        tokens -= verdict.allowed
        assert 0 <= verdict.remaining <= requests
        assert verdict.allowed or verdict.retry_after >= 1


def test_who_waits_as_told_may_pass() -> None:
    quotas = Quotas(3, 60.0)
    assert [quotas.take("key", 0.0).remaining for _ in range(3)] == [2, 1, 0]
    refused = quotas.take("key", 0.0)
    assert (refused.allowed, refused.reset, refused.retry_after) == (False, 60, 20)
    assert quotas.take("key", float(refused.retry_after)).allowed
    assert quotas.take("other", 0.0).allowed


def test_headers_tell_it() -> None:
    quotas = Quotas(2, 60.0)
    assert quotas.headers(quotas.take("key", 0.0)) == {
        "RateLimit-Policy": '"default";q=2;w=60',
        "RateLimit": '"default";r=1;t=30',
    }
    quotas.take("key", 0.0)
    assert quotas.headers(quotas.take("key", 0.0))["Retry-After"] == "30"
