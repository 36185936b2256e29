"""Journeys at the beginning: a welcome, and an order that waits for its payment."""

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
from app.journeys.rules import Condition, Definition, Reentry, Send, Trigger, Wait

WELCOME = three(
    "welcome-1",
    "Welcome",
    en=letter(
        "Welcome to {{ shop_name }}",
        "Good to have you here",
        heading("Good to have you here"),
        text("{{ first_name|fallback('Hello') }}, this is what others like best right now."),
        block("recommendations", title="Most liked", most=3),
        text("Any question? Reply to this e-mail: a person reads it."),
    ),
    pt=letter(
        "Boas-vindas à {{ shop_name }}",
        "Que bom ter você aqui",
        heading("Que bom ter você aqui"),
        text("{{ first_name|fallback('Olá') }}, veja o que mais agrada por aqui."),
        block("recommendations", title="Os mais queridos", most=3),
        text("Alguma dúvida? Responda a este e-mail: uma pessoa lê."),
    ),
    pl=letter(
        "Witamy w {{ shop_name }}",
        "Miło Cię gościć",
        heading("Miło Cię gościć"),
        text(
            "{{ first_name|fallback('Dzień dobry') }}, oto co teraz cieszy się największą sympatią."
        ),
        block("recommendations", title="Najchętniej wybierane", most=3),
        text("Masz pytanie? Wystarczy odpisać – po drugiej stronie jest człowiek."),
    ),
)
WELCOME_AGAIN = three(
    "welcome-2",
    "Welcome, a few days later",
    en=letter(
        "Can we help you find something?",
        "A short note from {{ shop_name }}",
        text(
            "{{ first_name|fallback('Hello') }}, tell us what you are looking for and we will help."
        ),
        block("recommendations", title="Worth a look", most=3),
    ),
    pt=letter(
        "Podemos ajudar você a encontrar algo?",
        "Um recado curto da {{ shop_name }}",
        text("{{ first_name|fallback('Olá') }}, conte o que procura e nós ajudamos."),
        block("recommendations", title="Vale uma olhada", most=3),
    ),
    pl=letter(
        "Pomóc coś znaleźć?",
        "Krótka wiadomość od {{ shop_name }}",
        text("{{ first_name|fallback('Dzień dobry') }}, napisz, czego szukasz, a pomożemy."),
        block("recommendations", title="Warto zobaczyć", most=3),
    ),
)
UNPAID = three(
    "unpaid-1",
    "Payment pending",
    en=letter(
        "Order {{ order_number }} is waiting for its payment",
        "Bank transfer, Pix, boleto or BLIK",
        heading("Your order is waiting for its payment"),
        text(
            "We have kept order **{{ order_number }}** for you. Once your transfer, Pix, boleto or"
            " BLIK payment arrives, we will send it. If you have paid already, thank you: it may"
            " take a little until we see it."
        ),
        block("order"),
    ),
    pt=letter(
        "O pedido {{ order_number }} aguarda o pagamento",
        "Pix, boleto ou transferência",
        heading("Seu pedido aguarda o pagamento"),
        text(
            "Reservamos o pedido **{{ order_number }}** para você. Assim que o Pix, o boleto ou a"
            " transferência for confirmado, ele segue para o envio. Se você já pagou, obrigado: a"
            " confirmação pode levar um pouco."
        ),
        block("order"),
    ),
    pl=letter(
        "Zamówienie {{ order_number }} czeka na płatność",
        "BLIK, przelew lub płatność online",
        heading("Zamówienie czeka na płatność"),
        text(
            "Zamówienie **{{ order_number }}** jest dla Ciebie odłożone. Wyślemy je, gdy dotrze"
            " przelew albo płatność BLIK. Jeśli płatność już wyszła – dziękujemy,"
            " zaksięgowanie może"
            " chwilę potrwać."
        ),
        block("order"),
    ),
    purpose="service",
)
UNPAID_AGAIN = three(
    "unpaid-2",
    "Payment pending, second",
    en=letter(
        "Still waiting: order {{ order_number }}",
        "We keep it a little longer",
        text(
            "Order **{{ order_number }}** is still unpaid. If something went wrong"
            " with the payment,"
            " reply to this e-mail and we will help. If you have changed your mind, do nothing."
        ),
        block("order"),
    ),
    pt=letter(
        "Ainda aguardando: pedido {{ order_number }}",
        "Guardamos por mais um tempo",
        text(
            "O pedido **{{ order_number }}** ainda não foi pago. Se algo deu errado com o Pix ou o"
            " boleto, responda a este e-mail e nós ajudamos. Se mudou de ideia, não precisa fazer"
            " nada."
        ),
        block("order"),
    ),
    pl=letter(
        "Wciąż czekamy: zamówienie {{ order_number }}",
        "Odkładamy je jeszcze na trochę",
        text(
            "Zamówienie **{{ order_number }}** nadal nie jest opłacone. Jeśli coś poszło nie tak z"
            " płatnością BLIK lub przelewem, wystarczy odpisać, a pomożemy. W razie zmiany zdania"
            " nie trzeba nic robić."
        ),
        block("order"),
    ),
    purpose="service",
)


def welcome(options: Options) -> Definition:
    return Definition(
        trigger=Trigger.ACCOUNT_OPENED,
        steps=(
            Send(key="welcome", message=WELCOME.key),
            Wait(key="wait", span=timedelta(days=options["days"])),
            Condition(key="bought", holds={"fact": "orders", "at_most": 0}),
            Send(key="again", message=WELCOME_AGAIN.key),
        ),
        reentry=Reentry(),
        priority=5,
    )


def unpaid(options: Options) -> Definition:
    """AC-2: until it is paid or expires; looked at before each step and asked of Saleor before
    each letter."""
    return Definition(
        trigger=Trigger.ORDER_UNPAID,
        steps=(
            Wait(key="wait-1", span=timedelta(hours=options["first"])),
            Send(key="first", message=UNPAID.key, purpose="service", valid_for=timedelta(hours=24)),
            Wait(key="wait-2", span=timedelta(hours=options["second"])),
            Send(
                key="second",
                message=UNPAID_AGAIN.key,
                purpose="service",
                valid_for=timedelta(hours=24),
            ),
        ),
        reentry=Reentry(days=0),
        priority=1,
    )


WELCOMING = Recipe(
    "welcome", welcome, (WELCOME, WELCOME_AGAIN), (Choice("days", 4, 1, 30, "days"),)
)
PAYING = Recipe(
    "unpaid",
    unpaid,
    (UNPAID, UNPAID_AGAIN),
    (Choice("first", 3, 1, 48, "hours"), Choice("second", 24, 12, 96, "hours")),
)
