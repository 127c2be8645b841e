"""Referrals by calculation alone."""
