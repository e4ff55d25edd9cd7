"""What check-ins give to the rooms beside them."""

from kitto.assets import queries as assets
from kitto.assets.secrets import gives_secret
from kitto.base.seal import Secret
from kitto.base.work import Work
from kitto.checkins.actions.tokens import issue_enrolment_token


@gives_secret("enrolment_token")
def enrolment_token(work: Work, asset_id: int) -> Secret:
    """A token with which just this device can enrol, once; for the play that installs the agent."""
    asset = assets.by_id(work, asset_id)
    return issue_enrolment_token(work, tag=asset.name, note="kit").text
