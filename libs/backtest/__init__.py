"""The backtest: stored history judged again under two sets of rules, to the same bytes every time."""
