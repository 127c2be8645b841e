"""What members are told: templates, what is wrong with one, and what comes of it."""
