"""Check-ins: agents, what they report, and which device in the ledger they speak for."""
