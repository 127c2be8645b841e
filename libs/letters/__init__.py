"""Letters by post: a sheet of paper for each message, with the address where a window envelope shows it."""
