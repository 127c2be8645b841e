"""The pointstream command."""
