"""What providers of messages tell us afterwards: what became of a message, and what members answered."""
