"""Files that are sent over HTTP: received, kept on disk, and fed into topics."""
