"""Templates of a programme: as JSON has them, and what agencies send."""
