"""Questions about messages, and about those they go to."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, func, select

from app.customers.tables import Person
from app.kit.tx import Tx, among
from app.messages import calendar, caps, hashing, noes
from app.messages.caps import Life, Past
from app.messages.consent_tables import Consent, Preference, Suppression
from app.messages.law import Said
from app.messages.rules import COUNTED, Channel, Purpose, State
from app.messages.tables import Outlet, PausedCampaign, Send, SendNote, Touch
from app.orders.tables import Order


def send(tx: Tx, key: str) -> Send | None:
    return tx.exec(select(Send).where(Send.key == key)).first()


def sends(tx: Tx, keys: Collection[str]) -> dict[str, Send]:
    """Those that were asked for, by key."""
    rows = tx.exec(select(Send).where(among(col(Send.key), sorted(keys))))
    return {row.key: row for row in rows}


def asked(tx: Tx, keys: Collection[str]) -> set[str]:
    """Those of these keys that were asked for before."""
    return set(tx.exec(select(Send.key).where(among(col(Send.key), sorted(keys)))))


def lanes(tx: Tx, keys: Collection[str]) -> list[tuple[int, str, int | None]]:
    """Row, key and person of these messages."""
    rows: Any = tx.exec(
        select(Send.id, Send.key, Send.person).where(among(col(Send.key), sorted(keys)))
    )
    return [tuple(row) for row in rows]


def send_by_id(tx: Tx, id_: int) -> Send | None:
    return tx.exec(select(Send).where(Send.id == id_)).first()


def send_with_token(tx: Tx, token: str) -> Send | None:
    """UN-5."""
    return tx.exec(select(Send).where(Send.token_hash == hashing.of_token(token))).first()


def notes(tx: Tx, send_: int) -> list[SendNote]:
    return list(tx.exec(select(SendNote).where(SendNote.send == send_).order_by(col(SendNote.id))))


def waiting(tx: Tx) -> list[Send]:
    return list(tx.exec(select(Send).where(Send.state == State.WAITING.value)))


def whole(tx: Tx, person: int) -> Person | None:
    """Who this is today: a guest that joined an account is that account. None once erased."""
    row = tx.exec(select(Person).where(Person.id == person)).first()
    if row and row.merged_into:
        row = tx.exec(select(Person).where(Person.id == row.merged_into)).first()
    return row if row and row.erased_at is None else None


def group(tx: Tx, person: int) -> list[int]:
    """An account and the guests that joined it: caps count for all of them together."""
    joined = tx.exec(select(Person.id).where(Person.merged_into == person))
    return sorted({person, *(id_ for id_ in joined if id_)})


def address_of(tx: Tx, person: Person, channel: str) -> str | None:
    """Where somebody is reached. A number only from her own word on that channel."""
    if channel == Channel.EMAIL:
        return person.email
    theirs = among(col(Consent.person), group(tx, person.id or 0))
    rows = select(Consent.address).where(theirs, Consent.channel == channel)
    return tx.exec(rows.order_by(col(Consent.at).desc()).limit(1)).first()


def preference(tx: Tx, address: str) -> Preference | None:
    return tx.exec(select(Preference).where(Preference.address == address)).first()


def outlet(tx: Tx, channel: str) -> Outlet | None:
    rows = select(Outlet).where(Outlet.channel == channel, col(Outlet.active))
    return tx.exec(rows).first()


def channels(tx: Tx) -> set[str]:
    """Those the shop has set up."""
    return set(tx.exec(select(Outlet.channel).where(col(Outlet.active))))


def any_outlet(tx: Tx, channel: str) -> Outlet | None:
    """Switched off too."""
    return tx.exec(select(Outlet).where(Outlet.channel == channel)).first()


def suppressed(tx: Tx, address: str) -> bool:
    row = Suppression
    held = select(row.id).where(
        row.hash == hashing.of_address(address),
        or_(col(row.until).is_(None), col(row.until) > tx.now),
    )
    return tx.exec(held.limit(1)).first() is not None


def consent(tx: Tx, address: str, channel: str, purpose: str) -> Consent | None:
    return tx.exec(
        select(Consent).where(
            Consent.address == address, Consent.channel == channel, Consent.purpose == purpose
        )
    ).first()


def stance(
    tx: Tx, address: str, *, channel: str, purpose: str, person: int | None = None
) -> tuple[Said, bool]:
    """The last word of an address, and whether it ever complained; of a person the strictest of
    all her addresses' (ID-2, ID-3). One number of several people has one word for all of them.
    """
    row = consent(tx, address, channel, purpose)
    own = noes.Word(Said(row.state), row.complained, row.at) if row else None
    whose = [person] if person else []
    taken_back = noes.of(tx, whose, channel=channel, purpose=purpose).get(person or 0, ())
    return noes.strictest(own, address, taken_back)


def bought(tx: Tx, people: Collection[int]) -> bool:
    theirs = among(col(Order.person), sorted(people))
    return tx.exec(select(Order.id).where(theirs, col(Order.counts)).limit(1)).first() is not None


def country_of(tx: Tx, person: Person, people: Collection[int], *, default: str) -> str:
    """CO-2: of the account's address, else of the last order."""
    return place_of(tx, person, people)[0] or default


def place_of(tx: Tx, person: Person, people: Collection[int]) -> tuple[str, str]:
    """QH-1: country and region of the account's address, else of the last order."""
    if person.country:
        region = calendar.region_of(person.country, person.region, person.postal)
        return person.country, region
    rows = (
        select(Order.country, Order.region, Order.postal)
        .where(among(col(Order.person), sorted(people)), Order.country != "")
        .order_by(col(Order.created_at).desc())
    )
    country, region, postal = tx.exec(rows.limit(1)).first() or ("", "", "")
    return country, calendar.region_of(country, region, postal)


def past(tx: Tx, people: Collection[int], *, but: int | None = None) -> list[Past]:
    """What these may have received in the longest window of any cap, service mail apart (FC-2)."""
    rows = tx.exec(
        select(Send.channel, Send.handed_at).where(
            among(col(Send.person), sorted(people)),
            col(Send.handed_at) > tx.now - caps.LONGEST,
            among(col(Send.state), sorted(COUNTED)),
            Send.purpose != Purpose.SERVICE.value,
            Send.id != but,
        )
    )
    return [Past(channel or "", at) for channel, at in rows if at]


def life(tx: Tx, people: Collection[int], address: str) -> Life:
    """FC-6."""
    theirs = sorted(people)
    first = tx.exec(
        select(func.min(Send.sent_at)).where(
            among(col(Send.person), theirs), Send.purpose == Purpose.MARKETING.value
        )
    ).one()
    signs: list[datetime | None] = [
        tx.exec(
            select(func.max(Touch.at)).where(
                among(col(Touch.person), theirs), Touch.by == "human", Touch.kind == "click"
            )
        ).one(),
        tx.exec(select(func.max(Order.created_at)).where(among(col(Order.person), theirs))).one(),
        tx.exec(
            select(func.max(Consent.at)).where(
                Consent.address == address, Consent.state == Said.GRANTED.value
            )
        ).one(),
    ]
    return Life(first, max((at for at in signs if at), default=None))


def outranked(tx: Tx, send_: Send, people: Collection[int]) -> bool:
    """FC-4: something more important waits for the same person and is due."""
    better = select(Send.id).where(
        among(col(Send.person), sorted(people)),
        Send.state == State.WAITING.value,
        Send.purpose != Purpose.SERVICE.value,
        Send.priority < send_.priority,
        col(Send.due) <= tx.now,
    )
    return tx.exec(better.limit(1)).first() is not None


def paused(tx: Tx, campaign: str) -> str:
    """SS-3, BO-5: why this automation holds its breath, or nothing."""
    found = select(PausedCampaign.reason).where(PausedCampaign.campaign == campaign)
    return tx.exec(found).first() or ""


def began(tx: Tx, campaign: str) -> datetime | None:
    """SS-2: when an automation handed over its first message."""
    return tx.exec(select(func.min(Send.handed_at)).where(Send.campaign == campaign)).one()


def handed(
    tx: Tx, *, campaign: str | None = None, channel: str | None = None, since: datetime
) -> int:
    rows = select(func.count()).select_from(Send).where(col(Send.handed_at) >= since)
    if campaign is not None:
        rows = rows.where(Send.campaign == campaign)
    if channel is not None:
        rows = rows.where(Send.channel == channel, Send.purpose != Purpose.SERVICE.value)
    return tx.exec(rows).one()


def clicked(tx: Tx, person: int, *, since: datetime) -> bool:
    """OP-3: a human click."""
    rows = select(Touch.id).where(
        among(col(Touch.person), group(tx, person)),
        Touch.kind == "click",
        Touch.by == "human",
        col(Touch.at) >= since,
    )
    return tx.exec(rows.limit(1)).first() is not None


def followed() -> Any:  # noqa: ANN401  # a select of this send's clicks
    return select(Touch.id).where(Touch.send == Send.id, Touch.kind == "click", Touch.by == "human")


def figures(tx: Tx, campaign: str) -> dict[str, dict[str, int]]:
    """By step: how many there are in each state."""
    rows: Any = tx.exec(
        select(Send.step, Send.state, func.count())
        .where(Send.campaign == campaign)
        .group_by(col(Send.step), col(Send.state))
    )
    told: dict[str, dict[str, int]] = {}
    for step, state, count in rows:
        told.setdefault(step, {})[state] = count
    return told


def clicks(tx: Tx, campaign: str) -> dict[str, int]:
    """By step: how many messages a person followed a link of."""
    rows: Any = tx.exec(
        select(Send.step, func.count())
        .where(Send.campaign == campaign, followed().exists())
        .group_by(col(Send.step))
    )
    return dict(rows.all())
