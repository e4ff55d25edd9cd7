"""Kitting: from the box to a machine that is ready, hands and plays in one timeline."""
