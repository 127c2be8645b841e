"""Message scenarios: what begins them, who is where, and what simulating them tells."""
