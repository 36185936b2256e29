"""`make demo`: a shop, the app in it, its history read, and people who shop."""

import signal
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from sandbox.pair import NeverCame, Pair
from sandbox.response import EFFECT

LIVE, ONCE = 600.0, 3600.0
ONCE_SECONDS = 25.0
ONCE_AT_MOST = 90.0
"""On a slow machine the shop stays open until all that must happen has happened."""
SETTLES_WITHIN = 40.0
IMPORT_WITHIN = 600.0
MUST_HAPPEN = ("orders", "carts left", "tiers risen", "codes given", "codes used")


class Wrong(RuntimeError):  # noqa: N818 - what the demo says
    """Something that must not happen did, or the other way round."""


def run(once: bool = False) -> int:  # noqa: FBT001, FBT002 - the command line's own switch
    """Play the demo. 0 when all went well, 1 when not; Ctrl-C ends it well."""
    out = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the two processes end with us
    out.print("Opening a small shop with two years of history, and the app beside it …")
    try:
        with Pair(scale=ONCE if once else LIVE) as pair:
            return play(pair, out, once=once)
    except (Wrong, NeverCame) as wrong:
        out.print(f"[red]{wrong}[/]")
        return 1
    except KeyboardInterrupt:
        out.print("\nThe shop is closed.")
        return 0


def play(pair: Pair, out: Console, *, once: bool) -> int:
    owner = pair.owner
    try:
        owner.control("install", manifest_url=f"{pair.app_url}/api/manifest")
    except RuntimeError as refused:
        raise Wrong(f"The app was not installed: {refused}") from None
    out.print("The app is installed. It reads the shop's history:")
    watch_import(pair, out)
    tiers = switch_offers_on(pair)
    owner.switches_on("cart")
    out.print(
        f"The owner switched the offers of {tiers} tiers on, and the reminders of left checkouts;"
        " their letters stay in the app's own mailbox. The shop is open:"
    )
    owner.control("life", do="start")
    app = next(iter(owner.control("status")["apps"]))["id"]
    address = f"{pair.shop_url}/extensions/app/{app}"
    out.print(f"  Look at it: [link={address}]{address}[/]\n")
    if not once:
        out.print("Ctrl-C closes the shop.\n")
    tell(pair, out, until=time.monotonic() + ONCE_SECONDS if once else None)
    owner.control("life", do="stop")
    wrong = settle(pair)
    summary(pair, out, wrong)
    return 1 if wrong else 0


def watch_import(pair: Pair, out: Console) -> None:
    """A bar a stock until everything is in."""
    columns = (TextColumn("  {task.description:<10}"), BarColumn(), MofNCompleteColumn())
    end = time.monotonic() + IMPORT_WITHIN
    with Progress(*columns, TimeElapsedColumn(), console=out) as bars:
        tasks: dict[str, Any] = {}
        begun = False
        while time.monotonic() < end:
            alive(pair)
            steps = pair.owner.import_progress()
            if steps is None and (begun or not pair.owner.differences()):
                finish(bars, tasks)
                return
            for step in steps or ():
                begun = True
                name, total = step["stock"], step["total"]
                if name not in tasks:
                    tasks[name] = bars.add_task(name, total=total)
                bars.update(tasks[name], completed=step["done"], total=total)
            time.sleep(0.25)
    raise Wrong("The import did not end.")


def switch_offers_on(pair: Pair) -> int:
    """As soon as the app shows tiers. Raises Wrong when it never does."""
    switched = 0

    def done() -> bool:
        nonlocal switched
        alive(pair)
        switched = pair.owner.switches_offers_on()
        return switched > 0

    if not wait_until(done, within=SETTLES_WITHIN):
        raise Wrong("The app showed no tiers to switch on.")
    return switched


def finish(bars: Progress, tasks: dict[str, Any]) -> None:
    for task in bars.tasks:
        bars.update(task.id, completed=task.total or 0, total=task.total or 0)
    tasks.clear()


def alive(pair: Pair) -> None:
    for name, process in (("app", pair.app), ("shop", pair.shop)):
        if process.poll() is not None:
            raise Wrong(f"The {name} died.\n{pair.last_words(name)}")


def tell(pair: Pair, out: Console, *, until: float | None) -> None:
    """Print what happens, line by line, until a moment or until Ctrl-C."""
    nth = 0
    last = None if until is None else until - ONCE_SECONDS + ONCE_AT_MOST
    while until is None or time.monotonic() < until or (happening(pair) and before(last)):
        alive(pair)
        for line in pair.owner.control("story", since=nth):
            nth = line["nth"]
            out.print(f"  {line['at'][5:16].replace('T', ' ')}  {line['text']}")
        time.sleep(0.3)


def happening(pair: Pair) -> bool:
    """Something that must happen has not happened yet."""
    counts = pair.owner.control("status")["life"]["counts"]
    return any(not counts.get(name) for name in MUST_HAPPEN)


def before(moment: float | None) -> bool:
    return moment is not None and time.monotonic() < moment


def wait_until(so: Callable[[], bool], *, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if so():
            return True
        time.sleep(0.4)
    return so()


def settle(pair: Pair) -> list[str]:
    """Let everything that is on its way arrive, then hold the books side by side."""
    owner = pair.owner
    quiet = wait_until(
        lambda: owner.control("status")["deliveries"]["waiting"] == 0, within=SETTLES_WITHIN
    )
    wrong = [] if quiet else ["some deliveries never left"]
    wait_until(lambda: not owner.differences(), within=SETTLES_WITHIN)
    wrong += owner.differences()
    status = owner.control("status")
    wrong += [f"a shopper's trouble: {text}" for text in status["life"]["trouble"]]
    counts = status["life"]["counts"]
    wrong += [f"nothing of this happened: {name}" for name in MUST_HAPPEN if not counts.get(name)]
    if counts.get("codes forced"):
        wrong.append("a code came back that a shopper had taken off")
    # a refund on its way while the books were compared is put right by the next look at them
    wait_until(lambda: pair.doctor().returncode == 0, within=SETTLES_WITHIN)
    doctor = pair.doctor()
    if doctor.returncode:
        wrong.append(f"the doctor says:\n{doctor.stdout.strip()}{doctor.stderr.strip()[-500:]}")
    return wrong


def summary(pair: Pair, out: Console, wrong: list[str]) -> None:
    status = pair.owner.control("status")
    counts, books = status["life"]["counts"], status["books"]
    table = Table(show_header=False, box=None, padding=(0, 2))
    rows = {
        "Orders in the shop": status["orders"],
        "of them while the app listened": counts.get("orders", 0),
        "Carts left": counts.get("carts left", 0),
        "People who came back": counts.get("came back", 0),
        "Tiers risen": counts.get("tiers risen", 0),
        "Codes given": counts.get("codes given", 0),
        "Codes used": counts.get("codes used", 0),
        "Codes taken off": counts.get("codes taken off", 0),
        "Hesitated with a code": counts.get("hesitated with a code", 0),
        "and without one": counts.get("hesitated without a code", 0),
        "of both bought after all": counts.get("bought after all", 0),
        "What a code does to who hesitates": f"{EFFECT * 100:+.0f} points: the app does not know",
        "Refunds": counts.get("refunds", 0),
        "Deliveries heard": status["deliveries"]["sent"],
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    for book in books.values():
        table.add_row(f"Orders in {book['currency']}", f"{book['orders']}, {book['gross']}")
    out.print()
    out.print(table)
    if wrong:
        out.print("[red]Not all went well:[/]")
        for text in wrong:
            out.print(f"  [red]{text}[/]")
        return
    out.print("[green]The app's books and the shop's are the same, to the cent.[/]")
