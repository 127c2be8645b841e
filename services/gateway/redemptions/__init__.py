"""Points are spent through the door: redemption decides, and is asked over HTTP."""
