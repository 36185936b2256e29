"""The editor of segments: what an owner types is what is kept, and what is kept can be typed."""

from typing import Any

import pytest
from babel import Locale

from app.journeys import segment_form as form
from app.journeys import segment_rows, segment_tree
from app.journeys.goods import Goods
from app.journeys.segment_tree import WrongRowsError
from app.journeys.segment_view import Draft
from app.journeys.vocabulary import Vocabulary
from app.segments import rules
from app.segments.standard import STANDARD
from tests.support.typing_segments import block, rows

ENGLISH, POLISH = Locale("en"), Locale("pl")
TEE, HATS = "UHJvZHVjdDox", "Q2F0ZWdvcnk6MQ=="
GOODS = Goods({"tee": ("products", TEE), "hats": ("categories", HATS)}, {TEE: "Tee", HATS: "Hats"})


class Sent(dict[str, str]):
    """A form without the web around it."""

    def getlist(self, key: str) -> list[str]:
        return [self[key]] if key in self else []


def known(locale: Locale = ENGLISH) -> Vocabulary:
    return Vocabulary(
        goods=GOODS,
        countries={"DE": locale.territories["DE"], "BA": locale.territories["BA"]},
        languages={"pl": locale.languages["pl"], "pt-BR": locale.languages["pt_BR"]},
    )


def again(tree: dict[str, Any], locale: Locale = ENGLISH) -> dict[str, Any]:
    """The tree of the rows of a tree."""
    words = known(locale)
    draft = segment_rows.draft_of(tree, words, locale)
    assert not any(row.kept for row in draft.rows), "every fact of it is a row"
    return segment_tree.tree_of(draft, words, locale)


FACTS: list[dict[str, Any]] = [
    {"fact": "orders", "at_least": 2, "at_most": 5, "days": 365, "channels": ["web"]},
    {"fact": "orders", "of": {"products": [TEE]}, "at_least": 1, "days": 30, "channels": ["web"]},
    {"fact": "affinity", "of": {"categories": [HATS]}, "share": 0.25, "days": 90},
    {"fact": "spend", "at_least": "100.5", "days": 365},
    {"fact": "average", "at_most": "40"},
    {"fact": "last_order", "more_than": 90, "less_than": 180},
    {"fact": "first_order", "less_than": 30},
    {"fact": "joined", "more_than": 365},
    {"fact": "cart"},
    {"fact": "cart", "at_least": "50"},
    {"fact": "account"},
    {"fact": "country", "among": ["DE", "BA"]},
    {"fact": "region", "among": ["BR-SP"]},
    {"fact": "postal", "among": ["DE-10"]},
    {"fact": "company", "among": []},
    {"fact": "language", "among": ["pl", "pt-BR"]},
    {"fact": "tier", "among": ["gold"]},
    {"fact": "trait", "name": "likes", "among": ["tea", "coffee"]},
    {"fact": "stage", "among": ["slipping", "lapsed"]},
    {"fact": "rfm", "among": ["Cannot lose", "At risk"]},
    {"fact": "value_tier", "among": ["A"]},
    {"fact": "score", "name": "alive", "at_least": "0.7"},
    {"fact": "score", "name": "silent", "at_least": "0.125", "at_most": "0.5"},
    {"fact": "score", "name": "orders_12", "at_most": "1.5"},
    {"fact": "score", "name": "net_12", "at_least": "200"},
    {"fact": "score", "name": "net_24", "at_least": "200"},
    {"fact": "score", "name": "to_date", "at_least": "200"},
    {"fact": "chance", "at_least": 0.5},
    {"fact": "segment", "key": "regulars"},
    {"fact": "kind", "number": 2},
    {"fact": "alike", "key": "regulars", "best": 500},
]


@pytest.mark.parametrize("locale", [ENGLISH, POLISH])
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: str(fact.get("name", fact["fact"])))
def test_every_fact_is_a_row_and_the_row_is_the_fact_again(
    fact: dict[str, Any], locale: Locale
) -> None:
    """S1–S7: in each language, and also of those for whom it is not so."""
    for tree in ({"all": [fact]}, {"any": [fact, {"not": fact}]}):
        assert again(tree, locale) == tree


def test_there_is_a_row_for_every_fact_that_a_tree_can_have() -> None:
    leaves = [next(rules.leaves(rules.read(fact))) for fact in FACTS]
    of_rules = set(rules.Leaf.__args__)
    assert {type(leaf) for leaf in leaves} == of_rules


@pytest.mark.parametrize("key", STANDARD)
def test_every_standard_segment_is_edited_in_rows(key: str) -> None:
    asked, told = rules.read(STANDARD[key]), rules.read(again(STANDARD[key]))
    assert list(rules.leaves(told)) == list(rules.leaves(asked))


ONE, TWO = {"fact": "cart"}, {"fact": "account"}
THREE = {"fact": "stage", "among": ["new"]}


@pytest.mark.parametrize(
    "tree",
    [
        {"all": [ONE, {"any": [TWO, THREE]}]},
        {"any": [ONE, TWO, {"all": [TWO, THREE]}]},
        {"all": [ONE, {"not": {"any": [TWO, THREE]}}]},
        {"all": [{"any": [ONE, TWO]}, {"any": [TWO, THREE]}]},
        {"all": [{"not": {"all": [ONE, {"not": TWO}]}}]},
    ],
)
def test_groups_are_joined_by_and_or_and_not(tree: dict[str, Any]) -> None:
    """S1."""
    assert again(tree) == tree


DEEP: list[dict[str, Any]] = [
    {"all": [ONE, {"any": [TWO, {"all": [THREE, {"not": {"any": [ONE, TWO]}}]}]}]},
    {"all": [{"fact": "orders", "at_least": 1, "of": {"products": [TEE], "categories": [HATS]}}]},
    {"all": [{"fact": "orders", "at_least": 1, "of": {"products": ["gone"]}}]},
]


@pytest.mark.parametrize("tree", DEEP)
def test_what_no_row_can_say_is_kept_as_it_is(tree: dict[str, Any]) -> None:
    draft = segment_rows.draft_of(tree, known(), ENGLISH)
    assert any(row.kept for row in draft.rows)
    assert segment_tree.tree_of(draft, known(), ENGLISH) == tree


def test_numbers_and_names_are_written_as_in_the_language() -> None:
    tree = {"all": [FACTS[3], FACTS[11]]}
    draft = segment_rows.draft_of(tree, known(POLISH), POLISH)
    assert [row.least or row.among for row in draft.rows] == [
        "100,5",
        "Niemcy, Bośnia i Hercegowina",
    ]


def typed(*told: dict[str, str]) -> dict[str, Any]:
    return segment_tree.tree_of(form.typed(Sent(rows(*told))), known(), ENGLISH)


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        ({"fact": "country", "among": "germany, bosnia & herzegovina, pl"}, ["DE", "BA", "PL"]),
        ({"fact": "language", "among": "Polish, PT_br"}, ["pl", "pt-BR"]),
    ],
)
def test_places_and_languages_are_typed_as_people_call_them(
    row: dict[str, str], fact: list[str]
) -> None:
    assert typed(row)["all"][0]["among"] == fact


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"fact": "orders"}, "number"),
        ({"fact": "orders", "least": "many"}, "number"),
        ({"fact": "orders", "least": "1.5"}, "whole"),
        ({"fact": "orders", "least": "3", "most": "2"}, "crossed"),
        ({"fact": "bought", "least": "1"}, "choose"),
        ({"fact": "bought", "among": "Tea"}, "goods"),
        ({"fact": "bought", "among": "Tee, Hats"}, "mixed"),
        ({"fact": "affinity", "among": "Tee", "least": "0"}, "percent"),
        ({"fact": "silent", "least": "101"}, "percent"),
        ({"fact": "chance", "least": "99"}, "chance"),
        ({"fact": "country", "among": "Atlantis"}, "country"),
        ({"fact": "language", "among": "Elvish"}, "language"),
        ({"fact": "region", "among": "SP"}, "region"),
        ({"fact": "postal", "among": "10115"}, "postal"),
        ({"fact": "stage"}, "choose"),
        ({"fact": "segment"}, "choose"),
        ({"fact": "", "kept": "nonsense"}, "cannot"),
    ],
)
def test_what_is_wrong_is_said_of_the_row_it_is_in(row: dict[str, str], word: str) -> None:
    with pytest.raises(WrongRowsError) as failure:
        typed({"fact": "cart"}, row)
    assert {at: one.word for at, one in failure.value.problems.items()} == {1: word}


def test_a_row_that_becomes_another_fact_begins_anew() -> None:
    """What stood there was meant for another question."""
    row = {"fact": "chance", "was": "country", "among": "Germany", "least": "3"}
    (told,) = form.typed(Sent(rows(row))).rows
    assert (told.fact, told.among, told.least) == ("chance", "", "50")


def test_rows_and_groups_are_added_and_taken_away() -> None:
    fields = Sent(rows(ONE) | block(1, TWO, {"fact": "company"}, first=1, joined="any"))
    draft = form.typed(fields)
    assert [len(block.rows) for block in draft.blocks] == [1, 2]
    more = form.added(draft, 1)
    assert [len(block.rows) for block in more.blocks] == [1, 3]
    assert [len(block.rows) for block in form.added(more, 2).blocks] == [1, 3, 1]
    assert [row.fact for row in form.without(draft, 0).rows] == ["account", "company"]
    empty = form.without(form.without(form.without(draft, 0), 0), 0)
    assert empty.rows == []
    with pytest.raises(WrongRowsError) as failure:
        segment_tree.tree_of(empty, known(), ENGLISH)
    assert failure.value.problems[segment_tree.ALL].word == "empty"


def test_a_second_group_narrows_the_first() -> None:
    """Whatever the first one is joined by: who adds a group wants fewer people."""
    first = form.typed(Sent(rows(ONE, TWO, joined="any")))
    draft = form.added(first, 1)
    assert (draft.joined, draft.blocks[1].joined) == ("all", "any")
    told = segment_tree.tree_of(draft, known(), ENGLISH)
    assert told["all"][0] == {"any": [ONE, TWO]}
    assert isinstance(draft, Draft)
