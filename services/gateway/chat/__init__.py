"""Live chat: what a member and the staff of a programme write to each other, and have at once."""
