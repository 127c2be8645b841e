"""The ways to a member, one file each. A new channel is one file and one entry."""
