"""What a running Saleor 3.23 sent: its signatures, its repeats, its nulls (shared/saleor)."""

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from app.saleor import shapes
from app.saleor.documents import names
from app.saleor.signature import Verdict, verify
from tests.support.shared import SHARED, needs_shared

pytestmark = needs_shared

RECORDINGS = SHARED / "saleor" / "recordings"


@dataclass(frozen=True)
class Sent:
    event: str
    body: bytes
    signature: str


@cache
def recorded() -> list[dict[str, Any]]:
    with gzip.open(RECORDINGS / "deliveries.ndjson.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def signed() -> list[Sent]:
    found = []
    for request in recorded():
        headers = {name.lower(): value for name, value in request["headers"]}
        if signature := headers.get("saleor-signature"):
            found.append(Sent(headers["saleor-event"], request["body"].encode(), signature))
    return found


@cache
def keys() -> dict[str, Any]:
    return json.loads((RECORDINGS / "jwks.json").read_text(encoding="utf-8"))


def test_every_recorded_signature_is_good() -> None:
    assert len(recorded()) == 296
    verdicts = Counter(verify(sent.body, sent.signature, keys()) for sent in signed())
    assert verdicts == {Verdict.GOOD: 291}


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_every_recorded_body_altered_by_one_byte_is_refused(where: str) -> None:
    verdicts: Counter[Verdict] = Counter()
    for sent in signed():
        at = {"first": 0, "middle": len(sent.body) // 2, "last": len(sent.body) - 1}[where]
        altered = bytearray(sent.body)
        altered[at] ^= 0x01
        verdicts[verify(bytes(altered), sent.signature, keys())] += 1
    assert verdicts == {Verdict.BAD: 291}


def test_every_recorded_signature_altered_by_one_byte_is_refused() -> None:
    good = 0
    for sent in signed():
        header, _, seal = sent.signature.partition("..")
        altered = seal[:-2] + ("A" if seal[-2] != "A" else "B") + seal[-1]
        good += verify(sent.body, f"{header}..{altered}", keys()) is Verdict.GOOD
    assert good == 0


def test_a_retry_repeats_body_and_signature_byte_for_byte() -> None:
    """IN-2: a hash of event and body tells a repeat."""
    assert len(signed()) - len(set(signed())) == 8
    assert len({(sent.event, sent.body) for sent in signed()}) == len(set(signed()))


def test_the_frame_of_every_recorded_event_we_hear_is_read() -> None:
    """Their nouns follow the probe's own subscriptions; issuer, time and errors are Saleor's."""
    ours = {name.removeprefix("subscriptions/") for name in names("subscriptions")}
    heard = [sent for sent in signed() if sent.event in ours]
    events = [shapes.Event.read(sent.body) for sent in heard]
    assert len(events) > 200
    assert all(event.issued_at and event.version == "3.23.28" for event in events)
    causes = {event.cause.kind if event.cause else None for event in events}
    assert causes == {None, "User", "App"}
    assert all(bool(event.issuing_app) == (bool(event.cause) and event.cause.kind == "App")
               for event in events if event.cause is not None)  # fmt: skip


def test_a_denied_field_is_told_from_a_customer_who_is_not_there() -> None:
    deleted = [sent for sent in signed() if sent.event == "customer_deleted"]
    events = [shapes.CustomerDeleted.read(sent.body) for sent in deleted]
    assert len(events) == 4
    assert [(event.user is None, event.lost("user")) for event in events if event.flaws] != []
    assert all(event.lost("user") for event in events if event.user is None)


def test_app_events_say_which_app_and_whether_it_is_on() -> None:
    changes = [shapes.AppStatusChanged.read(s.body) for s in signed()
               if s.event == "app_status_changed"]  # fmt: skip
    assert [change.app.is_active for change in changes if change.app] == [False, True]
