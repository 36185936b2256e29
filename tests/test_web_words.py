"""Every word a person reads has its place in each language, and nothing else has."""

import re
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from app.web.words import ENGLISH, FOLDER, LANGUAGES, catalogue, language, plural_words

ROOT = Path(__file__).parents[1]
FOREIGN = [locale for locale in LANGUAGES if locale != ENGLISH]
NAMES = re.compile(r"%\((\w+)\)s")
HOW = "extract the words again (the command stands in babel.cfg) and translate them in both .po"


@pytest.fixture(scope="module")
def spoken() -> dict[str | tuple[str, ...], Path]:
    """What the templates say, straight from them."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, directory_filter=_ours)
    return {words: Path(name) for name, _, words, _, _ in found}


def _ours(folder: str) -> bool:
    path = Path(folder).relative_to(ROOT)
    return path.parts[:1] in ((), ("app",))


def of(locale: Locale) -> Catalog:
    with (FOLDER / str(locale) / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def keys(catalog: Catalog) -> set[str | tuple[str, ...]]:
    return {tuple(m.id) if m.pluralizable else m.id for m in catalog if m.id}


def test_the_template_of_words_is_what_the_pages_say(
    spoken: dict[str | tuple[str, ...], Path],
) -> None:
    with (FOLDER / "messages.pot").open("rb") as file:
        assert keys(read_po(file)) == set(spoken), HOW
    assert len(spoken) > 100


@pytest.mark.parametrize("locale", FOREIGN, ids=str)
def test_no_word_is_missing_and_none_is_left_over(
    locale: Locale, spoken: dict[str | tuple[str, ...], Path]
) -> None:
    catalog = of(locale)
    assert keys(catalog) - set(spoken) == set(), HOW
    assert set(spoken) - keys(catalog) == set(), HOW
    assert not catalog.obsolete
    assert [m.id for m in catalog if m.id and m.fuzzy] == []


@pytest.mark.parametrize("locale", FOREIGN, ids=str)
def test_every_plural_has_the_forms_of_its_language(locale: Locale) -> None:
    catalog = of(locale)
    assert catalog.num_plurals == len(plural_words(locale))
    for message in catalog:
        if message.pluralizable:
            assert len(message.string) == catalog.num_plurals, message.id
            assert all(message.string), message.id


@pytest.mark.parametrize("locale", FOREIGN, ids=str)
def test_every_translation_names_the_same_things(locale: Locale) -> None:
    for message in of(locale):
        if not message.id:
            continue
        originals = message.id if message.pluralizable else (message.id,)
        strings = message.string if message.pluralizable else (message.string,)
        assert all(strings), message.id
        one, many = named(originals[0]), named(originals[-1])
        assert named(strings[0]) in (one, many), message.id
        for string in strings[1:]:
            assert named(string) == many, (message.id, string)
        rest = [NAMES.sub("", string).replace("%%", "") for string in strings]  # %% is a percent
        assert not [words for words in rest if "%" in words]


def named(words: str) -> set[str]:
    return set(NAMES.findall(words))


def test_polish_has_four_forms_and_uses_the_fourth_for_fractions() -> None:
    assert plural_words(Locale("pl")) == ("one", "few", "many", "other")
    assert plural_words(Locale("pt", "BR")) == ("one", "many", "other")
    people = catalogue(Locale("pl")).ungettext
    one, many = "%(people)s person", "%(people)s people"
    said = [people(one, many, n) for n in (1, 2, 5, 12, 22, 0, 1.5)]  # type: ignore[arg-type]
    assert [word.removeprefix("%(people)s ") for word in said] == [
        "osoba", "osoby", "osób", "osób", "osoby", "osób", "osoby",
    ]  # fmt: skip


def test_english_needs_no_catalogue() -> None:
    assert catalogue(ENGLISH).ungettext("%(n)s day", "%(n)s days", 1) == "%(n)s day"
    assert catalogue(ENGLISH).ungettext("%(n)s day", "%(n)s days", 0) == "%(n)s days"


@pytest.mark.parametrize(
    ("wish", "ours"),
    [
        ("pl", "pl"),
        ("pl-PL", "pl"),
        ("pt-BR", "pt_BR"),
        ("pt_br", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("de", "en"),
        ("de-CH, pl;q=0.8, en;q=0.5", "pl"),
        ("en-GB,en;q=0.9,pl;q=0.8", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
        ("<script>", "en"),
    ],
)
def test_a_wish_becomes_a_language_of_ours(wish: str | None, ours: str) -> None:
    assert str(language(wish)) == ours


def test_the_glossary_is_kept() -> None:
    for locale, cart, tier in (
        (Locale("pl"), "koszyk", "poziom"),
        (Locale("pt", "BR"), "carrinho", "nível"),
    ):
        words = catalogue(locale)
        assert cart in words.ugettext("Abandoned checkouts").lower()
        assert tier in words.ugettext("Tier").lower()
