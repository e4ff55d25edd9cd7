"""What can stop a run, each with the exit code that a timer or a playbook sees."""


class Stop(Exception):  # noqa: N818 -- not an error of the program
    """The run ends here; the text says what a person can do. Trying again later may help."""

    exit_code = 1


class NeedsPerson(Stop):
    """Trying again will not help until somebody has done something."""

    exit_code = 2


class NotEnrolled(NeedsPerson):
    """There is no credential in the state folder."""

    def __init__(self) -> None:
        super().__init__("This machine is not enrolled. Run: agent.pyz enrol --server URL --token-stdin")


class Cloned(NeedsPerson):
    """The credential was made on another machine, or before this one was reinstalled."""

    def __init__(self, changed: str) -> None:
        super().__init__(
            f"The credential here belongs to another machine ({changed} differs), so nothing was sent."
            " Run: agent.pyz seal, then enrol again with a new token."
        )


class Unsupported(NeedsPerson):
    """We have no honest way to look at this kind of system."""


class Later(Stop):
    """The server could not be reached or asked us to wait."""

    def __init__(self, why: str, seconds: "int | None" = None) -> None:
        super().__init__(why)
        self.seconds = seconds


class Refused(NeedsPerson):
    """The server understood us and said no."""


class Removed(NeedsPerson):
    """The server said that this agent is no longer wanted (410)."""

    def __init__(self) -> None:
        super().__init__("The server has removed this machine. The agent takes itself away.")
