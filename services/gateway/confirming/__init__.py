"""What somebody agreed to on a page counts once they followed a link in a mail: double opt-in."""
