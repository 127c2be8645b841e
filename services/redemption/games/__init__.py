"""Games: opened with a seed that nobody knows, played for points and tickets, and drawn when they are over."""
