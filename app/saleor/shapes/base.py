"""What every shape has in common: frozen, tolerant, and named as Saleor names it."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A part of an answer. Unknown fields are ignored, and what Saleor may null may be None."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Money(Shape):
    amount: Decimal
    currency: str


class Price(Shape):
    """An amount with tax and the same without."""

    gross: Money
    net: Money


class Named(Shape):
    id: str
    name: str


class Channel(Shape):
    id: str
    slug: str
    currency_code: str


class Country(Shape):
    code: str


class Place(Shape):
    """An address as coarse as it is of use: no street, phone or name but a company's."""

    country: Country
    country_area: str = ""
    city: str = ""
    postal_code: str = ""
    company: Annotated[str, Field(validation_alias="companyName")] = ""


class Person(Shape):
    """An account as seen from an order or a checkout."""

    id: str
    email: str
    is_staff: bool = False
    is_active: bool = True
    is_confirmed: bool = False
