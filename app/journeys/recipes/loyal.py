"""Journeys of the loyal: a tier reached, a tier at risk, one segment's own, a birthday."""

from datetime import timedelta

from app.journeys.recipes.base import (
    BOUND,
    LEAST,
    Choice,
    Options,
    Recipe,
    block,
    bound,
    heading,
    letter,
    text,
    three,
)
from app.journeys.rules import Definition, Offer, Reentry, Send, Trigger, Wait

REACHED = three(
    "tier-reached",
    "Tier reached",
    en=letter(
        "You are {{ tier }} now",
        "Thank you for coming back",
        heading("You are {{ tier }} now"),
        text("{{ first_name|fallback('Hello') }}, this is what it brings you."),
        block("tier"),
    ),
    pt=letter(
        "Você chegou ao nível {{ tier }}",
        "Agradecemos por voltar sempre",
        heading("Você chegou ao nível {{ tier }}"),
        text("{{ first_name|fallback('Olá') }}, veja o que isso traz."),
        block("tier"),
    ),
    pl=letter(
        "Masz teraz poziom {{ tier }}",
        "Dziękujemy, że do nas wracasz",
        heading("Masz teraz poziom {{ tier }}"),
        text("{{ first_name|fallback('Dzień dobry') }}, oto co to daje."),
        block("tier"),
    ),
)
AT_RISK = three(
    "tier-risk",
    "Tier at risk",
    en=letter(
        "Your {{ tier }} tier ends in {{ days_left }} days",
        "{{ missing }} would keep it",
        heading("Stay {{ tier }}"),
        text(
            "{{ first_name|fallback('Hello') }}, your tier is kept until **{{ kept_until }}**. With"
            " **{{ missing }}** more on goods by then you keep it for another year."
        ),
        block("tier"),
    ),
    pt=letter(
        "Seu nível {{ tier }} termina em {{ days_left }} dias",
        "Faltam {{ missing }} para manter",
        heading("Continue {{ tier }}"),
        text(
            "{{ first_name|fallback('Olá') }}, seu nível vale até **{{ kept_until }}**. Com mais"
            " **{{ missing }}** em produtos até lá, ele vale por mais um ano."
        ),
        block("tier"),
    ),
    pl=letter(
        "Poziom {{ tier }} kończy się za {{ days_left }} dni",
        "Do zachowania brakuje {{ missing }}",
        heading("Zachowaj poziom {{ tier }}"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, Twój poziom obowiązuje do"
            " **{{ kept_until }}**. Zakupy za **{{ missing }}** do tego dnia przedłużą go o rok."
        ),
        block("tier"),
    ),
    purpose="service",
)
EXCLUSIVE = three(
    "exclusive-1",
    "Exclusive offer",
    en=letter(
        "Only for you",
        "Not on the site, not for everybody",
        heading("Only for you"),
        text(
            "{{ first_name|fallback('Hello') }}, a few people get this code. You are one of them."
        ),
        block("code", text="Your personal code"),
        block("recommendations", title="Perhaps one of these", most=3),
    ),
    pt=letter(
        "Só para você",
        "Não está no site, nem é para todo mundo",
        heading("Só para você"),
        text(
            "{{ first_name|fallback('Olá') }}, poucas pessoas recebem este código."
            " Você é uma delas."
        ),
        block("code", text="Seu código pessoal"),
        block("recommendations", title="Talvez um destes", most=3),
    ),
    pl=letter(
        "Tylko dla Ciebie",
        "Tego nie ma na stronie",
        heading("Tylko dla Ciebie"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, ten kod trafia do nielicznych –"
            " także do Ciebie."
        ),
        block("code", text="Twój osobisty kod"),
        block("recommendations", title="Może coś z tego", most=3),
    ),
)
BIRTHDAY = three(
    "birthday-1",
    "Birthday",
    en=letter(
        "Happy birthday!",
        "All the best from {{ shop_name }}",
        heading("Happy birthday!"),
        text("All the best from everybody at {{ shop_name }}."),
    ),
    pt=letter(
        "Feliz aniversário!",
        "Tudo de bom, com carinho, {{ shop_name }}",
        heading("Feliz aniversário!"),
        text("Toda a equipe da {{ shop_name }} deseja tudo de bom."),
    ),
    pl=letter(
        "Wszystkiego najlepszego!",
        "Życzy {{ shop_name }}",
        heading("Wszystkiego najlepszego z okazji urodzin!"),
        text("Najlepsze życzenia od całego zespołu {{ shop_name }}."),
    ),
)
BIRTHDAY_WITH_CODE = three(
    "birthday-2",
    "Birthday, with a present",
    en=letter(
        "Happy birthday, and a present",
        "All the best from {{ shop_name }}",
        heading("Happy birthday!"),
        text("All the best from everybody at {{ shop_name }}, and a small present:"),
        block("code", text="Your birthday code"),
    ),
    pt=letter(
        "Feliz aniversário, com presente",
        "Tudo de bom, com carinho, {{ shop_name }}",
        heading("Feliz aniversário!"),
        text("Toda a equipe da {{ shop_name }} deseja tudo de bom, com um presente:"),
        block("code", text="Seu código de aniversário"),
    ),
    pl=letter(
        "Wszystkiego najlepszego – i prezent",
        "Życzy {{ shop_name }}",
        heading("Wszystkiego najlepszego z okazji urodzin!"),
        text("Najlepsze życzenia od całego zespołu {{ shop_name }} i mały prezent:"),
        block("code", text="Twój urodzinowy kod"),
    ),
)


def reached(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.TIER_REACHED,
        steps=(
            Wait(key="wait", span=timedelta(minutes=options["minutes"])),
            Send(key="reached", message=REACHED.key, valid_for=timedelta(days=3)),
        ),
        reentry=Reentry(days=30),
        priority=5,
    )


def at_risk(_: Options) -> Definition:
    """TI-4: thirty and seven days before the end; who buys enough meanwhile hears nothing more."""
    return Definition(
        trigger=Trigger.TIER_AT_RISK,
        steps=(
            Send(key="risk", message=AT_RISK.key, purpose="service", valid_for=timedelta(days=3)),
        ),
        exits=(Trigger.TIER_REACHED,),
        reentry=Reentry(days=5),
        priority=5,
    )


def exclusive(options: Options) -> Definition:
    """J8: of whoever comes into the segment."""
    return Definition(
        trigger=Trigger.SEGMENT_ENTERED,
        of="champions",
        steps=(
            Offer(
                key="offer",
                percent_hundredths=options["percent"] * 100,
                days=options["code_days"],
                bound=bound(options),
                least=options["least"],
                else_to="end",
            ),
            Send(key="exclusive", message=EXCLUSIVE.key),
        ),
        reentry=Reentry(days=180),
        priority=5,
    )


def birthday(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.BIRTHDAY,
        steps=(
            Offer(
                key="offer",
                percent_hundredths=options["percent"] * 100,
                days=30,
                bound=bound(options),
                least=options["least"],
                else_to="plain",
            ),
            Send(
                key="present",
                message=BIRTHDAY_WITH_CODE.key,
                valid_for=timedelta(hours=36),
                then="end",
            ),
            Send(key="plain", message=BIRTHDAY.key, valid_for=timedelta(hours=36)),
        ),
        reentry=Reentry(days=300),
        priority=5,
    )


REACHING = Recipe("tier-reached", reached, (REACHED,), (Choice("minutes", 5, 0, 600, "minutes"),))
RISKING = Recipe("tier-risk", at_risk, (AT_RISK,))
EXCLUDING = Recipe(
    "exclusive",
    exclusive,
    (EXCLUSIVE,),
    (
        Choice("percent", 15, 1, 30, "percent"),
        BOUND,
        LEAST,
        Choice("code_days", 14, 1, 60, "days"),
    ),
)
CELEBRATING = Recipe(
    "birthday",
    birthday,
    (BIRTHDAY, BIRTHDAY_WITH_CODE),
    (
        Choice("percent", 10, 0, 30, "percent"),
        BOUND,
        LEAST,
    ),
)
