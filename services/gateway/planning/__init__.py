"""Planning campaigns: the calendar of a programme, and the way to a new campaign."""
