"""Everything that can be changed through the API, one line each."""

from sandbox.api.mutations.accounts import ACCOUNTS
from sandbox.api.mutations.answer import Asked
from sandbox.api.mutations.apps import APPS
from sandbox.api.mutations.carts import CARTS
from sandbox.api.mutations.goods import GOODS
from sandbox.api.mutations.orders import ORDERS
from sandbox.api.mutations.promotions import PROMOTIONS
from sandbox.api.mutations.texts import TEXTS

MUTATIONS: dict[str, Asked] = {
    f"Mutation.{name}": change
    for table in (ACCOUNTS, CARTS, ORDERS, PROMOTIONS, TEXTS, APPS, GOODS)
    for name, change in table.items()
}
