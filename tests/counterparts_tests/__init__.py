"""Proves that each counterpart is what it claims to be."""
