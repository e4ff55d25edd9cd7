"""Is somebody listening there? The cheapest sign that a device is back."""

import socket

CONNECT_SECONDS = 2.0


def answers(address: str, port: int) -> bool:
    """True if a TCP connection opens within CONNECT_SECONDS."""
    try:
        with socket.create_connection((address, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
