"""What a company says on its own pages on a network: written, published, and how it stands."""
