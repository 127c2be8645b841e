"""What members show to friends by a link: a reward, a badge, a place in a ranking; with a picture, and counted."""
