"""Letters by post."""
