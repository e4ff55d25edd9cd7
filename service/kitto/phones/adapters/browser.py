"""What must not happen to an answer that holds a password."""

from fastapi import Request

from kitto.phones.rules.refusals import AnswerNotKept


def never_kept(request: Request) -> None:
    """Refuses AnswerNotKept: under an Idempotency-Key the digest of what was sent would be kept."""
    if "idempotency-key" in request.headers:
        raise AnswerNotKept
