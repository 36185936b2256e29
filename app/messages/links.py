"""AT-1: links that say where they come from, and lead through us only if they are signed."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from app.messages import hashing

SOURCE = "perennial"


def marked(url: str, *, medium: str, campaign: str, content: str) -> str:
    """With UTM marks in lower case; marks that are there stay. Never anything about a person."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    have = {name for name, _ in query}
    marks = {
        "utm_source": SOURCE, "utm_medium": medium, "utm_campaign": campaign,
        "utm_content": content,
    }  # fmt: skip
    query += [(k, v.lower()) for k, v in marks.items() if v and k not in have]
    return urlunsplit(parts._replace(query=urlencode(query)))


class Links:
    """The addresses in one message."""

    def __init__(
        self, base: str, secret: str, *, shop: int, send: int, token: str, wrap: bool
    ) -> None:
        self._base, self._secret = base.rstrip("/"), secret
        self._shop, self._send, self._token = shop, send, token
        self._wrap = wrap

    def to(self, url: str, *, medium: str, campaign: str, content: str) -> str:
        """A link out: marked, and led through us to count the click unless that is switched off."""
        url = marked(url, medium=medium, campaign=campaign, content=content)
        if not self._wrap:
            return url
        mark = hashing.sign(self._secret, "click", self._shop, self._send, url)
        return f"{self._base}/c/{self._shop}-{self._send}-{mark}?to={quote(url, safe='')}"

    @property
    def unsubscribe(self) -> str:
        return f"{self._base}/u/{self._shop}.{self._token}"

    @property
    def preferences(self) -> str:
        return f"{self._base}/preferences/{self._shop}.{self._token}"

    @property
    def survey(self) -> str:
        """FB-4: where she says how it was."""
        return f"{self._base}/survey/{self._shop}.{self._token}"

    @property
    def useful(self) -> str:
        """FB-7."""
        return f"{self._base}/useful/{self._shop}.{self._token}"

    @property
    def honeypot(self) -> str:
        """OP-2: no person sees it; whoever follows it is a machine."""
        mark = hashing.sign(self._secret, "trap", self._shop, self._send, "")
        return f"{self._base}/c/{self._shop}-{self._send}-{mark}"

    @property
    def pixel(self) -> str:
        mark = hashing.sign(self._secret, "open", self._shop, self._send, "")
        return f"{self._base}/o/{self._shop}-{self._send}-{mark}.gif"
