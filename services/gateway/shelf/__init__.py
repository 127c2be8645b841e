"""The catalogue for anybody: on a phone, at home, and on a screen in a shop, of programmes that say they are public."""
