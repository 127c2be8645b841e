"""Members who are blocked: stopped and let go on by people, within seconds."""
