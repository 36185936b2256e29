"""SMS, WhatsApp, push and a hundred more: one address names the service and whom it is for."""

from typing import Any
from urllib.parse import quote

import apprise
from apprise import AppriseAsset
from apprise.attachment.file import AttachFile
from apprise.attachment.http import AttachHTTP
from apprise.common import ContentLocation

from app.messages.carriers import TO, NotTakenError, Parcel
from app.saleor.outward import OutwardError, judged

TEMPLATE, LANGUAGE = "{template}", "{language}"
HOST = "{host}"
"""In Apprise's own description of an address: the server is for whoever writes it to name."""
HTTPS = 443

# We attach nothing; but an address may name a file (`?template=`, `?keyfile=`) that is read and
# sent on: one of this machine, or a page that it alone can reach.
for opener in (AttachFile, AttachHTTP):
    opener.location = ContentLocation.INACCESSIBLE


class Apprise:
    """`twilio://sid:token@from/{to}`: the place where the recipient goes is said in the address.

    `whatsapp://{template}:token@from/{to}?lang={language}`: and so is that of an approved template
    (SM-4); where free words may go it is left out with its colon.

    Apprise tells only whether a service took it, so a no is a no for good; and what breaks on the
    way is unknown (SS-1).
    """

    def __init__(self, url: str, *, anywhere: bool = False) -> None:
        """`anywhere`: a server of one's own may stand in a private network."""
        if TO not in url:
            raise ValueError("the address needs {to} where the recipient goes")
        self._url, self._anywhere = url, anywhere

    def hand_over(self, parcel: Parcel) -> str:
        asset = AppriseAsset(app_id="Perennial", secure_logging=True, async_mode=False)
        service = apprise.Apprise.instantiate(
            self.address_of(parcel),
            asset=asset,
            suppress_exceptions=True,
        )
        if service is None:
            raise NotTakenError("no such service", permanent=True)
        self._judge(service)
        if not service.notify(body=parcel.rendered.text, title=parcel.rendered.subject):
            raise NotTakenError("the service did not take it", permanent=True)
        return parcel.message_id

    def _judge(self, service: Any) -> None:  # noqa: ANN401  # one of Apprise's hundred
        if self._anywhere or not any(HOST in shape for shape in service.templates):
            return
        try:
            judged(service.host, service.port or HTTPS)
        except OutwardError as failure:
            raise NotTakenError(str(failure), permanent=True) from failure

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
