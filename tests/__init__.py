"""Kitto's tests: real counterparts, a small cast, one sentence per test."""
