"""A shop that writes to its customers: its mail server, its words, what its people agreed to."""

from datetime import timedelta

import httpx

from app.customers import meeting
from app.customers.rules import Profile, Who
from app.customers.tables import Person
from app.kit.hearing import Version
from app.kit.house import House
from app.messages import consent, flows, library
from app.messages.consent import Saying
from app.messages.flows import Request
from app.messages.law import Said
from app.messages.policy import set_policy
from app.messages.rules import Channel, Purpose
from app.messages.tables import Outlet, Send
from tests.support.makers import gid
from tests.support.postbox import Mail, Postbox
from tests.support.story import Shop

HELLO = library.Draft(
    key="hello",
    name="Hello",
    variants={
        "email": {
            "en": library.Letter(
                subject="Hello, {{ first_name|fallback('you') }}",
                preheader="A short word",
                blocks=(
                    library.Block(kind="heading", text="Hello, {{ first_name|fallback('you') }}!"),
                    library.Block(kind="text", text="There is **news** in the shop."),
                    library.Block(kind="button", label="See it", link="https://shop.example/new"),
                ),
            ),
            "pl": library.Letter(
                subject="Dzień dobry, {{ first_name|fallback('Tobie') }}",
                blocks=(library.Block(kind="text", text="Nowości w sklepie."),),
            ),
        },
        "sms": {
            "en": library.Note(text="Hello, {{ first_name|fallback('you') }}! News: {{ link }}")
        },
    },
)
RECEIPT = library.Draft(
    key="receipt",
    name="Something to know",
    purpose=Purpose.SERVICE,
    variants={
        "email": {
            "en": library.Letter(
                subject="About your order", blocks=(library.Block(kind="text", text="It is late."),)
            )
        }
    },
)


class Writing(Shop):
    """`with Writing(house, postbox) as shop:`. Ana (DE) has agreed to e-mail; nobody else has."""

    def __init__(
        self,
        house: House,
        postbox: Postbox,
        *,
        domain: str = "shop.example",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(house, domain=domain, transport=transport)
        self.post = postbox
        with self.work() as tx:
            tx.add(
                Outlet(
                    channel=Channel.EMAIL.value, url=house.secrets.seal(postbox.url),
                    sender="Shop <hello@news.shop.example>", postal="Main Street 1, Berlin",
                    return_path="bounces@news.shop.example",
                    since=tx.now - timedelta(days=365),
                )
            )  # fmt: skip
            library.save(tx, HELLO)
            library.save(tx, RECEIPT)
        self.ana = self.person("ana")
        self.agrees("ana")

    def person(
        self, name: str, *, country: str = "DE", language: str = "EN", first_name: str | None = None
    ) -> int:
        """Somebody with a confirmed account. Her row's id."""
        with self.work() as tx:
            who = Who(
                account=gid("User", name), email=f"{name}@example.com",
                version=Version(tx.now, tx.now), since=tx.now, confirmed=True,
                profile=Profile(
                    name.capitalize() if first_name is None else first_name, "Example",
                    language, country, tx.now,
                ),
            )  # fmt: skip
            met = meeting.meet(tx, [who]).of(who)
            assert met
            return met.person

    def agrees(
        self, name: str, *, channel: str = "email", address: str = "", said: Said = Said.GRANTED,
        **other: object,
    ) -> None:  # fmt: skip
        with self.work() as tx:
            saying = Saying(
                address or f"{name}@example.com", said, other.pop("source", "storefront"),
                channel=channel, **other,
            )  # fmt: skip
            consent.say(tx, saying)

    def asks(self, key: str = "k1", **other: object) -> Send:
        """A message is asked for, to Ana unless said otherwise; nothing is worked yet."""
        wish = {"message": "hello", "person": self.ana} | other
        with self.work() as tx:
            return flows.request(tx, Request(key=key, **wish))

    def sends(self, key: str = "k1", **other: object) -> Send:
        """A message is asked for and worked. How it stands then."""
        self.asks(key, **other)
        self.settles()
        return self.send(key)

    def send(self, key: str = "k1") -> Send:
        return next(row for row in self.all(Send) if row.key == key)

    def word(self, key: str = "k1") -> str:
        row = self.send(key)
        return f"{row.state}:{row.reason}" if row.reason else row.state

    def rules(self, **changes: object) -> None:
        with self.work() as tx:
            set_policy(tx, **changes)

    def mail(self) -> Mail:
        return self.post.only()

    def people(self) -> dict[str, Person]:
        return {row.email: row for row in self.all(Person)}
