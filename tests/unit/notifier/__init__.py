"""What the notifier decides, without a database."""
