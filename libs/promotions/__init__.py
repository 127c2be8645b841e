"""The promotion engine: receipts and a programme in, points with their explanation out. Pure; see README.md."""
