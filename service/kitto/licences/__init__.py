"""Licences: what may be used, how many seats there are, and who has them."""
