"""What is read from mails that come back, and what is said of messages."""
