"""First contact of a fresh machine with Kitto: scripts that know the service only by its wire format."""
