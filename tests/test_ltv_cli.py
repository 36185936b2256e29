"""`perennial ltv` as an analyst types it: files in, numbers out, bad rows refused whole."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.ltv.cli import cli
from app.ltv.reading import read
from app.ltv.taking import Layout
from tests.support.booked import book_of
from tests.test_ltv_cases import shop

run = CliRunner()


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Order rows of a made-up shop over two years, customer names with a comma in them."""
    history = shop(250, days=700)
    who = np.repeat(np.arange(250), np.diff(history.start))
    path = tmp_path_factory.mktemp("shop") / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "order_id", "date", "amount", "channel"])
        for i, (person, day) in enumerate(zip(who, history.day, strict=True)):
            when = date(2022, 1, 1) + timedelta(days=int(day))
            row = [f"no. {person}, Ana", i, when, history.sums[i, 0] / 100, f"c{person % 2}"]
            writer.writerow(row)
    return path


def test_fit_keeps_a_model_with_which_predict_says_the_same(orders: Path, tmp_path: Path) -> None:
    kept, one, two = (tmp_path / name for name in ("model.json", "one.csv", "two.csv"))
    assert run.invoke(cli, ["fit", str(orders), "-o", str(kept)]).exit_code == 0
    assert json.loads(kept.read_text())["model"]["customers"] == 250
    model = ["--model", str(kept)]
    assert run.invoke(cli, ["predict", str(orders), *model, "-o", str(one)]).exit_code == 0
    assert run.invoke(cli, ["predict", str(orders), "-o", str(two)]).exit_code == 0
    assert one.read_bytes() == two.read_bytes()


def test_predict_gives_a_row_a_customer_in_csv_json_and_parquet(
    orders: Path, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    files = [tmp_path / f"scores.{suffix}" for suffix in ("csv", "json", "parquet")]
    for file in files:
        done = run.invoke(cli, ["predict", str(orders), "-o", str(file)])
        assert done.exit_code == 0, done.output
    with files[0].open(encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    rows = json.loads(files[1].read_text())
    arrow = pq.read_table(files[2]).to_pylist()
    assert len(table) == len(rows) == len(arrow) == 250
    assert {row["customer"] for row in table} == {f"no. {i}, Ana" for i in range(250)}
    assert rows == arrow
    assert float(table[3]["net_12"]) == rows[3]["net_12"]
    assert 0 <= rows[3]["still_customer"] <= 1


def test_predict_reads_standard_input_and_writes_standard_output(orders: Path) -> None:
    done = run.invoke(cli, ["predict", "-"], input=orders.read_text())
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("customer,purchases,first,last,still_customer")
    assert len(done.stdout.splitlines()) == 251


def test_backtest_prints_a_verdict_and_keeps_its_numbers(orders: Path, tmp_path: Path) -> None:
    kept = tmp_path / "backtest.json"
    done = run.invoke(cli, ["backtest", str(orders), "-o", str(kept)])
    assert done.exit_code == 0
    assert "Verdict:" in done.stdout
    plain = json.loads(kept.read_text())
    assert [trial["horizon"] for trial in plain["trials"]] == [90, 180, 365]
    assert set(plain["trials"][0]["rules"]) == {
        "as in the last 12 months", "mean of the RFM cell", "the shop's average",
    }  # fmt: skip


def test_the_report_is_one_page_that_needs_no_network(orders: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = run.invoke(cli, ["report", str(orders), "--trait", "channel", "-o", str(page)])
    assert done.exit_code == 0, done.output
    html = page.read_text()
    own = html.split("</script>", 1)[1]  # behind plotly.js itself
    assert "http" not in own
    assert "<h2>How well does it hold?</h2>" in own
    for name in ("months", "concentration", "alive", "groups", "cohorts", "calibration", "gain"):
        assert f'<div id="{name}">' in own
        assert f'"{name}": {{"data"' in own
    assert "no. 3, Ana" in own or "no. " in own


def test_names_are_escaped_in_the_report(tmp_path: Path) -> None:
    file, page = tmp_path / "orders.csv", tmp_path / "report.html"
    lines = [f"<b>{i}</b>,2024-0{1 + i % 9}-1{i % 5},10" for i in range(80)]
    file.write_text("\n".join(["customer,date,amount", *lines]), encoding="utf-8")
    assert run.invoke(cli, ["report", str(file), "-o", str(page)]).exit_code == 0
    own = page.read_text().split("</script>", 1)[1]
    assert "<b>7</b>" not in own
    assert "&lt;b&gt;" in own


BAD = "customer_id,date,amount\n1,2024-13-01,5\n1,2024-01-01,x\n,2024-01-01,3\n2,2024-01-02\n"


def test_bad_rows_are_told_by_line_and_nothing_is_done(tmp_path: Path) -> None:
    file, scores = tmp_path / "orders.csv", tmp_path / "scores.csv"
    file.write_text(BAD, encoding="utf-8")
    done = run.invoke(cli, ["predict", str(file), "-o", str(scores)])
    assert done.exit_code == 2
    assert "nothing was done" in done.stderr
    assert "line 2: the date '2024-13-01' is not a date like 2024-06-30" in done.stderr
    assert "line 3: the amount 'x' is no number" in done.stderr
    assert "line 4: has no customer" in done.stderr
    assert "line 5: has 2 cells where the header has 3" in done.stderr
    assert not scores.exists()


def test_of_many_bad_rows_twenty_are_told_and_all_are_counted() -> None:
    text = "customer,date,amount\n" + "1,never,5\n" * 500
    with pytest.raises(ValueError, match=r"and 480 more"):
        book_of(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "nowhere.csv"], "there is no file nowhere.csv"),
        (["predict", "-"], "the file is empty"),
    ],
)
def test_what_cannot_be_read_is_said_plainly(arguments: list[str], words: str) -> None:
    done = run.invoke(cli, arguments, input="")
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_model_that_is_none_is_refused(orders: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "model.json"
    wrong.write_text("{}", encoding="utf-8")
    done = run.invoke(cli, ["predict", str(orders), "--model", str(wrong)])
    assert done.exit_code == 2
    assert "is no model that `fit` kept" in done.stderr


@pytest.mark.parametrize(
    "header",
    [
        "customer_id,date,amount", "Customer ID,Order Date,Total", "email,created_at,revenue",
        "user_id;timestamp;order_value", "buyer\tdate\tspend",
    ],
)  # fmt: skip
def test_columns_are_found_by_their_usual_names(header: str) -> None:
    comma = next(c for c in ";\t," if c in header)
    row = comma.join(["ana", "2024-05-01T10:00:00+02:00", "12.30"])
    book = book_of(f"{header}\n{row}\n")
    assert book.history.sums[:, 0].tolist() == [1230]
    assert book.history.names.tolist() == ["ana"]


def test_a_file_without_amounts_still_tells_who_comes_back() -> None:
    book = book_of("customer,date\nana,2024-01-01\nana,2024-02-01\n")
    assert not book.money
    assert book.history.at(20000).x.tolist() == [1]


def test_a_column_can_be_named() -> None:
    layout = Layout(columns={"customer": "who", "amount": "how much"})
    book = book_of("who,date,how much,amount\nana,2024-01-01,5,9\n", layout=layout)
    assert book.history.sums[:, 0].tolist() == [500]


def test_parquet_reads_like_csv(orders: Path, tmp_path: Path) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    file = tmp_path / "orders.parquet"
    pq.write_table(pc.read_csv(orders), file)
    one, two = (read(str(path), layout=Layout()) for path in (orders, file))
    assert np.array_equal(one.history.sums, two.history.sums)
    assert np.array_equal(one.history.day, two.history.day)


def test_standing_on_an_earlier_day_sees_nothing_later(orders: Path) -> None:
    done = run.invoke(cli, ["predict", str(orders), "--today", "2023-06-30"])
    assert done.exit_code == 0
    lasts = [row["last"] for row in csv.DictReader(done.stdout.splitlines())]
    assert max(lasts) <= "2023-06-30"
    assert run.invoke(cli, ["predict", str(orders), "--today", "1999-01-01"]).exit_code == 2
