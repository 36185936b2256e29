"""`make bench-recommend`: our lists beside those of others, on public baskets and at a million.

Quality: the last basket of each customer is left out (`recommend_baskets`); ten products a list,
bought before or not. Ours is the engine as it ships: it reads the baskets that are left, tunes
itself on them (`quality.tune`) and knows nothing of a data set. Peers: TIFU-KNN, an implementation
of our own at each setting published for such shops, the best of them on the test baskets counts;
implicit 0.7.2 (BM25, ALS, BPR) from an environment of its own in `benchmarks/.peer-venv-implicit`,
made at first need (PEERS=none leaves it out); and what sells best, and what he bought most often.

Speed: a made-up shop of 1,000,000 customers and 100,000 products, one core. Scoring alone is the
best ten products that each customer never had, from neighbours that are there, against implicit's
item-item batch with as many neighbours, as it is by default. Whole lists are neighbours looked up,
availability, categories and families minded, reasons told. Both in processes of their own.

    python -m benchmarks.recommend                    all of it (some ten minutes)
    python -m benchmarks.recommend quality tafeng     one data set
    python -m benchmarks.recommend together           what goes with one product of a basket
    python -m benchmarks.recommend speed              a million customers
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.recommend import quality
from app.recommend.adviser import Adviser
from app.recommend.notes import FREQUENT, MIXED, NEW, POPULAR
from app.recommend.picks import Wish
from app.recommend.replay import clock
from benchmarks import recommend_tifu as tifu
from benchmarks.recommend_baskets import DATA, N, Rows, Score, Split, load, only_new, score, split

HERE = Path(__file__).parent
VENV = HERE / ".peer-venv-implicit"
IMPLICIT = "implicit==0.7.2"
SETS = ("tafeng", "online_retail", "instacart_sample")
PATIENCE = 1800
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Row:
    who: str
    score: Score
    seconds: float

    def line(self) -> str:
        s = self.score
        return (
            f"  {self.who:26s} {s.recall:7.4f} {s.ndcg:7.4f} {s.phr:7.4f} {100 * s.coverage:7.1f}"
            f" {self.seconds:8.1f}"
        )


def read(at: Split) -> Adviser:
    """The engine after reading what is left and its nightly lesson."""
    adviser = Adviser()
    adviser.book.read([at.baskets.some(at.train)])
    quality.tune(adviser)
    return adviser


def asked(adviser: Adviser, at: Split, *, slot: int = MIXED, method: int | None = None) -> Rows:
    shelf = adviser.shelf(np.arange(at.baskets.items))
    every = adviser.every(shelf, Wish(N), slot=slot, method=method, customers=at.users)
    picks = [np.where(np.arange(N) < p.length[:, None], p.product, -1) for p in every]
    return np.concatenate(picks)


def judge(name: str, folder: Path, peer: str | None, *, validation: bool = False) -> list[Row]:
    """All methods on one data set."""
    at = split(load(name), validation=validation)
    truth, items = at.truth(), at.baskets.items
    print(f"{name}: {len(at.users):,} customers, {items:,} items, {len(at.train):,} baskets read")
    print(f"  {'':26s} {'R@10':>7s} {'NDCG@10':>7s} {'PHR@10':>7s} {'cover %':>7s} {'seconds':>8s}")
    rows: list[Row] = []

    def add(who: str, lists: Rows, start: float) -> None:
        rows.append(Row(who, score(lists, truth, items), time.perf_counter() - start))
        print(rows[-1].line(), flush=True)

    start = time.perf_counter()
    adviser = read(at)
    add("ours", asked(adviser, at), start)
    for who, method in (("popular", POPULAR), ("bought most often", FREQUENT)):
        start = time.perf_counter()
        add(who, asked(adviser, at, method=method), start)
    for setting in (tifu.TAFENG, tifu.DUNNHUMBY, tifu.INSTACART):
        start = time.perf_counter()
        add(f"TIFU-KNN {','.join(f'{x:g}' for x in setting)}", tifu.lists(at, setting), start)
    for who, lists, seconds in implicit_lists(at, folder, peer):
        add(who, lists, time.perf_counter() - seconds)
    new_only(adviser, at)
    lead(rows)
    return rows


def new_only(adviser: Adviser, at: Split) -> None:
    """The other list: of what they never had, against what of that came."""
    places, fresh = only_new(at)
    for who, method in (("ours", None), ("popular", POPULAR)):
        found = score(asked(adviser, at, slot=NEW, method=method)[places], fresh, at.baskets.items)
        print(
            f"  new products only, {who:8s} R@10 {found.recall:.4f}, PHR@10 {found.phr:.4f},"
            f" cover {100 * found.coverage:.1f} % ({len(places):,} customers)"
        )


def lead(rows: list[Row]) -> None:
    best = max((row for row in rows if row.who.startswith("TIFU")), key=lambda r: r.score.recall)
    more = rows[0].score.recalls - best.score.recalls
    off = 1.96 * more.std() / len(more) ** 0.5
    print(f"  ours minus the best TIFU-KNN: {more.mean():+.4f} ± {off:.4f} (95 %)", flush=True)


# The peer


def peer_python() -> str | None:
    """The Python of implicit's environment, made if need be; None where it cannot be."""
    inside = VENV / "bin" / "python"
    if (VENV / ".ready").exists():
        return str(inside)
    print(f"making {VENV} for {IMPLICIT} (once)")
    pip = [str(inside), "-m", "pip", "install", "-q", "--disable-pip-version-check", IMPLICIT]
    try:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        (VENV / ".gitignore").write_text("*\n", encoding="utf-8")
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as trouble:
        print(f"{IMPLICIT} could not be installed: {trouble}")
        return None
    (VENV / ".ready").touch()
    return str(inside)


def implicit_lists(at: Split, folder: Path, peer: str | None) -> Iterator[tuple[str, Rows, float]]:
    if peer is None:
        print("  implicit                   is not here")
        return
    row, item = at.train_rows()
    shape = np.array([row.max() + 1, at.baskets.items])
    np.savez(folder / "train.npz", row=row, item=item, shape=shape, users=at.users)
    said = helped(peer, "lists", str(folder / "train.npz"), str(folder / "lists.npz"))
    if said is None:
        return
    with np.load(folder / "lists.npz") as found:
        for who in found.files:
            yield who, found[who], float(said[who])


def helped(peer: str, *words: str) -> dict[str, float] | None:
    """What the peer's process says, None where it fails."""
    done = subprocess.run(
        [peer, str(HERE / "recommend_peer.py"), *words], check=False, text=True,
        capture_output=True, timeout=PATIENCE, env={**os.environ, **ONE_CORE},
    )  # fmt: skip
    if done.returncode != 0:
        print(f"  implicit failed: {done.stderr.strip().splitlines()[-1:]}")
        return None
    said: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


# Bought together


def together(name: str) -> float:
    """Learn from the first 80 % of the orders; one item of each later one asks for the others."""
    baskets = load(name)
    cut, chance = int(0.8 * len(baskets.user)), np.random.default_rng(0)
    adviser = Adviser()
    adviser.book.read([baskets.some(np.arange(cut))])
    time = clock(adviser.book)
    adviser.book.weigh(time.now, time.half_life)
    shelf = adviser.shelf(np.arange(baskets.items))
    recalls: list[float] = []
    for place in range(cut, len(baskets.user)):
        basket = baskets.of(place)
        if len(basket) < 2:
            continue
        query = int(chance.choice(basket))
        found = [pick.product for pick in adviser.together([query], shelf, Wish(N))]
        recalls.append(len(set(found).intersection(basket.tolist())) / (len(basket) - 1))
    hit = np.mean(np.array(recalls) > 0)
    print(
        f"bought together, {name:17s} R@10 {np.mean(recalls):.4f}, HR@10 {hit:.3f}"
        f" ({len(recalls):,} baskets)",
        flush=True,
    )
    return float(np.mean(recalls))


# All of it


def at_a_million(folder: Path, peer: str | None) -> dict[str, float]:
    """See `recommend_scale`; the peer on the same purchases."""
    made = folder / "million.npz"
    command = [sys.executable, "-m", "benchmarks.recommend_scale"]
    for words in (["make", str(made)], ["warm"]):
        subprocess.run([*command, *words], check=True, cwd=HERE.parent)
    done = subprocess.run(
        [*command, "run", str(made)], check=True, cwd=HERE.parent, text=True, stdout=-1,
        env={**os.environ, **ONE_CORE},
    )  # fmt: skip
    *told, last = done.stdout.strip().splitlines()
    print("\n".join(told))
    figures: dict[str, float] = json.loads(last)
    mine = figures.pop("scoring_seconds_1m")
    theirs = helped(peer, "speed", str(made)) if peer else None
    if theirs is None:
        print("implicit is not here: nothing to compare the speed of scoring with")
    else:
        figures["scoring_speedup_vs_implicit"] = round(theirs["seconds"] / mine, 2)
        print(
            f"implicit's item-item batch: {theirs['seconds']:.1f} s after {theirs['fit']:.1f} s"
            f" for neighbours, {theirs['peak_mb']:.0f} MB; ours {mine:.1f} s"
        )
    return figures


def main(words: list[str]) -> None:
    peer = None if os.environ.get("PEERS") == "none" else peer_python()
    figures: dict[str, float] = {}
    covered: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if words[:1] in ([], ["quality"]):
            for data in [word for word in words[1:] if word in SETS] or SETS:
                rows = judge(data, folder, peer, validation="validation" in words)
                best = max(r.score.recall for r in rows if r.who.startswith("TIFU"))
                figures[f"r10_{data}"] = round(rows[0].score.recall, 4)
                figures[f"r10_minus_tifu_{data}"] = round(rows[0].score.recall - best, 4)
                covered.append(100 * rows[0].score.coverage)
            figures["coverage_pct"] = round(min(covered), 1)
        if words in ([], ["together"]):
            for data in ("groceries", *SETS):
                recall = together(data)
                figures |= {f"together_r10_{data}": round(recall, 4)}
        if not words or words == ["speed"]:
            figures |= at_a_million(folder, peer)
    print(json.dumps({"bench": "recommend", "figures": figures}))


if __name__ == "__main__":
    if not DATA.is_dir():
        sys.exit(f"no data at {DATA}: `python -m benchmarks.recommend speed` needs none")
    main(sys.argv[1:])
