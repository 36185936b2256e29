"""`make bench-ltv`: fit and predict, ours and the peers side by side, warm, cold and in memory.

Warm: fit, P(still a customer) and expected orders in 180 days, the summary in memory, everything
compiled. Cold: from the start of a new process to the same answer, reading included; our kernels
and the peers' compiled code lie on disk from a run before. Peak: of that process. The same model
on both sides: BG/NBD and MBG/NBD; the figures are the worse of the two for us. Warm is the best
of seven runs of ours and three of a peer's, which take up to a hundred times as long: on a busy
machine short runs are disturbed more, and absolute seconds are those of a quiet one.

Peers: lifetimes 0.11 from the development requirements; pymc-marketing 1.3 by MAP from a venv of
its own in `benchmarks/.peer-venv`, made at first need where there is a Python ≥ 3.12
(`python -m benchmarks.ltv peers` makes just that; PEERS=none leaves peers out).
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from app.ltv import mbgnbd
from app.ltv.arrays import Ints
from app.ltv.fits import Kind, learn, likeliest
from app.ltv.history import build
from app.ltv.kernels import kernel
from app.ltv.rhythm import Rhythm

HERE = Path(__file__).parent
VENV = HERE / ".peer-venv"
PYMC = "pymc-marketing==1.3.*"
HORIZON = 180.0
MODELS = {"BG": Kind.BG, "MBG": Kind.MBG}
PATIENCE = 1800


@dataclass(frozen=True)
class Run:
    who: str
    model: str
    size: str
    warm: float
    cold: float
    peak_mb: float
    behind: float  # log-likelihood of our ML fit less that at this run's parameters

    def line(self) -> str:
        return (
            f"{self.size:10s} {self.model:4s} {self.who:22s} {self.warm:9.3f} {self.cold:9.2f}"
            f" {self.peak_mb:9.0f} {self.behind:+12.4f}"
        )


@kernel
def simulate(customers: int, chance: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Customers of two years who live a BG/NBD (r .4, α 60 days, a .8, b 2.5), days merged."""
    x = np.zeros(customers, np.int32)
    last = np.zeros(customers, np.int32)
    age = np.zeros(customers, np.int32)
    for i in range(customers):
        rate = max(chance.gamma(0.4, 1.0 / 60.0), 1e-12)
        one, two = chance.gamma(0.8, 1.0), chance.gamma(2.5, 1.0)
        age[i] = chance.integers(30, 731)
        t = chance.exponential(1.0 / rate)
        while t < age[i] + 1:
            if int(t) > last[i]:
                last[i] = int(t)
                x[i] += 1
            if chance.random() < one / (one + two):
                break
            t += chance.exponential(1.0 / rate)
    return x, last, age


def cdnow() -> tuple[Ints, Ints, Ints]:
    """All 23,570 customers of CDNOW up to 30 September 1997, from the `lifetimes` package."""
    spec = find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("CDNOW comes with lifetimes: install requirements-dev.txt")
    path = Path(spec.submodule_search_locations[0]) / "datasets" / "CDNOW_master.txt"
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    days = [date(int(d[:4]), int(d[4:6]), int(d[6:])).toordinal() for _, d, _, _ in rows]
    _, who = np.unique([row[0] for row in rows], return_inverse=True)
    known = build(who, days, np.ones(len(rows))).at(date(1997, 9, 30).toordinal())
    return known.x, known.last - known.first, known.today - known.first


def ours(model: str, path: str) -> None:
    """One process of ours: what a peer's process does, by the model's MAP fit."""
    data = np.load(path)
    columns = data["x"], data["last"], data["age"]
    seconds, done, peak = [], 0.0, 0.0
    for again in range(7):
        start = time.perf_counter()
        rhythm = Rhythm.of(*columns)
        fit = learn(rhythm, kind=MODELS[model])
        _, orders = fit.predict(rhythm, HORIZON)
        seconds.append(time.perf_counter() - start)
        if again == 0:
            done = time.time()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    weeks = {**vars(fit.parameters), "alpha": vars(fit.parameters)["alpha"] / 7.0}
    answer = {
        "done": done, "warm": min(seconds), "peak_mb": peak,
        "parameters": weeks, "total": float(orders.sum()),
    }  # fmt: skip
    print(json.dumps(answer))


def peer_python() -> str | None:
    """The peer venv's Python, made if need be; None where it cannot be."""
    inside = VENV / "bin" / "python"
    if (VENV / ".ready").exists():
        return str(inside)
    maker = next((python for python in newer_pythons()), None)
    if maker is None:
        print("no Python ≥ 3.12 here: pymc-marketing is left out")
        return None
    print(f"making {VENV} for pymc-marketing (once, some minutes)")
    try:
        subprocess.run([maker, "-m", "venv", VENV], check=True)
        (VENV / ".gitignore").write_text("*\n", encoding="utf-8")
        pip = [str(inside), "-m", "pip", "install", "-q", "--disable-pip-version-check", PYMC]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as trouble:
        print(f"pymc-marketing could not be installed: {trouble}")
        return None
    (VENV / ".ready").touch()
    return str(inside)


def newer_pythons() -> list[str]:
    named = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    kept = sorted(Path.home().glob(".pyenv/versions/3.1[2-4].*/bin/python3"))
    return [str(p) for p in (*named, *kept) if p and _is_new(str(p))]


def _is_new(python: str) -> bool:
    ask = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    return subprocess.run([python, "-c", ask], check=False, capture_output=True).returncode == 0


def run(who: str, command: Sequence[str], model: str, size: str, path: str) -> Run | None:
    """One process, timed from outside."""
    start = time.time()
    done = subprocess.run(
        [*command, model, path], cwd=HERE.parent, check=False, text=True, timeout=PATIENCE,
        capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    if done.returncode != 0:
        print(f"{size:10s} {model:4s} {who:22s} failed: {done.stderr.strip().splitlines()[-1:]}")
        return None
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    found = answer["parameters"]
    behind = _behind(path, model, found) if who != "ours" else 0.0
    result = Run(
        who, model, size, answer["warm"], answer["done"] - start, answer["peak_mb"], behind
    )
    print(result.line(), flush=True)
    return result


def _behind(path: str, model: str, weeks: dict[str, float]) -> float:
    data = np.load(path)
    rhythm = Rhythm.of(data["x"], data["last"], data["age"])
    kind = MODELS[model]
    theirs = mbgnbd.Parameters(weeks["r"], 7.0 * weeks["alpha"], weeks["a"], weeks["b"])
    value = mbgnbd.evaluate(rhythm, theirs, early=kind is Kind.MBG)[0]
    return likeliest(rhythm, kind=kind).log_likelihood - value


def figures(runs: Sequence[Run]) -> dict[str, float]:
    """The worse of the two models for us; a figure that lacks its runs is left out."""
    found: dict[str, float] = {}
    million = [r for r in runs if r.size == "sim 1M"]
    for name, pick in (("warm", "warm"), ("cold", "cold"), ("memory", "peak_mb")):
        ratios = []
        for model in MODELS:
            here = [getattr(r, pick) for r in million if r.model == model and r.who == "ours"]
            there = [getattr(r, pick) for r in million if r.model == model and r.who != "ours"]
            if here and there:
                ratios.append(min(there) / here[0])
        if ratios and name == "memory":
            found["memory_ratio_1m"] = round(1.0 / min(ratios), 3)
        elif ratios:
            found[f"speedup_{name}_1m"] = round(min(ratios), 2)
    for size, name in (("sim 100k", "100k"), ("sim 1M", "1m"), ("sim 10M", "10m")):
        mine = [r for r in runs if r.size == size and r.who == "ours"]
        if mine:
            found[f"seconds_{name}"] = round(max(r.warm for r in mine), 4)
        if mine and name == "10m":
            found["peak_mb_10m"] = round(max(r.peak_mb for r in mine), 1)
    behind = [r.behind for r in runs if r.who != "ours"]
    if behind:
        found["least_log_likelihood_lead"] = round(min(behind), 4)
    return found


def main() -> None:
    peers: dict[str, list[str]] = {}
    if os.environ.get("PEERS") != "none":
        script = str(HERE / "ltv_peer.py")
        peers["lifetimes 0.11"] = [sys.executable, script, "lifetimes"]
        if python := peer_python():
            peers["pymc-marketing 1.3 MAP"] = [python, script, "pymc"]
    mine = [sys.executable, "-m", "benchmarks.ltv", "ours"]
    head = ("customers", "", "who", "warm s", "cold s", "peak MB", "our lead, LL")
    print("{:10s} {:4s} {:22s} {:>9s} {:>9s} {:>9s} {:>12s}".format(*head))
    runs: list[Run | None] = []
    with tempfile.TemporaryDirectory() as folder:
        sizes = (("CDNOW full", 0), ("sim 100k", 100_000), ("sim 1M", 1_000_000))
        for size, customers in (*sizes, ("sim 10M", 10_000_000)):
            path = f"{folder}/{customers}.npz"
            # In a process of its own: what made the data must not count as our memory.
            subprocess.run([*mine[:-1], "make", str(customers), path], check=True, cwd=HERE.parent)
            for model in MODELS:
                if not runs:
                    run("ours", mine, model, "(compile)", path)
                runs.append(run("ours", mine, model, size, path))
                if customers <= 1_000_000:
                    runs += [run(who, cmd, model, size, path) for who, cmd in peers.items()]
        found = figures([r for r in runs if r]) | rebuild(folder)
    print(json.dumps({"bench": "ltv", "figures": found}))


def rebuild(folder: str) -> dict[str, float]:
    """Statistics of all customers again from 10M order rows in each database."""
    found: dict[str, float] = {}
    for database in ("sqlite", "postgres"):
        command = [sys.executable, "-m", "benchmarks.ltv_rebuild", database, "10000000", folder]
        done = subprocess.run(command, cwd=HERE.parent, check=False, text=True, stdout=-1)
        lines = done.stdout.strip().splitlines()
        print("\n".join(lines[:-1]))
        if done.returncode == 0:
            found |= json.loads(lines[-1])
    return found


def make(customers: int, path: str) -> None:
    x, last, age = simulate(customers, np.random.default_rng(2)) if customers else cdnow()
    np.savez(path, x=x, last=last, age=age)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours", model, path]:
            ours(model, path)
        case ["make", customers, path]:
            make(int(customers), path)
        case ["peers"]:
            peer_python()
        case _:
            main()
