"""Benefits of which a member chooses one: listed and chosen through the door."""
