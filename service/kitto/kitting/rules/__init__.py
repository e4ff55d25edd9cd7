"""What is true of kits, without a database: states, steps, profiles, refusals."""
