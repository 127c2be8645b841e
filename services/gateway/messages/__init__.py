"""What members were told, and why: over HTTP, in the console, and what is heard of it."""
