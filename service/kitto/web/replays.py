"""Idempotency keys: the answer of a command, kept in the command's own transaction."""

import hashlib
from datetime import datetime, timedelta
from typing import TypeVar

from fastapi import Request, Response
from sqlalchemy import LargeBinary, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from kitto.base.db import Base, Id
from kitto.base.errors import Refusal
from kitto.base.i18n import N_
from kitto.base.seal import marks
from kitto.base.work import Actor, Ledger, Work

Answer = TypeVar("Answer", bound=Response)
KEPT_FOR = timedelta(days=30)
LONGEST = 200
LARGEST = 256 * 1024
ONCE = "private, no-store"


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    says = N_("Nothing was done: this Idempotency-Key was used for another command. Use a new one.")


class KeyUnreadable(Refusal):
    code = "idempotency_key_unreadable"
    status = 400
    says = N_("Nothing was done: an Idempotency-Key has 1 to 200 visible ASCII characters.")


class KeptAnswer(Base):
    """The answer that a command with an Idempotency-Key got."""

    __tablename__ = "kept_answer"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    actor: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[str]
    status: Mapped[int]
    content_type: Mapped[str]
    location: Mapped[str]
    etag: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("actor", "key"),)


class Replays:
    """Looks up and keeps the answer of one command; does nothing without a key."""

    def __init__(self, ledger: Ledger, actor: Actor, key: str | None, print_: str) -> None:
        if key is not None and not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
            raise KeyUnreadable
        self._ledger = ledger
        self._actor = f"{actor.kind}:{actor.id}"
        self._key = key
        # What was kept by a release before this one is not keyed yet; it is gone after KEPT_FOR.
        self._prints = [*marks(print_.encode()), print_] if key is not None else []

    def find(self) -> Response | None:
        """The answer given before, or None. Refuses a key used for another command."""
        if self._key is None:
            return None
        work = self._ledger.open(_NOBODY, writes=False)
        try:
            kept = work.session.scalar(
                select(KeptAnswer).where(KeptAnswer.actor == self._actor, KeptAnswer.key == self._key)
            )
        finally:
            work.session.close()
        if kept is None:
            return None
        if kept.fingerprint not in self._prints:
            raise KeyReused
        return _again(kept)

    def kept(self, work: Work, response: Response) -> list[KeptAnswer]:
        """The row that keeps this answer; none without a key."""
        if self._key is None:
            return []
        body = b"" if response.headers.get("cache-control") == ONCE else bytes(getattr(response, "body", b""))
        return [
            KeptAnswer(
                actor=self._actor,
                key=self._key,
                fingerprint=self._prints[0],
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                location=response.headers.get("location", ""),
                etag=response.headers.get("etag", ""),
                body=body if len(body) <= LARGEST else b"",
                at=work.now,
            )
        ]


def once(answer: Answer) -> Answer:
    """The answer, marked as shown once: it holds a secret, so a repeated command gets it without its body."""
    answer.headers["Cache-Control"] = ONCE
    return answer


def forget_old(work: Work) -> None:
    """Forget answers older than KEPT_FOR. Idempotent."""
    work.session.execute(delete(KeptAnswer).where(KeptAnswer.at < work.now - KEPT_FOR))


async def fingerprint(request: Request) -> str:
    """What the command was: method, path and body. Kept only under this installation's key (`marks`)."""
    parts = (request.method.encode(), str(request.url.path).encode(), await request.body())
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


def _again(kept: KeptAnswer) -> Response:
    headers = {"Idempotent-Replayed": "true"}
    if kept.location:
        headers["Location"] = kept.location
    if kept.etag:
        headers["ETag"] = kept.etag
    return Response(
        content=kept.body, status_code=kept.status, media_type=kept.content_type or None, headers=headers
    )


_NOBODY = Actor(kind="system", id="replays", name="replays")
