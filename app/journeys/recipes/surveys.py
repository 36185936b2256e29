"""FB-1, FB-2: the two questions: how was your order, and would you recommend us?

Each is asked once and reminded of once; an answer ends it. Who is asked, and who is left alone,
says app.journeys.surveys.
"""

from datetime import timedelta

from app.journeys.recipes.base import (
    Choice,
    Options,
    Recipe,
    block,
    heading,
    letter,
    text,
    three,
)
from app.journeys.rules import Definition, Reentry, Send, Step, Trigger, Wait
from app.journeys.survey_rules import CSAT, NPS
from app.messages.blocks import Block

AGAIN = timedelta(hours=72)
"""FB-3."""
UNPACKED = 2
"""FB-1: days after the parcel has come."""


def _rating() -> Block:
    return block("scale", most=5)


def _likelihood() -> Block:
    return block("scale", most=10)


RATE = three(
    "csat-1",
    "How was your order?",
    en=letter(
        "How was your order {{ order_number }}?",
        "One tap, and a few words if you like",
        heading("How was your order?"),
        text(
            "{{ first_name|fallback('Hello') }}, order **{{ order_number }}** should be with you by"
            " now. How content are you with it?"
        ),
        _rating(),
        block("order"),
    ),
    pt=letter(
        "Como foi o seu pedido {{ order_number }}?",
        "Um toque e, se quiser, algumas palavras",
        heading("Como foi o seu pedido?"),
        text(
            "{{ first_name|fallback('Olá') }}, o pedido **{{ order_number }}** já deve ter chegado."
            " Qual é a sua satisfação com ele?"
        ),
        _rating(),
        block("order"),
    ),
    pl=letter(
        "Jak oceniasz zamówienie {{ order_number }}?",
        "Jedno dotknięcie i, jeśli chcesz, kilka słów",
        heading("Jak oceniasz swoje zamówienie?"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, zamówienie **{{ order_number }}** powinno"
            " już być u Ciebie. Na ile spełniło Twoje oczekiwania?"
        ),
        _rating(),
        block("order"),
    ),
    purpose="feedback",
)
RATE_AGAIN = three(
    "csat-2",
    "How was your order? A reminder",
    en=letter(
        "One tap: order {{ order_number }}",
        "We ask once more, and then not again",
        text(
            "{{ first_name|fallback('Hello') }}, we would still like to know how your order"
            " **{{ order_number }}** was. One tap is enough."
        ),
        _rating(),
    ),
    pt=letter(
        "Um toque: pedido {{ order_number }}",
        "Perguntamos mais esta vez, e só",
        text(
            "{{ first_name|fallback('Olá') }}, ainda gostaríamos de saber como foi o seu pedido"
            " **{{ order_number }}**. Um toque basta."
        ),
        _rating(),
    ),
    pl=letter(
        "Jedno dotknięcie: zamówienie {{ order_number }}",
        "Pytamy jeszcze raz i na tym koniec",
        text(
            "{{ first_name|fallback('Dzień dobry') }}, nadal chcemy wiedzieć, jak wypadło"
            " zamówienie **{{ order_number }}**. Wystarczy jedno dotknięcie."
        ),
        _rating(),
    ),
    purpose="feedback",
)
RECOMMEND = three(
    "nps-1",
    "Would you recommend us?",
    en=letter(
        "Would you recommend us?",
        "One tap, and why, if you like",
        heading("Would you recommend us?"),
        text(
            "{{ first_name|fallback('Hello') }}, how likely is it that you would recommend"
            " {{ shop_name }} to a friend?"
        ),
        _likelihood(),
    ),
    pt=letter(
        "Você nos recomendaria?",
        "Um toque e, se quiser, o porquê",
        heading("Você nos recomendaria?"),
        text(
            "{{ first_name|fallback('Olá') }}, qual é a chance de você recomendar a loja"
            " {{ shop_name }} a alguém?"
        ),
        _likelihood(),
    ),
    pl=letter(
        "Czy polecisz nas znajomym?",
        "Jedno dotknięcie i, jeśli chcesz, dlaczego",
        heading("Czy polecisz nas znajomym?"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, jak prawdopodobne jest, że polecisz sklep"
            " {{ shop_name }} znajomej osobie?"
        ),
        _likelihood(),
    ),
    purpose="feedback",
)
RECOMMEND_AGAIN = three(
    "nps-2",
    "Would you recommend us? A reminder",
    en=letter(
        "One tap: would you recommend us?",
        "We ask once more, and then not again",
        text(
            "{{ first_name|fallback('Hello') }}, your word helps us to get better. How likely is it"
            " that you would recommend {{ shop_name }} to a friend?"
        ),
        _likelihood(),
    ),
    pt=letter(
        "Um toque: você nos recomendaria?",
        "Perguntamos mais esta vez, e só",
        text(
            "{{ first_name|fallback('Olá') }}, a sua opinião nos ajuda a melhorar. Qual é a chance"
            " de você recomendar a loja {{ shop_name }} a alguém?"
        ),
        _likelihood(),
    ),
    pl=letter(
        "Jedno dotknięcie: czy nas polecisz?",
        "Pytamy jeszcze raz i na tym koniec",
        text(
            "{{ first_name|fallback('Dzień dobry') }}, Twoja opinia pomaga nam być lepszym sklepem."
            " Jak prawdopodobne jest, że polecisz {{ shop_name }} znajomej osobie?"
        ),
        _likelihood(),
    ),
    purpose="feedback",
)


def _asked_twice(first: str, again: str) -> tuple[Step, ...]:
    return (
        Send(key="ask", message=first, purpose="feedback", valid_for=timedelta(days=7)),
        Wait(key="patience", span=AGAIN, gap=AGAIN),
        Send(key="again", message=again, purpose="feedback", valid_for=timedelta(days=3)),
    )


def rating(options: Options) -> Definition:
    """Every order's turn comes; FB-3 sees to it that nobody is asked often."""
    arrived = timedelta(days=options["transit"] + UNPACKED)
    return Definition(
        trigger=Trigger.ORDER_FULFILLED,
        steps=(Wait(key="wait", span=arrived), *_asked_twice(RATE.key, RATE_AGAIN.key)),
        exits=(Trigger.SURVEY_ANSWERED,),
        reentry=Reentry(days=0),
        priority=7,
    )


def recommending(_: Options) -> Definition:
    return Definition(
        trigger=Trigger.SURVEY_DUE,
        steps=_asked_twice(RECOMMEND.key, RECOMMEND_AGAIN.key),
        exits=(Trigger.SURVEY_ANSWERED,),
        reentry=Reentry(days=180),
        priority=7,
    )


RATING = Recipe(CSAT, rating, (RATE, RATE_AGAIN), (Choice("transit", 3, 0, 30, "days"),))
RECOMMENDING = Recipe(NPS, recommending, (RECOMMEND, RECOMMEND_AGAIN))
