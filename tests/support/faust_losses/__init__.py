"""Small Faust apps that lose records, as processes of their own: why money does not go through agents."""
