"""A Windows PC on the bench: real WS-Management in front, a pretend Windows behind it."""
