"""What people and programs can do with accounts, sign-ins and tokens."""
