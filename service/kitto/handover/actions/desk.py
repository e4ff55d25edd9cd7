"""The desk: every scan does one thing, stays until DONE, and can be taken away again."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.dialects import postgresql, sqlite

from kitto.assets import queries as assets
from kitto.assets.models import Asset
from kitto.assets.queries.find import ScanForeign, ScanUnknown
from kitto.assets.rules import Condition, HolderKind, ScanUnreadable
from kitto.base.errors import NotFound
from kitto.base.i18n import N_, translate
from kitto.base.work import Work
from kitto.handover import queries
from kitto.handover.actions.transfer import hand_over, take_back
from kitto.handover.models import DeskLine, DeskSession, Handover
from kitto.handover.queries.desk import DeskView, newest_with_remedy
from kitto.handover.rules import (
    COMMANDS,
    CONDITIONS,
    LONGEST_SCAN,
    MOST_LINES,
    Command,
    Given,
    LinesInTheWay,
    Mode,
    NothingScanned,
    NothingToFix,
    NothingToUndo,
    ReceiverMissing,
    Remedy,
    Returned,
    Terms,
    TooManyLines,
    Verdict,
    command_of,
    pool_of,
)
from kitto.identity.rules import Permission
from kitto.licences import queries as licences
from kitto.people import queries as people
from kitto.people.rules import BadgeUnknown, tidy

DRAFT = "what lies on the desk is a draft until DONE"


@dataclass(frozen=True, kw_only=True)
class Echo:
    """What a scan did: the verdict that sounds, a title, a sentence; `done` after DONE.

    `line_id` is the line it is about, if it is about one that still stands.
    """

    verdict: Verdict
    title: str
    says: str = ""
    done: tuple[Handover, ...] = ()
    line_id: int | None = None


def scan(work: Work, raw: str) -> Echo:
    """Take one scan: a command, a badge, a device, or a licence. What is unknown stays as a red line."""
    work.allow(Permission.HAND_OVER)
    if not raw.strip() or len(raw) > LONGEST_SCAN:
        raise ScanUnreadable
    session = _opened(work)
    command = command_of(raw)
    if command is not None:
        return _obey(work, session, command)
    pool_id = pool_of(raw)
    if pool_id is not None:
        return _pool(work, session, raw, pool_id)
    if session.holder_id is None and (echo := _badge(work, session, raw)) is not None:
        return echo
    asset = _device(work, raw)
    if asset is not None:
        return _add(work, session, raw, asset=asset)
    return _badge(work, session, raw) or _add(work, session, raw)


def fix(work: Work, line_id: int | None = None) -> Echo:
    """Do what a red line offers: take it away, or let the device go over from its holder."""
    work.allow(Permission.HAND_OVER)
    session = _opened(work)
    shown = queries.view(work, session).lines
    line = (
        newest_with_remedy(shown)
        if line_id is None
        else next((one for one in shown if one.id == line_id and one.remedy), None)
    )
    if line is None:
        raise NothingToFix
    row = _row(session, line.id)
    if line.remedy is Remedy.TRANSFER and row.asset_id is not None:
        custody = assets.custody_of(work, row.asset_id)
        row.transfer_from = custody.id if custody else None
    else:
        session.lines.remove(row)
    return _done(work, Verdict.OK, line.title)


def remove(work: Work, line_id: int | None = None) -> Echo:
    """Take a line away; without a number the newest one. Refuses when nothing is scanned."""
    work.allow(Permission.HAND_OVER)
    session = _opened(work)
    if not session.lines and line_id is None and session.holder_id is not None:
        session.holder_kind = session.holder_id = None
        return _done(work, Verdict.AGAIN, translate(work.locale, N_("The receiver is taken away.")))
    if not session.lines:
        raise NothingToUndo
    row = _row(session, line_id if line_id is not None else session.lines[-1].id)
    session.lines.remove(row)
    return _done(work, Verdict.AGAIN, row.scanned[:40], N_("taken away"))


def describe_line(work: Work, line_id: int, *, condition: Condition, missing: tuple[str, ...]) -> Echo:
    """Note how a returned device is, and which accessories did not come with it."""
    work.allow(Permission.TAKE_BACK)
    row = _row(_opened(work), line_id)
    row.condition, row.missing = condition, [tidy(name) for name in missing]
    return _done(work, Verdict.OK, row.scanned[:40])


def set_due(work: Work, due_on: date | None) -> None:
    """Until when the devices on the desk may be kept."""
    work.allow(Permission.HAND_OVER)
    _opened(work).due_on = due_on
    work.unrecorded(DRAFT)


def cancel(work: Work) -> None:
    """Clear the desk; nothing has changed hands."""
    work.allow(Permission.HAND_OVER)
    _opened(work).closed_at = work.now
    work.unrecorded(DRAFT)


def finish(work: Work) -> list[Handover]:
    """Carry out what lies on the desk, all or nothing, and clear it."""
    work.allow(Permission.HAND_OVER)
    session = _opened(work)
    shown = queries.view(work, session)
    if not session.lines:
        raise NothingScanned
    if shown.blocked:
        raise LinesInTheWay(count=shown.blocked)
    session.closed_at = work.now
    # What was read for the screen may be old by now; the actions read it again under their locks.
    for row in list(work.session.identity_map.values()):
        if isinstance(row, Asset):
            work.session.expire(row)
    if session.mode is Mode.TAKE_BACK:
        returned = [
            Returned(tag=line.tag, condition=line.condition, missing=line.missing)
            for line in shown.devices
            if line.tag
        ]
        return take_back(work, returned)
    return [_hand_over(work, session, shown)]


def _hand_over(work: Work, session: DeskSession, shown: DeskView) -> Handover:
    if shown.holder is None:
        raise ReceiverMissing
    given = [Given(tag=line.tag, custody_id=line.transfer_from) for line in shown.devices if line.tag]
    pools = tuple(
        line.pool_id
        for line in reversed(shown.lines)
        if line.pool_id is not None and line.verdict is Verdict.OK
    )
    return hand_over(work, shown.holder, given, Terms(due_on=session.due_on, pool_ids=pools))


def _obey(work: Work, session: DeskSession, command: Command) -> Echo:
    title = translate(work.locale, COMMANDS[command])
    if command is Command.DONE:
        done = finish(work)
        return Echo(verdict=Verdict.OK, title=title, done=tuple(done))
    if command is Command.UNDO:
        return remove(work)
    if command is Command.FIX:
        return fix(work)
    if command is Command.CANCEL:
        cancel(work)
        return Echo(verdict=Verdict.AGAIN, title=title)
    if command in CONDITIONS:
        if not session.lines:
            raise NothingToUndo
        session.lines[-1].condition = CONDITIONS[command]
        return _done(work, Verdict.OK, title)
    session.mode = Mode.TAKE_BACK if command is Command.TAKE_BACK else Mode.HAND_OVER
    return _done(work, Verdict.OK, title)


def _badge(work: Work, session: DeskSession, raw: str) -> Echo | None:
    try:
        person = people.person_by_badge(work, raw)
        kind, holder_id, name = HolderKind.PERSON, person.id, person.name
    except BadgeUnknown:
        try:
            project = people.project_by_code(work, raw)
        except NotFound:
            return None
        kind, holder_id, name = HolderKind.PROJECT, project.id, project.name
    same = (session.holder_kind, session.holder_id) == (kind, holder_id)
    session.holder_kind, session.holder_id = kind, holder_id
    says = N_("returns devices") if session.mode is Mode.TAKE_BACK else N_("receives the devices")
    return _done(work, Verdict.AGAIN if same else Verdict.OK, name, says)


def _device(work: Work, raw: str) -> Asset | None:
    try:
        return assets.resolve_scan(work, raw)
    except (ScanUnknown, ScanForeign, ScanUnreadable):
        return None


def _pool(work: Work, session: DeskSession, raw: str, pool_id: int) -> Echo:
    try:
        pool = licences.pool(work, pool_id)
    except NotFound:
        return _add(work, session, raw)
    return _add(work, session, raw, pool_id=pool.id)


def _add(
    work: Work,
    session: DeskSession,
    raw: str,
    *,
    asset: Asset | None = None,
    pool_id: int | None = None,
) -> Echo:
    row = _known(session, raw, asset, pool_id)
    is_new = row is None
    if row is None:
        if len(session.lines) >= MOST_LINES:
            raise TooManyLines(most=MOST_LINES)
        row = DeskLine(
            scanned=_kept(raw),
            asset_id=asset.id if asset else None,
            pool_id=pool_id,
            transfer_from=None,
            condition=asset.condition if asset else Condition.GOOD,
            missing=[],
            scanned_at=work.now,
        )
        session.lines.append(row)
        work.session.flush()  # the verdict is asked for by the line's number
    work.unrecorded(DRAFT)
    line = next(one for one in queries.view(work, session).lines if one.id == row.id)
    again = not is_new and line.verdict is Verdict.OK
    return Echo(
        verdict=Verdict.AGAIN if again else line.verdict,
        title=line.title,
        says=translate(work.locale, N_("scanned before")) if again else line.says,
        line_id=line.id,
    )


def _known(session: DeskSession, raw: str, asset: Asset | None, pool_id: int | None) -> DeskLine | None:
    if asset is not None:
        return next((line for line in session.lines if line.asset_id == asset.id), None)
    if pool_id is not None:
        return next((line for line in session.lines if line.pool_id == pool_id), None)
    return next(
        (
            line
            for line in session.lines
            if line.scanned == _kept(raw) and line.asset_id is None and line.pool_id is None
        ),
        None,
    )


def _kept(raw: str) -> str:
    return "".join(sign for sign in raw.strip() if sign.isprintable())


def _row(session: DeskSession, line_id: int) -> DeskLine:
    found = next((line for line in session.lines if line.id == line_id), None)
    if found is None:
        raise NothingToUndo
    return found


def _done(work: Work, verdict: Verdict, title: str, says: str = "") -> Echo:
    work.unrecorded(DRAFT)
    return Echo(verdict=verdict, title=title, says=translate(work.locale, says) if says else "")


def _opened(work: Work) -> DeskSession:
    found = queries.own_session(work, lock=True)
    if found is not None:
        return found
    is_sqlite = work.session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    # Two first scans at once: one makes the session, the other waits and finds it.
    work.session.execute(
        insert(DeskSession)
        .values(actor=queries.actor_key(work), mode=Mode.HAND_OVER, opened_at=work.now)
        .on_conflict_do_nothing()
    )
    made = queries.own_session(work, lock=True)
    if made is None:
        raise NothingScanned
    return made
