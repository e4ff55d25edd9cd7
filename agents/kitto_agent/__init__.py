"""Kitto's endpoint agent: looks at the machine it runs on and reports what changed."""

VERSION = "0.1.0"
