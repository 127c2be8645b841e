"""Games: chance, draws, wheels, auctions, badges and their documents."""
