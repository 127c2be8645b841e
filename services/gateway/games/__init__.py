"""Games, badges and rankings at the door: kept, played, shown, and drawn again by whoever likes to."""
