"""What every mutation's answer looks like: the thing it was about, and `errors`."""

from collections.abc import Callable
from typing import Any

from sandbox.api.ask import Args, Ask
from sandbox.rules.refusal import Refused

Asked = Callable[[Any, Args, Ask], Any]
Act = Callable[[Ask, Args], Any]


class Answer:
    """A payload: the fields it was given, and null for every other but those that may not be."""

    confirmation_needed = False
    count = 0
    results: tuple[Any, ...] = ()

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, _name: str) -> None:
        return None


def entry(refused: Refused) -> Answer:
    facts = dict(refused.entry)
    facts["voucher_codes"] = facts.pop("voucherCodes", None)
    return Answer(**facts)


def change(field: str, act: Act, *needs: str) -> Asked:
    """A mutation that answers with one thing in `field` (snake_case). A refusal is an entry of
    `errors` and not an error of the request; a missing permission is."""

    def resolve(_root: Any, args: Args, ask: Ask) -> Answer:
        if needs:
            ask.need(*needs)
        try:
            result = act(ask, args)
        except Refused as refused:
            return Answer(errors=[entry(refused)])
        if isinstance(result, Answer):
            result.__dict__.setdefault("errors", [])
            return result
        return Answer(**{field: result}, errors=[])

    return resolve


def pairs(items: Any) -> dict[str, str]:
    """[{key, value}] as a dict."""
    return {one["key"]: one["value"] for one in items or ()}


def found(thing: Any, field: str, kind: str) -> Any:
    """The thing, or Saleor's words for one that is not there."""
    if thing is None:
        raise Refused(field, "NOT_FOUND", f"Couldn't resolve to a node: {kind}")
    return thing
