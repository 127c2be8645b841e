"""Letters to people of the company: a template tried on an address of one's own."""
