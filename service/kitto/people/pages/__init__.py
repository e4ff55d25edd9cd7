"""Pages of people, projects and departments."""

from kitto.people.pages.organisation import router as organisation
from kitto.people.pages.people import router as people

__all__ = ["organisation", "people"]
