"""Everything that reads agents, reports and findings."""

from kitto.checkins.queries.observed import (
    Identity,
    Observed,
    agent_of,
    identity_of,
    installed,
    of_device,
)

__all__ = ["Identity", "Observed", "agent_of", "identity_of", "installed", "of_device"]
