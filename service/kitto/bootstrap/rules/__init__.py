"""What is true of first connections, without a database: kinds, states, messages, refusals."""
