"""A shop in which much is decided: carts are left by day and by night, by people who agreed to
mail and by people who did not, who buy after a letter, before it or never, and climb tiers.
"""

from sqlmodel import select

from app.journeys import flows as journeys
from app.journeys import rules as steps
from app.kit.chance import roll
from app.kit.house import House
from app.loyalty import flows as loyalty
from app.loyalty import settings
from app.loyalty.tables import Programme
from app.messages import consent
from app.messages.consent import Saying
from app.messages.law import Said
from app.trials import flows as trials
from tests.support.loyal import draft
from tests.support.makers import JSON, by_user, checkout, checkout_line, event, line, order, user
from tests.support.recovering import Counter, Recovering

SPLIT = steps.Definition(
    trigger=steps.Trigger.ORDER_PAID,
    audience={"fact": "orders", "at_least": 1},
    steps=(
        steps.Condition(key="rich", holds={"fact": "spend", "at_least": 90}, otherwise="draw"),
        steps.Tag(key="tag", name="rich"),
        steps.Split(
            key="draw",
            arms=(steps.Arm(share=0.3, to="one"), steps.Arm(share=0.7, to="two")),
        ),
        steps.Tag(key="one", name="one"),
        steps.Tag(key="two", name="two"),
    ),
)
"""After each order: a question, and a draw."""


class Deciding(Recovering):
    """`with Deciding(house, counter) as shop:`, and `shop.lives(n)`."""

    def __init__(self, house: House, counter: Counter) -> None:
        super().__init__(house, counter)
        with self.work() as tx:
            loyalty.begin(tx)
            settings.save(tx, draft(bronze=50, silver=150), by="VXNlcjox")
            tx.exec(select(Programme)).one().open_since = tx.now
            trials.terms(tx, share=0.2)
            journeys.publish(tx, "after", SPLIT)
            journeys.switch_on(tx, "after")
        self.sets(least_minor={"EUR": 1500})
        self.waits(seconds=31)

    def lives(self, people: int, *, first: int = 0, together: int = 12) -> None:
        """So many people come by, each in a way of her own, and three days later all is told."""
        for start in range(first, first + people, together):
            self._come(range(start, min(start + together, first + people)))

    def _come(self, people: range) -> None:
        for n in people:
            self._arrives(n)
        self.settles()
        for n in people:
            if self._likes(n, "buys at once", 0.1):
                self._pays(n)
        self.waits(hours=1)
        self.waits(hours=10)
        for n in people:
            if self._likes(n, "buys after the first letter", 0.25):
                self._pays(n)
        self.settles()
        self.waits(hours=14)
        self.waits(hours=48)
        self.waits(hours=11)

    @staticmethod
    def _likes(n: int, what: str, share: float) -> bool:
        return roll(what, n) < share

    def _arrives(self, n: int) -> None:
        name = f"p{n}"
        email = f"{name}@{'mailinator.com' if self._likes(n, 'throwaway', 0.05) else 'example.com'}"
        if not self._likes(n, "silent", 0.2):
            with self.work() as tx:
                state = Said.WITHDRAWN if self._likes(n, "no", 0.1) else Said.GRANTED
                saying = Saying(address=email, state=state, source="storefront", country="DE")
                consent.say(tx, saying)
        shopper: JSON | str = email if self._likes(n, "guest", 0.4) else user(name)
        each = 5 if self._likes(n, "little", 0.1) else 20
        body = checkout(
            shopper,
            no=f"K{n}",
            updated=self.at(),
            lines=[checkout_line(each=each, quantity=n % 3 + 1)],
        )
        self.counter.has(body)
        by = by_user(name) if body["user"] else None
        self.delivers(
            "CHECKOUT_UPDATED", event("CHECKOUT_UPDATED", issued=self.at(), by=by, checkout=body)
        )

    def _pays(self, n: int) -> None:
        name = f"p{n}"
        who: JSON | str = f"{name}@example.com" if self._likes(n, "guest", 0.4) else user(name)
        body = order(who, no=n, of=f"K{n}", created=self.at(), lines=[line(each=20 + 60 * (n % 3))])
        self.counter.orders.append(body)
        self.delivers("ORDER_PAID", event("ORDER_PAID", issued=self.at(), order=body))
