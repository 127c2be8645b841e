"""The promotion engine: programme in, explained points out; pure."""
