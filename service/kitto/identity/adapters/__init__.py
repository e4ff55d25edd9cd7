"""Passwords and codes: what argon2 and pyotp do for us."""
