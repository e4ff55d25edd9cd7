"""The other side of every conversation Kitto has, played for real on loopback."""
