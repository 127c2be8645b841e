"""What the HTTP door does without a database."""
