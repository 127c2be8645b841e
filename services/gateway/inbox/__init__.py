"""What waits for members, as an app and a till ask for it."""
