"""What pages are given in the tests that look at them: a shop on an ordinary afternoon."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

from app.loyalty.view import (
    Code,
    Move,
    PastOrder,
    Person,
    Preview,
    Proposal,
    Rung,
    SettingsForm,
    Sight,
    Standing,
    Widget,
)
from app.shops.view import Retention
from app.today.view import (
    CartLine,
    Carts,
    CodeLine,
    Codes,
    Comparison,
    Health,
    ImportProgress,
    ImportStep,
    ParkedDelivery,
    State,
    Stock,
    TierCount,
    Today,
    Unconfirmed,
)
from app.web.notation import Sum

NOW = datetime(2026, 11, 21, 13, 34, tzinfo=UTC)
ZONE = "Europe/Warsaw"
KEEPS = Retention(parked_days=14, uninstalled_days=30, checkout_days=180)


def pln(amount: str) -> Sum:
    return Sum(Decimal(amount), "PLN")


def eur(amount: str) -> Sum:
    return Sum(Decimal(amount), "EUR")


def comparison(**facts: object) -> Comparison:
    base = {
        "channel": "default-channel",
        "currency": "PLN",
        "orders_here": 412,
        "orders_there": 412,
        "charged_here": Decimal("81340.50"),
        "charged_there": Decimal("81340.50"),
    }
    return Comparison(**{**base, **facts})


def health(state: State = State.WELL, **facts: object) -> Health:
    base = {
        "heard_at": NOW - timedelta(minutes=2),
        "complete_until": NOW - timedelta(minutes=2),
        "compared_at": NOW - timedelta(hours=11),
        "completeness": Decimal(1),
        "comparisons": (
            comparison(),
            comparison(channel="eu-web", currency="EUR", orders_here=37, orders_there=37),
        ),
    }
    return Health(state=state, **{**base, **facts})


def tier(name: str, people: int | None, share: str, **facts: object) -> TierCount:
    base = {"threshold": pln("0"), "percent": None, "offer": False}
    return TierCount(name=name, people=people, share=Decimal(share), **{**base, **facts})


TIERS = (
    tier("Member", 1412, "0.706"),
    tier("Bronze", 402, "0.201", threshold=pln("500"), percent=Decimal(5)),
    tier("Silver", 141, "0.0705", threshold=pln("1500"), percent=Decimal(10), offer=True),
    tier("Gold", 45, "0.0225", threshold=pln("4000"), percent=Decimal("12.5"), offer=True),
)

CART = CartLine(
    who="cleo@example.com",
    link="/customers/VXNlcjoz",
    items=3,
    value=pln("1284.90"),
    touched_at=NOW - timedelta(hours=3),
    tier="Silver",
    coded=True,
)

PARKED = ParkedDelivery(
    event="ORDER_UPDATED",
    heard_at=NOW - timedelta(hours=5),
    reason="order.lines.0.quantity: Input should be a valid integer",
    tries=3,
    until=NOW + timedelta(days=14),
)


def carts(**facts: object) -> Carts:
    other = CartLine(
        who="maximiliane.von-hohenstein@example.com",
        link="/customers/VXNlcjo0",
        items=1,
        value=eur("89.00"),
        touched_at=NOW - timedelta(days=1, hours=4),
    )
    base = {
        "days": 30,
        "waiting": 17,
        "value": (pln("12345.60"), eur("240.00")),
        "left": 96,
        "bought": 31,
        "nameless": 52,
        "lines": (CART, other),
    }
    return Carts(**{**base, **facts})


def codes(**facts: object) -> Codes:
    used = CodeLine(
        tier="Gold",
        who="Ana Kowalska",
        link="/customers/VXNlcjox",
        given_at=NOW - timedelta(days=2),
        used_at=NOW - timedelta(hours=20),
        order="1042",
        order_link="/orders/T3JkZXI6MQ==",
    )
    fresh = CodeLine(
        tier="Silver",
        who="cleo@example.com",
        link="/customers/VXNlcjoz",
        given_at=NOW - timedelta(hours=3),
    )
    base = {
        "month": date(2026, 11, 1),
        "given": 23,
        "used": 9,
        "discount": (pln("412.30"),),
        "turnover": (pln("3711.20"),),
        "recent": (used, fresh),
    }
    return Codes(**{**base, **facts})


def today(**facts: object) -> Today:
    """An ordinary afternoon; `facts` is what is different about it."""
    base = {
        "now": NOW,
        "zone": ZONE,
        "health": health(),
        "tiers": TIERS,
        "carts": carts(),
        "codes": codes(),
        "offers": True,
        "unconfirmed": Unconfirmed(people=14, orders=22, value=(pln("2140.00"),)),
    }
    return Today(**{**base, **facts})


def first_run(**facts: object) -> Today:
    base = {
        "health": health(
            State.IMPORTING, compared_at=None, completeness=None, comparisons=(), heard_at=NOW
        ),
        "importing": ImportProgress(
            started_at=NOW - timedelta(minutes=3),
            steps=(
                ImportStep(stock=Stock.CUSTOMERS, done=2014, total=2014, finished=True),
                ImportStep(stock=Stock.ORDERS, done=4300, total=8021),
                ImportStep(stock=Stock.PRODUCTS, done=120, total=None),
                ImportStep(stock=Stock.CHECKOUTS, done=0, total=None),
            ),
            remaining=timedelta(minutes=4),
            held_back=True,
            skipped=("25",),
        ),
        "tiers": None,
        "carts": None,
        "codes": None,
        "offers": False,
        "unconfirmed": None,
    }
    return today(**{**base, **facts})


def empty_shop() -> Today:
    return today(
        health=health(
            heard_at=None, complete_until=None, compared_at=None, completeness=None, comparisons=()
        ),
        tiers=(),
        carts=carts(waiting=0, value=(), left=0, bought=0, nameless=0, lines=()),
        codes=codes(given=0, used=0, discount=(), turnover=(), recent=()),
        unconfirmed=Unconfirmed(people=0, orders=0),
    )


def troubled() -> Today:
    short = comparison(orders_here=410, charged_here=Decimal("80900.00"))
    return today(
        health=health(
            State.PARKED,
            parked=2,
            waiting=1240,
            oldest_waiting=NOW - timedelta(minutes=6),
            completeness=Decimal("0.9951"),
            comparisons=(short,),
        ),
        parked=(PARKED, PARKED),
        sees_people=False,
        carts=carts(lines=(CartLine(**{**_fields(CART), "who": None, "link": None}),)),
    )


def _fields(row: object) -> dict[str, object]:
    return {name: getattr(row, name) for name in row.__slots__}  # type: ignore[attr-defined]


def rung(name: str = "Silver", **facts: object) -> Rung:
    base = {
        "key": name.lower(),
        "name": name,
        "threshold": Decimal(1500),
        "percent": Decimal(10),
        "people": 141,
    }
    return Rung(**{**base, **facts})


def settings(**facts: object) -> SettingsForm:
    base = {
        "rungs": (
            rung("Member", threshold=Decimal(0), percent=None, people=1412),
            rung("Bronze", threshold=Decimal(500), percent=Decimal(5), people=402),
            rung("Silver", offer=True),
            rung("Gold", threshold=Decimal(4000), percent=Decimal("12.5"), offer=True, people=45),
        ),
        "now": NOW,
        "channels": ("default-channel", "eu-web"),
        "currency": "PLN",
        "currencies": ("EUR", "PLN"),
        "months": 12,
        "zone": ZONE,
        "zones": tuple(sorted(available_timezones())),
        "excluded": "team@example.com\nreseller.example",
        "rates": {"EUR": Decimal("4.31")},
    }
    return SettingsForm(**{**base, **facts})


PREVIEW = Preview(
    moves=(
        Move(name="Member", before=1412, after=1380, rise=0, fall=0),
        Move(name="Bronze", before=402, after=421, rise=32, fall=0),
        Move(name="Silver", before=141, after=154, rise=13, fall=4),
        Move(name="Gold", before=45, after=45, rise=0, fall=0),
    ),
    cost=pln("18420.00"),
)

PROPOSALS = (
    Proposal(name="Bronze", threshold=Decimal(500), share=Decimal("0.204")),
    Proposal(name="Silver", threshold=Decimal(1500), share=Decimal("0.071")),
    Proposal(name="Gold", threshold=Decimal(4000), share=Decimal("0.0198")),
)


def person(**facts: object) -> Person:
    base = {
        "value": (pln("2410.40"),),
        "orders": 7,
        "average": (pln("344.34"),),
        "last_order_at": NOW - timedelta(days=12),
        "standing": Standing(
            tier="Silver",
            spent=pln("1912.00"),
            threshold=Decimal(1500),
            months=12,
            since=NOW - timedelta(days=80),
            kept_until=NOW + timedelta(days=285),
            next_tier="Gold",
            next_threshold=Decimal(4000),
        ),
        "code": Code(
            text="SLV-7KQ2M9XWPA",
            percent=Decimal(10),
            ends_at=datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
        ),
        "last_orders": (
            PastOrder(number="1042", at=NOW - timedelta(days=12), total=pln("412.00")),
            PastOrder(
                number="987", at=NOW - timedelta(days=70), total=pln("1099.99"), refunded=True
            ),
            PastOrder(
                number="871", at=NOW - timedelta(days=140), total=pln("80.00"), cancelled=True
            ),
        ),
    }
    return Person(**{**base, **facts})


def widget(sight: Sight = Sight.READY, **facts: object) -> Widget:
    seen = person(**facts) if sight is Sight.READY else None
    return Widget(sight=sight, now=NOW, zone=ZONE, person=seen)
