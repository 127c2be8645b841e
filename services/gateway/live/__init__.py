"""The live page: signing in, and what goes on."""
