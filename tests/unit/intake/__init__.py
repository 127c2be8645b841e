"""Files as a way in, without a broker."""
