from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.saleor.shapes.base import Place, Shape


class Customer(Shape):
    id: str
    email: str
    first_name: str = ""
    last_name: str = ""
    is_staff: bool = False
    is_active: bool = True
    is_confirmed: bool = False
    date_joined: datetime
    updated_at: datetime
    language: Annotated[str, Field(validation_alias="languageCode")]
    default_shipping_address: Place | None = None
    default_billing_address: Place | None = None
    tier: str | None = None
    """What `perennial.tier` says in public metadata: to compare, never to believe."""
    birthday: str | None = None
    anniversary: str | None = None
    renewal: str | None = None
    """Public metadata of these names, if the shop keeps them: Saleor itself has no such fields."""

    @property
    def dates(self) -> Mapping[str, str | None]:
        """By name, as written there."""
        names = ("birthday", "anniversary", "renewal")
        return {name: getattr(self, name) for name in names}


class Gone(Shape):
    """What is left of a deleted account."""

    id: str
    email: str | None = None
