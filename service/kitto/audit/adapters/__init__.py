"""Files that the journal leaves the house in."""
