"""J15: a message to a segment, once or recurring, through the same gate as everything else.

Each person gets it in her own language and outside her own quiet hours: both are the gate's work.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from typing_extensions import override

from app.catalog.tables import Product
from app.customers.tables import Person
from app.decisions import flows as decisions
from app.journeys import ghosts
from app.journeys.naming import decision_of
from app.journeys.tables import Newsletter
from app.kit.tx import Job, Tx
from app.messages import flows as messages
from app.messages import grounds
from app.messages.flows import Request
from app.messages.hours import moment
from app.messages.rules import Priority
from app.recommend import sale
from app.segments import queries as segments
from app.segments.compiling import PEOPLE
from app.shops import flows as shops
from app.trials import deciding, queries
from app.trials import flows as trials
from app.world import World

TOGETHER = 200
"""People it is asked for in one transaction."""
VALID = timedelta(hours=48)
"""FC-3."""
LETTER = "letter"
"""The one step of a newsletter."""
MOST_NEW = 6
"""Products in a digest."""
MOST_ASKED = 100
"""New ones of which Saleor is asked whether they can be bought: a page."""


class Post(Job, kind="journey.newsletter"):
    """A newsletter's time has come."""

    newsletter: int
    at: datetime

    @property
    @override
    def lane(self) -> str:
        return f"newsletter:{self.newsletter}"


def plan(
    tx: Tx,
    *,
    name: str,
    message: str,
    segment: str | None,
    at: datetime,
    every_days: int | None = None,
    digest: bool = False,
    by: str | None = None,
) -> Newsletter:
    """Raises ValueError on a time that is over, or a rhythm that is none."""
    if at < tx.now - timedelta(minutes=5) or (every_days is not None and every_days < 1):
        raise ValueError("a newsletter is planned for a time that is still to come")
    letter = Newsletter(
        name=name, message=message, segment=segment, at=at, every_days=every_days, digest=digest,
        made_at=tx.now, by=by,
    )  # fmt: skip
    tx.add(letter)
    tx.flush()
    tx.later(Post(newsletter=letter.id or 0, at=at), at=at)
    return letter


def cancel(tx: Tx, id_: int) -> None:
    """Not again; and what of it still waits is called off."""
    letter = tx.exec(select(Newsletter).where(Newsletter.id == id_)).first()
    if letter and letter.cancelled_at is None:
        letter.cancelled_at = tx.now
        _call_off(tx, letter)


def _call_off(tx: Tx, letter: Newsletter) -> None:
    messages.cancel(tx, reason="cancelled", campaign=campaign_of(letter))


def campaign_of(letter: Newsletter) -> str:
    return f"newsletter-{letter.id}"


def planned(tx: Tx) -> Sequence[Newsletter]:
    """The next ones first, then those that are over."""
    return tx.exec(select(Newsletter).order_by(col(Newsletter.at).desc())).all()


def post(job: Post, world: World) -> None:
    """Asked for person by person under a key of its own: done twice, nobody gets it twice. What is
    cancelled on the way goes no further, and what was asked for just then is called off at the end.
    """
    with world.look() as tx:
        letter = tx.exec(select(Newsletter).where(Newsletter.id == job.newsletter)).first()
        if letter is None or letter.cancelled_at or letter.at != job.at:
            return
        fresh = _new_products(tx, letter) if letter.digest else []
    products = _for_sale(world, fresh)[:MOST_NEW]
    asked = 0
    if products or not letter.digest:
        after = 0
        while people := _some(world, letter, after):
            after = people[-1]
            some = world.do(partial(_ask, letter=letter, people=people, products=products))
            if some is None:
                break
            asked += some
    world.do(partial(_posted, id_=letter.id or 0, at=job.at, asked=asked))


def _some(world: World, letter: Newsletter, after: int) -> list[int]:
    with world.look() as tx:
        if letter.segment is None:
            return everybody(tx, after=after, limit=TOGETHER)
        segment = segments.by_key(tx, letter.segment)
        if segment is None or segment.retired_at:
            return []
        return segments.people_in(tx, segment.id or 0, after=after, limit=TOGETHER)


def everybody(tx: Tx, *, after: int, limit: int) -> list[int]:
    rows = select(Person.id).where(PEOPLE, col(Person.id) > after)
    return [id_ for id_ in tx.exec(rows.order_by(col(Person.id)).limit(limit)) if id_]


def _ask(
    tx: Tx, *, letter: Newsletter, people: Sequence[int], products: Sequence[str]
) -> int | None:
    """Only who may be written to: a refusal for each of the others would tell nobody anything. How
    many were asked for; None where it is cancelled."""
    if _of(tx, letter.id or 0).cancelled_at:
        return None
    reachable = grounds.reachable(tx, people)
    arms = trials.hold(tx, campaign_of(letter), sorted(reachable), alike=letter.message)
    decisions.record_all(
        tx,
        [
            deciding.drawn(
                arm,
                person=person,
                ref=f"newsletter:{letter.id}:{person}",
                subject=campaign_of(letter),
            )
            for person, arm in arms.items()
        ],
    )
    for key in {arm.key for arm in arms.values() if arm.withheld}:
        theirs = {person for person, arm in arms.items() if arm.withheld and arm.key == key}
        ghosts.keep_away(tx, key, theirs, letter.message)
        reachable -= theirs
    ways = _ways(tx, letter, sorted(reachable))
    for person in sorted(reachable):
        key = f"newsletter:{letter.id}:{letter.at.isoformat()}:{person}"
        variant, change = ways.get(person, ("", {}))
        due = tx.now + timedelta(hours=int(change.get("hours", 0)))
        messages.request(
            tx,
            Request(
                key=key,
                person=person,
                message=change.get("message", letter.message),
                campaign=campaign_of(letter),
                step=LETTER,
                variant=variant,
                priority=Priority.NEWSLETTER,
                context={"products": list(products)} if products else {},
                due=due,
                not_after=due + VALID,
                decision=decision_of(tx.shop, key, tx.now),
            ),
        )
    return len(reachable)


def _ways(
    tx: Tx, letter: Newsletter, people: Sequence[int]
) -> Mapping[int, tuple[str, Mapping[str, Any]]]:
    """AB-1: of a newsletter that is tested: by person, which arm, and what differs in it: another
    `message`, or `hours` later."""
    for trial in queries.tests_of(tx, campaign_of(letter)):
        if trial.step == LETTER:
            return trials.in_place(tx, trial, people)
    return {}


def _new_products(tx: Tx, letter: Newsletter) -> list[str]:
    """Saleor's ids, the newest first."""
    span = timedelta(days=letter.every_days or 30)
    since = letter.last_at or letter.at - span
    rows = select(Product.saleor_id).where(
        col(Product.first_hand), col(Product.created_at) >= since
    )
    return list(tx.exec(rows.order_by(col(Product.created_at).desc()).limit(MOST_ASKED)))


def _for_sale(world: World, products: Sequence[str]) -> list[str]:
    """Those that a shopper can buy in one of the shop's channels right now: a product may be made
    long before it is shown. Raises NobodyKnowsError: it is asked again later."""
    if not products:
        return []
    with world.look() as tx:
        open_ = [(one.slug, one.currency) for one in shops.channels(tx) if one.active]
    sold = {
        id_ for slug, currency in open_ for id_ in sale.ask(world.saleor, slug, currency, products)
    }
    return [id_ for id_ in products if id_ in sold]


def _of(tx: Tx, id_: int) -> Newsletter:
    return tx.exec(select(Newsletter).where(Newsletter.id == id_)).one()


def _posted(tx: Tx, *, id_: int, at: datetime, asked: int) -> None:
    letter = _of(tx, id_)
    letter.last_at, letter.asked = at, asked
    if letter.cancelled_at:
        _call_off(tx, letter)
    elif letter.every_days:
        zone = ZoneInfo(shops.this_shop(tx).zone)
        letter.at = _next(at, letter.every_days, zone)
        while letter.at <= tx.now:  # the app was off for long: what was missed is not made up for
            letter.at = _next(letter.at, letter.every_days, zone)
        tx.later(Post(newsletter=id_, at=letter.at), at=letter.at)


def _next(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """QH-4: at the same time by the shop's own clock, whatever the clocks are changed to."""
    here = at.astimezone(zone)
    return moment(here.date() + timedelta(days=days), here.time(), zone)
