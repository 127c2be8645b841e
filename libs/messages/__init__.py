"""What members are told: the words of a message, apart from how it travels."""
