"""Messages to many members at once, over HTTP and on the console's pages."""
