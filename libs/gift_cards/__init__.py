"""Gift cards: money that somebody paid for somebody else to spend, under the law of where the card was sold."""
