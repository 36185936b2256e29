"""What staff and shoppers do in a shop, a sandbox or a Saleor: nothing here says which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.support.scenario_wire import ERRORS, JSON, Wire, until

PASSWORD = "Passw0rd!x"

ADDRESSES: Mapping[str, JSON] = {
    "US": {"city": "New York", "postalCode": "10001", "countryArea": "NY"},
    "BR": {"city": "São Paulo", "postalCode": "01310-100", "countryArea": "SP"},
    "PL": {"city": "Warszawa", "postalCode": "00-001"},
    "PT": {"city": "Lisboa", "postalCode": "1100-148"},
}

SHELF = """query Shelf($channel: String!) {
  products(first: 50, channel: $channel) { edges { node {
    collections { id }
    variants { id trackInventory quantityAvailable pricing { price { gross { amount currency } } } }
  } } }
}"""
CHECKOUT = """query Checkout($id: ID!) { checkout(id: $id) {
  id voucherCode email user { id } discount { amount } lines { id quantity }
  subtotalPrice { gross { amount } } totalPrice { gross { amount } } shippingMethods { id }
} }"""
ORDER = """query Order($id: ID!) { order(id: $id) {
  id number status chargeStatus voucherCode checkoutId user { id } userEmail channel { slug }
  total { gross { amount currency } } undiscountedTotal { gross { amount } }
  subtotal { gross { amount } } totalRefunded { amount } totalCharged { amount }
  discounts { type amount { amount } } transactions { id }
  lines { id quantity allocations { warehouse { id } } }
} }"""
BOOKS = """query Books($after: String) { orders(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor }
  edges { node { status channel { slug }
    total { gross { amount currency } } totalRefunded { amount } } }
} }"""


@dataclass(frozen=True)
class Ware:
    """Something on the shelf."""

    variant: str
    price: Decimal
    currency: str


@dataclass
class Shopper:
    """A guest, or somebody with an account who is signed in."""

    email: str
    id: str | None = None
    token: str | None = None
    name: tuple[str, str] = ("Ana", "Lima")


@dataclass
class Shop(Wire):
    """`look_around` chooses where and what is bought; everything is bought there."""

    channel: str = ""
    country: str = ""
    ware: Ware = field(init=False)

    # Staff

    def look_around(self) -> None:
        """Choose a channel, and something in it that is not dear and that there is enough of."""
        channels = self.ask(
            "{ channels { slug isActive defaultCountry { code }"
            " orderSettings { allowUnpaidOrders } } }",
            token=self.staff,
        )["channels"]
        for channel in channels:
            known = channel["defaultCountry"]["code"] in ADDRESSES
            if channel["isActive"] and known and channel["orderSettings"]["allowUnpaidOrders"]:
                self.channel, self.country = channel["slug"], channel["defaultCountry"]["code"]
                break
        self.ware = min(self._shelf(), key=lambda ware: (abs(ware.price - 30), ware.variant))

    def _shelf(self) -> list[Ware]:
        edges = self.ask(SHELF, channel=self.channel)["products"]["edges"]
        return [
            Ware(variant["id"], gross["amount"], gross["currency"])
            for product in (edge["node"] for edge in edges)
            for variant in product["variants"]
            if product["collections"]
            and variant["trackInventory"]
            and (variant["quantityAvailable"] or 0) >= 20
            and variant["pricing"]
            and (gross := (variant["pricing"]["price"] or {}).get("gross"))
        ]

    def version(self) -> str:
        return str(self.ask("{ shop { version } }", token=self.staff)["shop"]["version"])

    def books(self) -> dict[tuple[str, str], tuple[int, Decimal]]:
        """By channel and currency: orders that are no drafts, and Σ(total gross − refunded)."""
        found: dict[tuple[str, str], tuple[int, Decimal]] = {}
        after: str | None = None
        while True:
            page = self.ask(BOOKS, token=self.staff, after=after)["orders"]
            for order in (edge["node"] for edge in page["edges"]):
                if order["status"] == "DRAFT":
                    continue
                gross = order["total"]["gross"]
                place = (order["channel"]["slug"], gross["currency"])
                orders, money = found.get(place, (0, Decimal(0)))
                left = gross["amount"] - order["totalRefunded"]["amount"]
                found[place] = (orders + 1, money + left)
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    # Shoppers

    def register(self, email: str) -> Shopper:
        """Somebody makes an account. Saleor does it later and does not say when."""
        self.do(
            f"mutation($i: AccountRegisterInput!) {{ accountRegister(input: $i) {{ {ERRORS} }} }}",
            i={
                "email": email, "password": PASSWORD, "firstName": "Ana", "lastName": "Lima",
                "channel": self.channel, "redirectUrl": "http://localhost:9000/confirm",
            },
        )  # fmt: skip
        found = until(lambda: self.account(email), f"an account of {email}")
        return Shopper(email, str(found["id"]))

    def account(self, email: str) -> JSON | None:
        edges = self.ask(
            "query($s: String!) { customers(first: 5, filter: {search: $s}) { edges { node {"
            ' id email isConfirmed tier: metafield(key: "perennial.tier") } } } }',
            token=self.staff,
            s=email,
        )["customers"]["edges"]
        return next((e["node"] for e in edges if e["node"]["email"] == email), None)

    def confirm(self, shopper: Shopper) -> None:
        """Staff confirms the address; she signs in."""
        self.act("customerUpdate(id: $id, input: {isConfirmed: true})", str(shopper.id))
        shopper.token = self.sign_in(shopper.email, PASSWORD)

    def delete(self, shopper: Shopper) -> None:
        self.act("customerDelete(id: $id)", str(shopper.id))

    def fill_cart(self, shopper: Shopper, quantity: int = 1) -> str:
        """A checkout with everything that buying it needs, as far as that goes in one request."""
        address = ADDRESSES[self.country] | {
            "firstName": shopper.name[0], "lastName": shopper.name[1],
            "streetAddress1": "Main Street 1", "country": self.country,
        }  # fmt: skip
        asked = {
            "channel": self.channel,
            "lines": [{"variantId": self.ware.variant, "quantity": quantity}],
            "shippingAddress": address,
            "billingAddress": address,
        }
        if shopper.token is None:
            asked["email"] = shopper.email
        done = self.do(
            "mutation($i: CheckoutCreateInput!) { checkoutCreate(input: $i)"
            f" {{ checkout {{ id }} {ERRORS} }} }}",
            token=shopper.token,
            i=asked,
        )
        return str(done["checkout"]["id"])

    def checkout(self, id_: str) -> JSON | None:
        found: JSON | None = self.ask(CHECKOUT, token=self.staff, id=id_)["checkout"]
        return found

    def code_on(self, id_: str) -> str | None:
        checkout = self.checkout(id_)
        return checkout["voucherCode"] if checkout else None

    def put(self, shopper: Shopper, checkout: str, quantity: int) -> None:
        self.do(
            "mutation($id: ID!, $l: [CheckoutLineUpdateInput!]!) {"
            f" checkoutLinesUpdate(id: $id, lines: $l) {{ {ERRORS} }} }}",
            token=shopper.token,
            id=checkout,
            l=[{"variantId": self.ware.variant, "quantity": quantity}],
        )

    def take_code_off(self, shopper: Shopper, checkout: str, code: str) -> None:
        self.do(
            "mutation($id: ID!, $c: String!) { checkoutRemovePromoCode(id: $id, promoCode: $c)"
            f" {{ {ERRORS} }} }}",
            token=shopper.token,
            id=checkout,
            c=code,
        )

    def choose_delivery(self, shopper: Shopper, checkout: str) -> None:
        known = self.checkout(checkout)
        assert known is not None
        self.do(
            "mutation($id: ID!, $d: ID!) {"
            f" checkoutDeliveryMethodUpdate(id: $id, deliveryMethodId: $d) {{ {ERRORS} }} }}",
            token=shopper.token,
            id=checkout,
            d=known["shippingMethods"][0]["id"],
        )

    def pay(self, checkout: str) -> None:
        """The whole of it, by a transaction that a payment app would report."""
        known = self.checkout(checkout)
        assert known is not None
        amount = {"amount": known["totalPrice"]["gross"]["amount"], "currency": self.ware.currency}
        self._transact(checkout, amountCharged=amount)

    def _transact(self, id_: str, **amounts: JSON) -> None:
        told = {"name": "Cash", "pspReference": "till", "availableActions": ["REFUND"]}
        self.do(
            "mutation($id: ID!, $t: TransactionCreateInput!) {"
            f" transactionCreate(id: $id, transaction: $t) {{ {ERRORS} }} }}",
            token=self.staff,
            id=id_,
            t=told | _plain(amounts),
        )

    def complete(self, shopper: Shopper, checkout: str) -> JSON:
        """The checkout becomes an order, as staff sees it."""
        done = self.do(
            f"mutation($id: ID!) {{ checkoutComplete(id: $id) {{ order {{ id }} {ERRORS} }} }}",
            token=shopper.token,
            id=checkout,
        )
        return self.order(done["order"]["id"])

    # Orders

    def order(self, id_: str) -> JSON:
        return dict(self.ask(ORDER, token=self.staff, id=id_)["order"])

    def refund(self, order: JSON, amount: Decimal) -> JSON:
        """So much of it is refunded by now, and the rest is what is charged."""
        gross = order["total"]["gross"]
        self.do(
            "mutation($id: ID!, $t: TransactionUpdateInput!) {"
            f" transactionUpdate(id: $id, transaction: $t) {{ {ERRORS} }} }}",
            token=self.staff,
            id=order["transactions"][0]["id"],
            t=_plain({
                "amountRefunded": {"amount": amount, "currency": gross["currency"]},
                "amountCharged": {
                    "amount": gross["amount"] - amount, "currency": gross["currency"]
                },
            }),
        )  # fmt: skip
        return self.order(order["id"])

    def mark_paid(self, order: JSON) -> JSON:
        self.act("orderMarkAsPaid(id: $id)", order["id"])
        return self.order(order["id"])

    def cancel(self, order: JSON) -> JSON:
        self.act("orderCancel(id: $id)", order["id"])
        return self.order(order["id"])

    def send(self, order: JSON) -> JSON:
        """Everything in it is on its way."""
        lines = [
            {
                "orderLineId": line["id"],
                "stocks": [{"quantity": line["quantity"], "warehouse": a["warehouse"]["id"]}],
            }
            for line in order["lines"]
            for a in line["allocations"][:1]
        ]
        self.do(
            "mutation($o: ID!, $i: OrderFulfillInput!) {"
            f" orderFulfill(order: $o, input: $i) {{ {ERRORS} }} }}",
            token=self.staff,
            o=order["id"],
            i={"notifyCustomer": False, "lines": lines},
        )
        return self.order(order["id"])


def _plain(amounts: Mapping[str, JSON]) -> JSON:
    """JSON knows no Decimal; two digits of a float are exact enough to be read back."""
    return {name: money | {"amount": float(money["amount"])} for name, money in amounts.items()}
