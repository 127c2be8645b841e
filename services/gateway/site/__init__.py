"""Pages: what they are made of, who may see the console's, and those that describe the API."""
