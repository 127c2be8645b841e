"""What the members of each arm of an experiment did, and what that says."""
