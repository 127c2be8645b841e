"""What lapses of a member, told to them in plain words, with what they can do; and the rules of it in one place."""
