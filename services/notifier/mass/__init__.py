"""Messages to many members at once: counted before they are sent, and laid down as deliveries portion by portion."""
