"""What a shop told the app, step by step, so that two shops can be laid side by side."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.kit.money import minor
from tests.support.scenario_app import App
from tests.support.scenario_ear import Heard
from tests.support.scenario_shop import Shop
from tests.support.scenario_wire import JSON

WORDS = frozenset({
    "status", "chargeStatus", "authorizeStatus", "origin", "type", "valueType", "__typename",
    "isConfirmed", "isActive", "isGift",
})  # fmt: skip
"""Fields whose very value is part of a shop's behaviour."""


@dataclass
class Step:
    """One sentence of the story and what followed from it."""

    name: str
    orders: int = 0
    """Orders more than before, in the shop's own books."""
    events: Counter[str] = field(default_factory=Counter)
    nulls: dict[str, set[str]] = field(default_factory=dict)
    """By event: the fields that were null in a payload."""
    words: dict[str, set[str]] = field(default_factory=dict)
    """By event: what `WORDS` said, as `field=value`."""
    seconds: float = 0.0

    def hear(self, one: Heard, told: Sequence[tuple[str, Any]]) -> None:
        if _our_own_errand(one, told):
            return
        self.events[one.event] += 1
        for path, value in told:
            if value is None:
                self.nulls.setdefault(one.event, set()).add(path)
            elif path.rpartition(".")[2] in WORDS:
                self.words.setdefault(one.event, set()).add(f"{path}={value}")


def _our_own_errand(one: Heard, told: Sequence[tuple[str, Any]]) -> bool:
    """Tiers are written to accounts when there is time: into which step that falls is chance."""
    return one.event == "CUSTOMER_UPDATED" and ("issuingPrincipal.__typename", "App") in told


def leaves(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a payload by its path; what is in a list has `[]` for a place."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")


KINDS = {
    str: "text", bool: "yes or no", int: "number", float: "number", dict: "object", list: "list",
}  # fmt: skip


@dataclass
class Record:
    """The whole story in one shop."""

    app: App
    shop: Shop
    steps: list[Step] = field(default_factory=list)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    """By field: what JSON makes of it."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do it, wait until everything that follows has followed, and compare the books."""
        mark, began = self.app.ear.mark, time.monotonic()
        before = sum(orders for orders, _ in self.shop.books().values())
        yield
        self.app.settled()
        step = Step(name, self._agreed() - before, seconds=time.monotonic() - began)
        for one in self.app.ear.since(mark):
            assert one.status == 202, (name, one.event, one.status)
            told = list(leaves(one.body))
            step.hear(one, told)
            for path, value in told:
                if value is not None:
                    self.kinds.setdefault(path, set()).add(KINDS[type(value)])
        self.steps.append(step)
        assert self.app.parked() == [], f"{name}: {self.app.parked()}"

    def _agreed(self) -> int:
        """IN-4: per channel as many orders and to the cent as much money. How many orders."""
        theirs = {
            place: (orders, minor(Decimal(money), place[1]))
            for place, (orders, money) in self.shop.books().items()
        }
        assert self.app.books() == theirs
        return sum(orders for orders, _ in theirs.values())

    def as_json(self) -> JSON:
        return {
            "saleor": self.shop.version(),
            "kinds": _sorted(self.kinds),
            "steps": [
                {
                    "name": step.name,
                    "orders": step.orders,
                    "events": dict(sorted(step.events.items())),
                    "nulls": _sorted(step.nulls),
                    "words": _sorted(step.words),
                }
                for step in self.steps
            ],
        }


def _sorted(sets: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in sorted(sets.items())}


def differences(saleor: JSON, sandbox: JSON) -> list[str]:
    """What the two told otherwise, a line each.

    How much the first step tells depends on the shop's past, so there only what is told counts.
    """
    lines = list(_of_kinds(saleor["kinds"], sandbox["kinds"]))
    assert [one["name"] for one in saleor["steps"]] == [one["name"] for one in sandbox["steps"]]
    for nth, (real, toy) in enumerate(zip(saleor["steps"], sandbox["steps"], strict=True)):
        lines += [f"{real['name']}: {line}" for line in _of_step(real, toy, counts=nth > 0)]
    return lines


def _of_kinds(real: JSON, toy: JSON) -> Iterator[str]:
    for path in sorted(real.keys() | toy.keys()):
        above = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
        if path in real and path in toy:
            if real[path] != toy[path]:
                yield f"`{path}`: {_words(real[path])}, in the sandbox {_words(toy[path])}"
        elif not above or (above in real and above in toy):
            yield f"`{path}` told only by {'Saleor' if path in real else 'the sandbox'}"


def _of_step(real: JSON, toy: JSON, *, counts: bool) -> Iterator[str]:
    for event in sorted(real["events"].keys() | toy["events"].keys()) if counts else ():
        one, other = real["events"].get(event, 0), toy["events"].get(event, 0)
        if one != other:
            yield f"{event} × {one}, in the sandbox × {other}"
    for event in sorted(real["events"].keys() & toy["events"].keys()):
        for what in ("nulls", "words"):
            ours, theirs = set(toy[what].get(event, ())), set(real[what].get(event, ()))
            for path in sorted(theirs - ours):
                yield f"{event}: `{path}`{_null(what)} only in Saleor"
            for path in sorted(ours - theirs):
                yield f"{event}: `{path}`{_null(what)} only in the sandbox"
    if real["orders"] != toy["orders"]:
        yield f"{real['orders']} orders more, in the sandbox {toy['orders']}"


def _null(what: str) -> str:
    return " is null" if what == "nulls" else ""


def _words(kinds: Iterable[str]) -> str:
    return " or ".join(kinds)
