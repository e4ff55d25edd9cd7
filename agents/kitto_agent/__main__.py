"""Lets `python3 agent.pyz` and `python3 -m kitto_agent` start the command line."""

import sys

from kitto_agent.cli import main

sys.exit(main(sys.argv[1:]))
