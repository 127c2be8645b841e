"""What scenarios begin with, when their steps are due, what ends them, and how many members are where."""
