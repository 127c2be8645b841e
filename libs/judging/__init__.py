"""Judging: what a receipt or an activity brings under a programme, shared by earning and whoever asks what if."""
