"""Kitto: the ledger, the kitting bench and the health watch of an organisation's devices."""

__version__ = "0.1.0"
