"""What mutations answer. Their `errors` are raised by the client, so a shape is a success."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, AliasPath, Field

from app.saleor.shapes.answers import Voucher, Webhook
from app.saleor.shapes.base import Shape


class Refusal(Shape):
    """Why Saleor said no: `field` of the input, a code and a sentence for developers."""

    field: Annotated[str | None, Field(validation_alias=AliasChoices("field", "path"))] = None
    code: str
    message: str | None = None


class VoucherWritten(Shape):
    voucher: Annotated[
        Voucher | None,
        Field(
            validation_alias=AliasChoices(
                AliasPath("voucherCreate", "voucher"),
                AliasPath("voucherUpdate", "voucher"),
                AliasPath("voucherChannelListingUpdate", "voucher"),
            )
        ),
    ] = None


class CodesDeleted(Shape):
    count: Annotated[int, Field(validation_alias=AliasPath("voucherCodeBulkDelete", "count"))] = 0


class NewGiftCard(Shape):
    id: str


class GiftCardWritten(Shape):
    card: Annotated[
        NewGiftCard | None, Field(validation_alias=AliasPath("giftCardCreate", "giftCard"))
    ] = None


class GiftCardsDeleted(Shape):
    count: Annotated[int, Field(validation_alias=AliasPath("giftCardBulkDelete", "count"))] = 0


class CodedCheckout(Shape):
    id: str
    voucher_code: str | None = None
    updated_at: datetime


class PromoCodeWritten(Shape):
    checkout: Annotated[
        CodedCheckout | None,
        Field(validation_alias=AliasPath("checkoutAddPromoCode", "checkout")),
    ] = None


class NewCheckout(Shape):
    id: str
    updated_at: datetime


class CheckoutMade(Shape):
    checkout: Annotated[
        NewCheckout | None, Field(validation_alias=AliasPath("checkoutCreate", "checkout"))
    ] = None


class WebhookWritten(Shape):
    webhook: Annotated[
        Webhook | None,
        Field(
            validation_alias=AliasChoices(
                AliasPath("webhookCreate", "webhook"), AliasPath("webhookUpdate", "webhook")
            )
        ),
    ] = None


class WebhookGone(Shape):
    id: Annotated[
        str | None, Field(validation_alias=AliasPath("webhookDelete", "webhook", "id"))
    ] = None


class Write(Shape):
    errors: tuple[Refusal, ...] = ()


class MetadataWritten(Shape):
    """Up to four writes, each with its own refusals: one that fails does not undo the others."""

    write0: Write | None = None
    write1: Write | None = None
    write2: Write | None = None
    write3: Write | None = None

    @property
    def writes(self) -> Sequence[Write | None]:
        return (self.write0, self.write1, self.write2, self.write3)
