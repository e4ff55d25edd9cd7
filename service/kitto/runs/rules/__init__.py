"""States of runs from elsewhere, their wire format, and what is refused."""
