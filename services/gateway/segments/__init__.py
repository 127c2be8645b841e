"""Who is in which segment and why, and the lists that people keep."""
