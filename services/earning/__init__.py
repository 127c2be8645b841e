"""Receipts in, points and explanations out."""
