"""Points are bought, exchanged with other programmes and donated through the door: redemption decides."""
