"""What the health watch knows about devices: states, times, identities, readings. Pure."""
