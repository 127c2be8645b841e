"""Languages: texts, numbers, money and dates as a reader has them."""
