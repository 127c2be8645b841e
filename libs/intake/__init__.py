"""Files as a way in: rows of CSV or JSON lines become events, each valid or refused with the reason."""
