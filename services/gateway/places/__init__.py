"""Where a member is: which stores are near and what they offer, and word of it to whoever asked to be told."""
