"""Who may do what: sign-in, roles, tokens."""
