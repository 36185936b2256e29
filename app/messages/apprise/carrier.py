"""SMS, WhatsApp, push and a hundred more: one address names the service and whom it is for."""

from urllib.parse import quote

import apprise
from apprise import AppriseAsset

from app.messages.carriers import NotTakenError, Parcel

TO, TEMPLATE, LANGUAGE = "{to}", "{template}", "{language}"


class Apprise:
    """`twilio://sid:token@from/{to}`: the place where the recipient goes is said in the address.

    `whatsapp://{template}:token@from/{to}?lang={language}`: and so is that of an approved template
    (SM-4); where free words may go it is left out with its colon.

    Apprise tells only whether a service took it, so a no is a no for good; and what breaks on the
    way is unknown (SS-1).
    """

    def __init__(self, url: str) -> None:
        if TO not in url:
            raise ValueError("the address needs {to} where the recipient goes")
        self._url = url

    def hand_over(self, parcel: Parcel) -> str:
        asset = AppriseAsset(app_id="Perennial", secure_logging=True, async_mode=False)
        service = apprise.Apprise.instantiate(
            self.address_of(parcel),
            asset=asset,
            suppress_exceptions=True,
        )
        if service is None:
            raise NotTakenError("no such service", permanent=True)
        if not service.notify(body=parcel.rendered.text, title=parcel.rendered.subject):
            raise NotTakenError("the service did not take it", permanent=True)
        return parcel.message_id

    def address_of(self, parcel: Parcel) -> str:
        """The service's address with everything of this message in its place."""
        template, words = parcel.rendered.template, parcel.rendered
        url = self._url if template else self._url.replace(f"{TEMPLATE}:", "")
        filled = {
            TEMPLATE: quote(template, safe=""),
            LANGUAGE: words.language,
            TO: parcel.recipient.lstrip("+"),
        }
        for place, value in filled.items():
            url = url.replace(place, value)
        return url
