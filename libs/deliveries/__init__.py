"""What members were told, what became of it, and why: read by whoever answers for it."""
