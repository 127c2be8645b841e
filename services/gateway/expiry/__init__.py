"""What lapses when: boundaries, forecasts, sweeps, reminders, who is spared, what comes back."""
