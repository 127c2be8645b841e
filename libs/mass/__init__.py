"""Mass messages: one message to many members at once."""
