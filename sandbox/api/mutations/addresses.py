"""An address as the API takes it."""

from typing import Any

from sandbox.people import Address
from sandbox.store import Store

NAMES = {
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company_name",
    "streetAddress1": "street_address_1",
    "streetAddress2": "street_address_2",
    "city": "city",
    "cityArea": "city_area",
    "postalCode": "postal_code",
    "country": "country",
    "countryArea": "country_area",
    "phone": "phone",
}


def address_from(store: Store, asked: Any) -> Address:
    """Cities are written in capitals, as Saleor's address book does for many countries."""
    facts = {name: asked[spelled] for spelled, name in NAMES.items() if asked.get(spelled)}
    facts["city"] = facts.get("city", "").upper()
    return Address(store.numbers.serial("Address"), **facts)


def maybe_address(store: Store, asked: Any) -> Address | None:
    return address_from(store, asked) if asked else None
