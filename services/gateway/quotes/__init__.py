"""What a purchase would bring if it were made now."""
