"""Migrations and the readable schema."""
