"""What we change in Faust."""

from __future__ import annotations

from unittest.mock import Mock

from libs.runtime.faust_host import HostApp


def test_a_rebalance_at_the_end_leaves_the_consumer_to_its_thread() -> None:
    """Closing it from the main thread's loop could hang a process that was asked to stop while it joined its group."""
    app = HostApp("host", broker="kafka://127.0.0.1:1", store="memory://")
    app.consumer = consumer = Mock(name="consumer")
    app._on_rebalance_when_stopped()
    consumer.close.assert_not_called()
