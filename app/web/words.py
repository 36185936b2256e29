"""Words: which language a wish means, and its catalogue with the plurals of CLDR."""

from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parents[1] / "locale"

ENGLISH = Locale("en")
LANGUAGES = (ENGLISH, Locale("pt", "BR"), Locale("pl"))

CLDR = ("zero", "one", "two", "few", "many", "other")


def language(wish: str | None) -> Locale:
    """Our language for a tag or an Accept-Language header: as `pt-BR`, else `pt`, else English."""
    for tag in (wish or "").split(","):
        if found := _offer(tag.partition(";")[0].strip().replace("_", "-").lower()):
            return found
    return ENGLISH


def _offer(tag: str) -> Locale | None:
    exact = [own for own in LANGUAGES if tag_of(own).lower() == tag]
    base = [own for own in LANGUAGES if own.language == tag.partition("-")[0]]
    return next(iter(exact + base), None)


def tag_of(locale: Locale) -> str:
    """`pt-BR`, as HTML and the Dashboard write it."""
    return str(locale).replace("_", "-")


def plural_words(locale: Locale) -> tuple[str, ...]:
    """The plural forms of a language in the order a catalogue lists them."""
    return tuple(word for word in CLDR if word in {*locale.plural_form.tags, "other"})


@cache
def catalogue(locale: Locale) -> Translations:
    """The translations of a language, read straight from its .po: nothing to compile, or forget.

    gettext chooses plurals by an expression over whole numbers; ours asks CLDR, so that Polish
    has its fourth form for "1,5 klienta".
    """
    if locale == ENGLISH:
        words = Translations()
    else:
        with (FOLDER / str(locale) / "LC_MESSAGES" / "messages.po").open("rb") as file:
            read = read_po(file, locale=locale)
        compiled = BytesIO()
        write_mo(compiled, read)
        compiled.seek(0)
        words = Translations(compiled)
    forms = plural_words(locale)

    def form(number: float | Decimal) -> int:
        return forms.index(locale.plural_form(number))

    words.plural = form
    return words
