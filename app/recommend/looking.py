"""What the page of recommendations shows, gathered."""

from sqlmodel import col, func, or_, select

from app.catalog.tables import Product
from app.customers.rules import tidy
from app.customers.tables import Person
from app.kit.tx import Tx
from app.recommend import queries
from app.recommend.tables import Choice, Counsel, Told
from app.recommend.view import Chosen, Judged, Quality, Scored, Sheet, Telling
from app.shops.flows import channels

NAMES = 500
SLOTS = ("for_you", "again", "discover")
METHODS = ("learnt", "bought_again", "popular")


def product(tx: Tx, words: str) -> int | None:
    """Our row of a product by its name, slug or Saleor's id, however it is capitalised."""
    if not words.strip():
        return None
    said = words.strip()
    like = or_(
        func.lower(Product.name) == said.lower(),
        Product.slug == said,
        Product.saleor_id == said,
    )
    return tx.exec(select(Product.id).where(like).order_by(col(Product.id))).first()


def person(tx: Tx, words: str) -> int | None:
    """Somebody by e-mail address or Saleor's id: the account before a guest of that address."""
    rows = (
        select(Person)
        .where(
            or_(Person.email == (tidy(words) or ""), Person.account == words),
            col(Person.erased_at).is_(None),
        )
        .order_by(col(Person.account).is_(None))
    )
    found = tx.exec(rows).first()
    return (found.merged_into or found.id) if found else None


def sheet(tx: Tx, *, channel: str, may_change: bool, sees_people: bool) -> Sheet:
    counsel = tx.exec(select(Counsel)).one()
    open_ = tuple(one.slug for one in channels(tx) if one.active)
    names = select(Product.name).order_by(Product.name).limit(NAMES)
    return Sheet(
        now=tx.now,
        quality=_quality(counsel),
        channels=open_,
        channel=channel if channel in open_ else (open_[0] if open_ else ""),
        names=tuple(dict.fromkeys(tx.exec(names))),
        choices=_choices(tx),
        telling=_telling(tx, counsel),
        key=counsel.public_key,
        origins="\n".join(counsel.origins),
        problems={},
        may_change=may_change,
        sees_people=sees_people,
    )


def _quality(counsel: Counsel) -> Quality | None:
    kept = counsel.quality
    if not kept or counsel.tuned_at is None or not kept["customers"]:
        return None
    judged = tuple(
        Judged(
            slot=slot,
            asked=max(score["asked"] for score in kept["scores"][slot].values()),
            scores=tuple(
                Scored(
                    method=method,
                    hit_rate=kept["scores"][slot][method]["hit_rate"],
                    coverage=kept["scores"][slot][method]["coverage"],
                    served=kept["served"][slot] == method,
                )
                for method in METHODS
                if method in kept["scores"][slot]
            ),
        )
        for slot in SLOTS
        if slot in kept["scores"]
    )
    return Quality(at=counsel.tuned_at, customers=kept["customers"], judged=judged)


def _choices(tx: Tx) -> tuple[Chosen, ...]:
    rows = tx.exec(select(Choice).order_by(col(Choice.pinned).desc(), col(Choice.id))).all()
    ids = {row.product for row in rows} | {row.beside for row in rows if row.beside}
    names = {good.id: good.name for good in queries.goods(tx, ids)} if ids else {}
    return tuple(
        Chosen(
            id=row.id or 0,
            name=names.get(row.product, "?"),
            pinned=row.pinned,
            beside=names.get(row.beside) if row.beside else None,
        )
        for row in rows
    )


def _telling(tx: Tx, counsel: Counsel) -> Telling:
    rows = select(Told.kind, func.count()).where(Told.text != "").group_by(col(Told.kind))
    told = dict(tx.exec(rows).all())
    waiting = select(func.count()).select_from(Told).where(col(Told.untold).is_(True))
    return Telling(
        on=counsel.telling,
        granted=counsel.granted,
        products=told.get("product", 0),
        people=told.get("person", 0),
        waiting=tx.exec(waiting).one(),
    )
