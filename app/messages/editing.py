"""A message as a form, and back: its words change, what it is made of stays."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from app.messages.blocks import Block, Draft, Letter, Note
from app.messages.rules import Channel
from app.messages.view import Words

LANGUAGES = ("en", "pt_BR", "pl")
WORDS = ("title", "text", "label", "link", "url", "alt")


NOTES = (Channel.SMS.value, Channel.WHATSAPP.value, Channel.PUSH.value)
EMPTY = Note(text="")


def shown(
    draft: Draft, *, look: Mapping[tuple[str, str], str], channels: Collection[str] = ()
) -> list[Words]:
    """Every language side by side; one that is not there shows the shape of another, empty. The
    same for `channels`, the shop's own, in which it has no words yet: written here, it has some."""
    words = []
    more = {name: dict[str, Letter | Note]() for name in NOTES if name in channels}
    for channel, languages in (more | dict(draft.variants)).items():
        like = next(iter(languages.values()), EMPTY)
        for language in dict.fromkeys((*LANGUAGES, *languages)):
            variant = languages.get(language)
            fields = list(_fields(variant or like, f"{channel}.{language}", empty=variant is None))
            words.append(
                Words(
                    channel=channel, language=language, there=variant is not None, fields=fields,
                    look=look.get((channel, language)),
                )
            )  # fmt: skip
    return words


def _fields(variant: Letter | Note, at: str, *, empty: bool) -> Iterator[tuple[str, str, str]]:
    if isinstance(variant, Note):
        yield f"{at}.text", "text", "" if empty else variant.text
        if at.startswith(Channel.WHATSAPP):
            yield f"{at}.template", "template", "" if empty else variant.template
        return
    yield f"{at}.subject", "subject", "" if empty else variant.subject
    yield f"{at}.preheader", "preheader", "" if empty else variant.preheader
    for number, block in enumerate(variant.blocks):
        for name in WORDS:
            words = str(getattr(block, name))
            if words:
                # where a button leads is the same in every language until somebody says otherwise
                blank = empty and name not in ("link", "url")
                yield f"{at}.{number}.{name}", name, "" if blank else words


def read(draft: Draft, form: Mapping[str, str]) -> Draft:
    """The draft with the words of the form. Raises ValidationError.

    A language whose every word is left empty is not there; a missing one is made after another.
    """
    variants: dict[str, dict[str, Any]] = {}
    more = {name: dict[str, Letter | Note]() for name in NOTES}
    for channel, languages in (more | dict(draft.variants)).items():
        like = next(iter(languages.values()), EMPTY)
        for language in dict.fromkeys((*LANGUAGES, *languages)):
            variant = languages.get(language) or like
            told = _told(variant, form, f"{channel}.{language}")
            if told is not None:
                variants.setdefault(channel, {})[language] = told
    return Draft.model_validate(
        {
            "key": draft.key,
            "name": draft.name,
            "purpose": draft.purpose,
            "plain_links": "plain_links" in form,
            "variants": variants,
        }
    )


def _told(variant: Letter | Note, form: Mapping[str, str], at: str) -> dict[str, Any] | None:
    asked = [name for name, *_ in _fields(variant, at, empty=False)]
    plain = [name for name in asked if not name.endswith((".link", ".url"))]
    if not any(form.get(name, "").strip() for name in plain):
        return None
    if isinstance(variant, Note):
        return {
            "text": form.get(f"{at}.text", ""),
            "template": form.get(f"{at}.template", "").strip(),
        }
    blocks = [_block(block, form, f"{at}.{number}") for number, block in enumerate(variant.blocks)]
    return {
        "subject": form.get(f"{at}.subject", ""),
        "preheader": form.get(f"{at}.preheader", ""),
        "blocks": blocks,
    }


def _block(block: Block, form: Mapping[str, str], at: str) -> dict[str, Any]:
    told = block.model_dump(mode="json", exclude_defaults=True)
    return told | {
        name: form[f"{at}.{name}"].replace("\r\n", "\n") for name in WORDS if f"{at}.{name}" in form
    }


def problems(failure: ValidationError) -> dict[str, str]:
    """By field of the form, as far as it can be told."""
    found = {}
    for error in failure.errors():
        other = "Note" if "email" in error["loc"] else "Letter"
        if any(other in str(part) for part in error["loc"]):
            continue  # the other of the two shapes, which it was never meant to have
        parts = [
            str(part)
            for part in error["loc"]
            if part not in ("variants", "blocks") and "Letter" not in str(part)
        ]
        found[".".join(parts)] = error["msg"].removeprefix("Value error, ")
    return found
