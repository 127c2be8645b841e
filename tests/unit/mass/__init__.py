"""Mass messages, without a database."""
