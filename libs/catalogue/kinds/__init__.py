"""The sixteen kinds of rewards, one file each: what each says of itself, asks of the member, and how it goes on."""
