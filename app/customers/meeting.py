"""Meeting people: everybody a delivery or a page names, in a handful of statements.

One path for a single webhook and for a page of a hundred orders. All that is ever told of a
person is gathered, so that tellings may come in any order and end in the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import col, update

from app.customers import queries, rules
from app.customers.rules import Claim, Who
from app.customers.sketch import Sketch
from app.customers.tables import Address, Merge, Person
from app.kit.tx import Tx

TOLD = (
    "account", "email", "confirmed", "staff", "active",
    "first_hand", "updated_at", "issued_at", "hash",
)  # fmt: skip
PROFILE = (
    "first_name", "last_name", "letters", "language", "country", "joined_at", "region", "postal",
    "company",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Somebody we know: `source` is who is named, `person` whose their orders are."""

    source: int
    person: int
    account: bool
    """An account, or a guest that has joined one."""
    confirmed: bool
    staff: bool
    renewed: bool
    """What was told of them is the newest."""


@dataclass
class Met:
    """Whom we met, and what else came to light about who is who."""

    known: dict[str, Known] = field(default_factory=dict)
    """By key. Whoever has asked to be forgotten is not in it."""
    joined: dict[int, int] = field(default_factory=dict)
    """Guests that turned out to be an account just now, and which."""
    confirmed: frozenset[int] = frozenset()
    """Accounts known before that are confirmed since now."""

    def of(self, who: Who) -> Known | None:
        return self.known.get(who.key or "")


def meet(tx: Tx, named: Sequence[Who]) -> Met:
    named = [who for who in named if who.key]
    sketches = queries.sketches(tx, {who.key for who in named if who.key})
    strangers = {who.key for who in named if who.key and who.key not in sketches}
    erased = queries.erased(tx, strangers)
    for who in named:
        erased_at = erased.get(who.key or "")
        if erased_at is None or (who.account is None and who.since > erased_at):
            sketches.setdefault(who.key or "", Sketch(who.key or "")).hear(who)
    confirmed = frozenset(s.id for s in sketches.values() if s.confirmed_now and s.id)
    _write(tx, sketches)
    joined = _join(tx, sketches)
    known = {key: _known(sketch) for key, sketch in sketches.items()}
    return Met(known, joined, confirmed)


def _known(sketch: Sketch) -> Known:
    id_ = sketch.id or 0
    joined = sketch.merged_into is not None
    return Known(
        id_,
        sketch.merged_into or id_,
        account=joined or sketch.account is not None,
        confirmed=joined or sketch.confirmed,
        staff=sketch.staff,
        renewed=sketch.renewed,
    )


def _write(tx: Tx, sketches: dict[str, Sketch]) -> None:
    changed = [sketch for sketch in sketches.values() if sketch.changed]
    whole = [sketch.row() for sketch in changed if sketch.profile]
    named = [sketch.row() for sketch in changed if not sketch.profile]
    tx.put(Person, whole, key=("key",), overwrite=TOLD + PROFILE)
    tx.put(Person, named, key=("key",), overwrite=TOLD)
    new = {sketch.key for sketch in changed if sketch.id is None}
    for key, id_ in queries.numbers(tx, new).items():
        sketches[key].id = id_


def _join(tx: Tx, sketches: dict[str, Sketch]) -> dict[int, int]:
    """ID-2: guests go to the account that has proved their address first."""
    emails = {s.email for s in sketches.values() if s.email and not s.account}
    proved = {email for sketch in sketches.values() for email in sketch.proofs}
    claims = queries.claims(tx, emails | proved)
    news = _prove(tx, sketches.values(), claims)
    absent = {f"guest:{email}" for email in news} - sketches.keys()
    guests = [s for s in sketches.values() if not s.account]
    guests += queries.sketches(tx, absent).values()
    return _merge(tx, guests, claims)


def _prove(
    tx: Tx, sketches: Iterable[Sketch], claims: dict[str, dict[int, Claim]]
) -> frozenset[str]:
    """Write down what accounts have proved. The addresses for which that is news."""
    news = []
    for sketch in sketches:
        for email, at in sketch.proofs.items():
            known = claims[email].get(sketch.id or 0)
            if known is None or at < known.proved_at:
                claims[email][sketch.id or 0] = Claim(at, sketch.key, sketch.id or 0)
                news.append({"email": email, "person": sketch.id, "proved_at": at})
    tx.put(Address, news, key=("email", "person"), overwrite=("proved_at",))
    return frozenset(str(row["email"]) for row in news)


def _merge(tx: Tx, guests: Sequence[Sketch], claims: dict[str, dict[int, Claim]]) -> dict[int, int]:
    moves: dict[int, int] = {}
    for guest in guests:
        target = rules.rightful(claims.get(guest.email or "", {}).values())
        if guest.id and target and target != guest.merged_into:
            moves[guest.id] = target
    for source in queries.parted(tx, moves):
        del moves[source]
    for guest in guests:
        if guest.id in moves:
            guest.merged_into = moves[guest.id]
            tx.exec(
                update(Person).where(col(Person.id) == guest.id).values(merged_into=moves[guest.id])
            )
    rows = [
        {"source": source, "target": target, "merged_at": tx.now, "undone_at": None}
        for source, target in moves.items()
    ]
    tx.put(Merge, rows, key=("source",), overwrite=("target", "merged_at"))
    return moves
