"""What each member did, day by day: a projection of what stands of receipts and activities."""
