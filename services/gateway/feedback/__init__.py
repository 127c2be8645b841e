"""What members think of what they had: stars and words for orders, kept, told, and summed up for each reward."""
