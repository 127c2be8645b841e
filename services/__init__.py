"""The five processes; they never import each other and meet on topics."""
