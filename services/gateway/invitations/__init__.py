"""Friends whom members invite by mail: one notice with a question, and not a word more before they have agreed."""
