"""Landing pages of campaigns: what anybody sees of them, and joining by them."""
