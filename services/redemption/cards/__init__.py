"""Gift cards are issued, used, topped up, moved and paid out."""
