"""What is true of check-ins without a database: states, wire format, signatures, identity."""
