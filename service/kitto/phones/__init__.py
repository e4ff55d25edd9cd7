"""Phones: what a new one reads (codes, profiles), and what a cable reads from it."""
