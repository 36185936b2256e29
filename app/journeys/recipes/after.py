"""Journeys after a purchase: care, a review, what goes with it, and the second order."""

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
from app.journeys.rules import Condition, Definition, Offer, Reentry, Send, Trigger, Wait

CARE = three(
    "aftercare-1",
    "Care after a purchase",
    en=letter(
        "Your parcel is on its way",
        "A few words before it arrives",
        heading("Thank you"),
        text(
            "{{ first_name|fallback('Hello') }}, order **{{ order_number }}** has left us. If"
            " anything is not as it should be, reply to this e-mail before anything else."
        ),
        block("order"),
    ),
    pt=letter(
        "Seu pacote está a caminho",
        "Um recado antes de ele chegar",
        heading("Agradecemos"),
        text(
            "{{ first_name|fallback('Olá') }}, o pedido **{{ order_number }}** já saiu"
            " daqui. Se algo"
            " não estiver como deveria, responda a este e-mail antes de tudo."
        ),
        block("order"),
    ),
    pl=letter(
        "Twoja paczka jest w drodze",
        "Kilka słów, zanim dotrze",
        heading("Dziękujemy"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, zamówienie **{{ order_number }}** już do"
            " Ciebie jedzie. Jeśli coś będzie nie tak, przede wszystkim odpisz na tę wiadomość."
        ),
        block("order"),
    ),
)
REVIEW = three(
    "review-1",
    "Review request",
    en=letter(
        "How was it?",
        "Two sentences are plenty",
        heading("How was it?"),
        text(
            "{{ first_name|fallback('Hello') }}, how do you like what you bought? Two"
            " sentences help"
            " others, and us. Just reply to this e-mail."
        ),
        block("order"),
    ),
    pt=letter(
        "O que você achou?",
        "Duas frases bastam",
        heading("O que você achou?"),
        text(
            "{{ first_name|fallback('Olá') }}, gostou da compra? Duas frases ajudam"
            " outras pessoas e"
            " a nós. É só responder a este e-mail."
        ),
        block("order"),
    ),
    pl=letter(
        "I jak?",
        "Wystarczą dwa zdania",
        heading("I jak wrażenia?"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, jak się sprawdza zakup? Dwa zdania pomogą"
            " innym i nam. Wystarczy odpisać na tę wiadomość."
        ),
        block("order"),
    ),
    purpose="feedback",
)
WITH_IT = three(
    "cross-1",
    "Goes with it",
    en=letter(
        "It goes well with this",
        "Chosen for what you have",
        text("{{ first_name|fallback('Hello') }}, others who bought the same liked these, too."),
        block("recommendations", title="Goes well with it", most=3),
    ),
    pt=letter(
        "Combina com isto",
        "Escolhido para o que você já tem",
        text("{{ first_name|fallback('Olá') }}, quem comprou o mesmo também gostou destes."),
        block("recommendations", title="Combina bem", most=3),
    ),
    pl=letter(
        "To do siebie pasuje",
        "Dobrane do Twojego zakupu",
        text("{{ first_name|fallback('Dzień dobry') }}, do tego samego zakupu inni dobierali:"),
        block("recommendations", title="Dobrze pasuje", most=3),
    ),
)
SECOND = three(
    "second-1",
    "Second order",
    en=letter(
        "What next?",
        "A few ideas for your second order",
        text("{{ first_name|fallback('Hello') }}, here is what people like to take next."),
        block("recommendations", title="For your next order", most=3),
    ),
    pt=letter(
        "E agora?",
        "Ideias para o seu segundo pedido",
        text("{{ first_name|fallback('Olá') }}, veja o que costumam levar em seguida."),
        block("recommendations", title="Para o próximo pedido", most=3),
    ),
    pl=letter(
        "Co dalej?",
        "Kilka pomysłów na drugie zamówienie",
        text(
            "{{ first_name|fallback('Dzień dobry') }}, oto po co inni sięgają w"
            " następnej kolejności."
        ),
        block("recommendations", title="Na kolejne zamówienie", most=3),
    ),
)
SECOND_WITH_CODE = three(
    "second-2",
    "Second order, with a code",
    en=letter(
        "A code for your second order",
        "Personal, once",
        text("{{ first_name|fallback('Hello') }}, we would be glad to see you again."),
        block("code", text="Your personal code"),
        block("recommendations", title="For your next order", most=3),
    ),
    pt=letter(
        "Um código para o seu segundo pedido",
        "Pessoal, uma vez",
        text("{{ first_name|fallback('Olá') }}, será um prazer ter você de novo."),
        block("code", text="Seu código pessoal"),
        block("recommendations", title="Para o próximo pedido", most=3),
    ),
    pl=letter(
        "Kod na drugie zamówienie",
        "Osobisty, jednorazowy",
        text("{{ first_name|fallback('Dzień dobry') }}, będzie nam miło gościć Cię ponownie."),
        block("code", text="Twój osobisty kod"),
        block("recommendations", title="Na kolejne zamówienie", most=3),
    ),
)


def aftercare(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.ORDER_FULFILLED,
        steps=(
            Wait(key="wait", span=timedelta(hours=options["hours"])),
            Send(key="care", message=CARE.key, valid_for=timedelta(hours=48)),
        ),
        reentry=Reentry(days=7),
        priority=7,
    )


def review(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.ORDER_FULFILLED,
        steps=(
            Wait(key="wait", span=timedelta(days=options["days"])),
            Send(key="review", message=REVIEW.key, purpose="feedback", valid_for=timedelta(days=7)),
        ),
        reentry=Reentry(days=60),
        priority=7,
    )


def cross(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.ORDER_PAID,
        steps=(
            Wait(key="wait", span=timedelta(days=options["days"])),
            Send(key="with-it", message=WITH_IT.key),
        ),
        exits=(Trigger.ORDER_PAID,),
        reentry=Reentry(days=45),
        priority=8,
    )


def second(options: Options) -> Definition:
    """Whoever bought once and not again."""
    return Definition(
        trigger=Trigger.ORDER_PAID,
        audience={"fact": "orders", "at_most": 1},
        steps=(
            Wait(key="wait-1", span=timedelta(days=options["first"])),
            Send(key="ideas", message=SECOND.key),
            Wait(key="wait-2", span=timedelta(days=options["second"])),
            Condition(key="still-one", holds={"fact": "orders", "at_most": 1}),
            Offer(
                key="offer",
                percent_hundredths=options["percent"] * 100,
                days=14,
                bound=bound(options),
                least=options["least"],
                else_to="end",
            ),
            Send(key="code", message=SECOND_WITH_CODE.key),
        ),
        exits=(Trigger.ORDER_PAID,),
        reentry=Reentry(),
        priority=6,
    )


CARING = Recipe("aftercare", aftercare, (CARE,), (Choice("hours", 20, 1, 96, "hours"),))
REVIEWING = Recipe("review", review, (REVIEW,), (Choice("days", 14, 3, 60, "days"),))
CROSSING = Recipe("cross", cross, (WITH_IT,), (Choice("days", 10, 3, 60, "days"),))
SECONDING = Recipe(
    "second",
    second,
    (SECOND, SECOND_WITH_CODE),
    (
        Choice("first", 21, 7, 90, "days"),
        Choice("second", 14, 7, 60, "days"),
        Choice("percent", 10, 0, 30, "percent"),
        BOUND,
        LEAST,
    ),
)
