"""BS-1: what Gmail, Yahoo and Outlook ask of a domain that sends in bulk. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

FREE = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com",
    "yahoo.com.br", "aol.com", "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "wp.pl",
    "o2.pl", "onet.pl", "interia.pl", "op.pl", "uol.com.br", "bol.com.br", "terra.com.br",
    "proton.me", "protonmail.com", "mail.com", "t-online.de",
})  # fmt: skip
"""Nobody may send in bulk from these: their own DMARC forbids it."""


class Light(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True)
class Records:
    """What the domain name system says. None: it was not asked, or did not answer."""

    spf: Sequence[str] | None
    """TXT of the domain itself."""
    dkim: Sequence[str] | None
    """TXT of `<selector>._domainkey.<domain>`."""
    dmarc: Sequence[str] | None
    """TXT of `_dmarc.<domain>`, else of the organisation's."""


def lights(domain: str, records: Records, *, encrypted: bool, postal: bool) -> Mapping[str, str]:
    """By name of a check. What is bad holds marketing back; a warning only warns."""
    return {
        "own_domain": (Light.BAD if domain in FREE or "." not in domain else Light.GOOD).value,
        "spf": _spf(records.spf).value,
        "dkim": _dkim(records.dkim).value,
        "dmarc": _dmarc(records.dmarc).value,
        "tls": (Light.GOOD if encrypted else Light.WARNING).value,
        "postal": (Light.GOOD if postal else Light.WARNING).value,
        "unsubscribe": Light.GOOD.value,  # every marketing mail of ours has both headers
    }


def _spf(texts: Sequence[str] | None) -> Light:
    if texts is None:
        return Light.WARNING
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) != 1:
        return Light.BAD  # none, or two: RFC 7208 calls both an error
    return Light.BAD if found[0].lower().rstrip().endswith("+all") else Light.GOOD


def _dkim(texts: Sequence[str] | None) -> Light:
    """A key under the sender's own domain is aligned by that."""
    if texts is None:
        return Light.WARNING
    keys = [_tags(text).get("p", "") for text in texts]
    return Light.GOOD if any(keys) else Light.BAD


def _dmarc(texts: Sequence[str] | None) -> Light:
    if texts is None:
        return Light.WARNING
    found = [_tags(text) for text in texts if text.lower().replace(" ", "").startswith("v=dmarc1")]
    known = len(found) == 1 and found[0].get("p") in ("none", "quarantine", "reject")
    return Light.GOOD if known else Light.BAD


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, mark, value in pairs if mark}


def upwards(domain: str) -> Sequence[str]:
    """The domain and those above it: a sub-domain without a DMARC record has its parent's."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]
