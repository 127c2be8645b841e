"""The catalogue at the door: rewards as members see them and as they are kept, orders, and wishes."""
