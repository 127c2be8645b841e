"""The words of messages at the door: templates are listed, tried, published and taken back."""
