"""The journal as people read it, and what waits for them today."""
