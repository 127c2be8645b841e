"""What a brand looks like, and what is designed with it: styles, blocks, landing pages, their versions and drafts."""
