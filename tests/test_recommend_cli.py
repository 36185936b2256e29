"""`perennial recommend` as an analyst types it: a file in, a table out, bad rows refused whole."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli as house
from app.recommend.baskets import KNOWN, Layout, read
from app.recommend.cli import cli
from tests.support.corner import made_up

run = CliRunner()


@pytest.fixture(scope="module")
def baskets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A row a product of an order; guests have no name; product names with a comma in them."""
    path = tmp_path_factory.mktemp("shop") / "baskets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "order_id", "timestamp", "item_id"])
        for order in made_up(400, 120):
            who = "" if order.customer is None else f"no. {order.customer}"
            when = datetime.fromtimestamp(order.when, UTC).isoformat()
            for product in order.products:
                writer.writerow([who, order.order, when, f"tea, no. {product}"])
    return path


def test_evaluate_shows_each_list_against_popular_and_bought_again(baskets: Path) -> None:
    done = run.invoke(cli, ["evaluate", str(baskets)])
    assert done.exit_code == 0, done.output
    for word in ("mixed", "buy again", "discover", "perennial", "bought again", "popular", "←"):
        assert word in done.stdout


def test_evaluate_tells_machines_the_same(baskets: Path) -> None:
    done = run.invoke(house, ["recommend", "evaluate", str(baskets), "--json"])
    told = json.loads(done.stdout)
    assert (told["customers"], told["products"]) == (400, 120)
    mixed = told["lists"]["mixed"]
    assert mixed["serve"] == "perennial"
    assert set(mixed["methods"]) == {"perennial", "bought again", "popular"}
    assert mixed["methods"]["perennial"]["customers"] == told["judged_customers"] < 400
    ours, theirs = (mixed["methods"][name]["recall_at_10"] for name in ("perennial", "popular"))
    assert 1 > ours > theirs > 0
    assert set(told["lists"]["discover"]["methods"]) == {"perennial", "popular"}


def test_standard_input_a_packed_file_and_a_plain_one_say_the_same(
    baskets: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "baskets.csv.gz"
    packed.write_bytes(gzip.compress(baskets.read_bytes()))
    asked = ["evaluate", "--json"]
    plain = run.invoke(cli, [*asked, str(baskets)]).stdout
    assert run.invoke(cli, [*asked, str(packed)]).stdout == plain
    assert run.invoke(cli, [*asked, "-"], input=baskets.read_text()).stdout == plain


def test_bad_rows_are_told_by_line_and_nothing_is_done(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    rows = [
        "customer,order,date,product", "ana,1,2024-05-01,tea", "ana,,2024-05-01,tea",
        "ana,2,2024-13-01,tea", "ana,3,2024-05-01", "ben,1,2024-05-01,mug", "ana,4,2024-05-02,",
    ]  # fmt: skip
    file.write_text("\n".join(rows), encoding="utf-8")
    done = run.invoke(cli, ["evaluate", str(file)])
    assert done.exit_code == 2
    assert "nothing was done" in done.stderr
    for words in (
        "line 3: has no order", "line 4: the time '2024-13-01' is not a time like",
        "line 5: has 3 cells where the header has 4",
        "line 6: the order '1' was another customer's before", "line 7: has no product",
    ):  # fmt: skip
        assert words in done.stderr
    assert done.stdout == ""


def test_of_many_bad_rows_twenty_are_told_and_all_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text("customer,order,product\n" + "ana,,tea\n" * 500, encoding="utf-8")
    done = run.invoke(cli, ["evaluate", str(file)])
    assert done.stderr.count("has no order") == 20
    assert "and 480 more" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("customer,order,product\n", "a header and no baskets"),
        ("who,order,product\nana,1,tea\n", "Name it with --customer-column"),
        ("customer,order,product\nana,1,tea\n,2,tea\n", "nobody ordered twice"),
    ],
)
def test_what_cannot_be_judged_is_said_plainly(text: str, words: str) -> None:
    done = run.invoke(cli, ["evaluate", "-"], input=text)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    assert "there is no file nowhere.csv" in run.invoke(cli, ["evaluate", "nowhere.csv"]).stderr
    for name in ("picture.csv", "picture.csv.gz"):
        (tmp_path / name).write_bytes(b"\x89PNG\xff\xfe\x00")
        done = run.invoke(cli, ["evaluate", str(tmp_path / name)])
        assert done.exit_code == 2
        assert "no CSV file" in done.stderr


def test_columns_can_be_named_and_times_have_a_format(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text("who;bon;day;what\nana;1;24/12/2023;tea\nana;2;25/12/2023;tea\n")
    named = ["--customer-column", "who", "--order-column", "bon", "--product-column", "what",
             "--time-column", "day", "--time-format", "%d/%m/%Y"]  # fmt: skip
    done = run.invoke(cli, ["evaluate", str(file), "--json", *named])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["judged_customers"] == 1
    wrong = run.invoke(cli, ["evaluate", str(file), *named[:-1], "%Y"])
    assert "line 2: the time '24/12/2023' is not in the format %Y" in wrong.stderr
    assert (
        "there is no column 'x'"
        in run.invoke(cli, ["evaluate", str(file), "--order-column", "x"]).stderr
    )


def test_without_times_the_sequence_of_the_file_is_the_time(tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    file.write_text("customer,order,product\nana,9,tea\nana,1,mug\nana,9,jam\n", encoding="utf-8")
    first, second = read(str(file), layout=Layout()).purchases()
    assert first.when < second.when
    assert (first.products, second.products) == ([0, 2], [1])


@pytest.mark.parametrize("names", list(zip(*(usual[:4] for usual in KNOWN.values()), strict=True)))
def test_columns_are_found_by_their_usual_names(names: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "baskets.csv"
    header = ",".join(name.replace("_", " ").title() for name in names)
    file.write_text(f"{header}\n1,tea,ana,2024-05-01T10:00:00+02:00\n", encoding="utf-8")
    (only,) = read(str(file), layout=Layout()).purchases()
    assert only.when == int(datetime(2024, 5, 1, 8, tzinfo=UTC).timestamp())
    assert only.products == [0]
