"""The people of the shop: shoppers, staff, and where they live."""

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.catalogue import Texts


@dataclass(slots=True, eq=False)
class Address:
    id: str
    first_name: str = ""
    last_name: str = ""
    street_address_1: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    country_area: str = ""
    phone: str | None = None
    company_name: str = ""
    street_address_2: str = ""
    city_area: str = ""
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class User:
    """An account. A guest has none: only an e-mail on a checkout or an order."""

    id: str
    email: str
    first_name: str
    last_name: str
    date_joined: datetime
    updated_at: datetime
    language_code: str = "EN"
    is_staff: bool = False
    is_active: bool = True
    is_confirmed: bool = True
    is_deleted: bool = False
    password: str = ""
    confirm_token: str = ""
    note: str | None = None
    external_reference: str | None = None
    last_login: datetime | None = None
    default_shipping_address: Address | None = None
    default_billing_address: Address | None = None
    addresses: list[Address] = field(default_factory=list)
    permissions: frozenset[str] = frozenset()
    metadata: Texts = field(default_factory=dict)
    private_metadata: Texts = field(default_factory=dict)
    order_ids: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email
