"""AC-4: an abandoned checkout: after one hour, one day and three days, the last with a code if the
guardrails allow one."""

from datetime import timedelta

from app.journeys.recipes.base import (
    BOUND,
    LEAST,
    Choice,
    Options,
    Recipe,
    block,
    bound,
    button,
    draft,
    heading,
    letter,
    text,
)
from app.journeys.rules import Definition, Offer, Reentry, Send, Trigger, Wait

GAP = timedelta(hours=12)
VALID = timedelta(hours=72)

FIRST = draft(
    "cart-1",
    "Abandoned checkout, first",
    {
        "en": letter(
            "Your cart is waiting",
            "Everything is still in it",
            heading("Still thinking it over?"),
            text("{{ first_name|fallback('Hello') }}, we kept your cart for you."),
            block("cart"),
            button("Back to my cart"),
            text("Questions? Just reply to this e-mail."),
        ),
        "pt_BR": letter(
            "Seu carrinho está esperando",
            "Está tudo lá",
            heading("Ainda pensando?"),
            text("{{ first_name|fallback('Olá') }}, guardamos o seu carrinho."),
            block("cart"),
            button("Voltar ao carrinho"),
            text("Ficou com dúvidas? É só responder a este e-mail."),
        ),
        "pl": letter(
            "Twój koszyk czeka",
            "Wszystko w nim jest",
            heading("Jeszcze się zastanawiasz?"),
            text("{{ first_name|fallback('Dzień dobry') }}, Twój koszyk na Ciebie czeka."),
            block("cart"),
            button("Wróć do koszyka"),
            text("Masz pytania? Wystarczy odpisać na tę wiadomość."),
        ),
    },
    notes={
        "en": "{{ shop_name }}: your cart is waiting: {{ link }}",
        "pt_BR": "{{ shop_name }}: seu carrinho está esperando: {{ link }}",
        "pl": "{{ shop_name }}: Twój koszyk czeka: {{ link }}",
    },
)
SECOND = draft(
    "cart-2",
    "Abandoned checkout, second",
    {
        "en": letter(
            "Anything we can help with?",
            "Your cart is still there",
            heading("Your cart is still there"),
            text("Delivery, payment, sizes: reply to this e-mail and a person will answer."),
            block("cart"),
            button("Finish my order"),
        ),
        "pt_BR": letter(
            "Podemos ajudar?",
            "Seu carrinho continua lá",
            heading("Seu carrinho continua lá"),
            text("Entrega, pagamento, tamanhos: responda a este e-mail e uma pessoa vai atender."),
            block("cart"),
            button("Concluir o pedido"),
        ),
        "pl": letter(
            "Możemy w czymś pomóc?",
            "Twój koszyk nadal tu jest",
            heading("Twój koszyk nadal tu jest"),
            text("Dostawa, płatność, rozmiary – wystarczy odpisać, a odpowie człowiek."),
            block("cart"),
            button("Dokończ zamówienie"),
        ),
    },
)
THIRD = draft(
    "cart-3",
    "Abandoned checkout, last",
    {
        "en": letter(
            "Last reminder: your cart",
            "After this we will let it rest",
            heading("We will not remind you again"),
            text("If you still want it, here is the way back."),
            block("cart"),
            button("Back to my cart"),
        ),
        "pt_BR": letter(
            "Último lembrete: seu carrinho",
            "Depois deste, não insistimos",
            heading("Não vamos lembrar de novo"),
            text("Se ainda quiser, o caminho de volta é este."),
            block("cart"),
            button("Voltar ao carrinho"),
        ),
        "pl": letter(
            "Ostatnie przypomnienie o koszyku",
            "Więcej nie będziemy przypominać",
            heading("Więcej nie będziemy przypominać"),
            text("Jeśli nadal masz ochotę, tędy wrócisz."),
            block("cart"),
            button("Wróć do koszyka"),
        ),
    },
)
THIRD_WITH_CODE = draft(
    "cart-3-code",
    "Abandoned checkout, last, with a code",
    {
        "en": letter(
            "A code for your cart",
            "Personal, and only for a few days",
            heading("A little something to decide by"),
            text("The code is already on your cart when you follow the button."),
            block("code", text="Your personal code"),
            block("cart"),
            button("Use my code"),
        ),
        "pt_BR": letter(
            "Um código para o seu carrinho",
            "Pessoal, e só por alguns dias",
            heading("Um empurrãozinho"),
            text("O código já estará no carrinho quando você usar o botão."),
            block("code", text="Seu código pessoal"),
            block("cart"),
            button("Usar meu código"),
        ),
        "pl": letter(
            "Kod do Twojego koszyka",
            "Osobisty i tylko na kilka dni",
            heading("Coś, co ułatwi decyzję"),
            text("Po kliknięciu przycisku kod będzie już w koszyku."),
            block("code", text="Twój osobisty kod"),
            block("cart"),
            button("Użyj kodu"),
        ),
    },
)
THIRD_WITH_CARD = draft(
    "cart-3-card",
    "Abandoned checkout, last, with a gift card",
    {
        "en": letter(
            "A gift card for your cart",
            "Yours alone, and only for a few days",
            heading("A little something to decide by"),
            text("Sign in, and type the code where you pay."),
            block("code", text="Your gift card"),
            block("cart"),
            button("Back to my cart"),
        ),
        "pt_BR": letter(
            "Um vale-presente para o seu carrinho",
            "Só seu, e só por alguns dias",
            heading("Um empurrãozinho"),
            text("Entre na sua conta e digite o código na hora de pagar."),
            block("code", text="Seu vale-presente"),
            block("cart"),
            button("Voltar ao carrinho"),
        ),
        "pl": letter(
            "Karta podarunkowa do Twojego koszyka",
            "Tylko dla Ciebie i tylko na kilka dni",
            heading("Coś, co ułatwi decyzję"),
            text("Zaloguj się i wpisz kod przy płatności."),
            block("code", text="Twoja karta podarunkowa"),
            block("cart"),
            button("Wróć do koszyka"),
        ),
    },
)
"""CP-4, firm: nobody can put it on a cart for her."""

LINK = draft(
    "cart-link",
    "Abandoned checkout, a new link",
    {
        "en": letter(
            "Your new link",
            "You asked for it a moment ago",
            text("You asked for a new link to your cart. Here it is."),
            button("Back to my cart"),
        ),
        "pt_BR": letter(
            "Seu novo link",
            "Você pediu há pouco",
            text("Você pediu um novo link para o seu carrinho. Aqui está."),
            button("Voltar ao carrinho"),
        ),
        "pl": letter(
            "Twój nowy link",
            "Prośba sprzed chwili",
            text("Oto nowy link do Twojego koszyka."),
            button("Wróć do koszyka"),
        ),
    },
    purpose="service",
)
"""RL-7."""

CODE_AGAIN = draft(
    "code-again",
    "A code in place of one that was lost",
    {
        "en": letter(
            "Your code, once more",
            "Your order did not go through",
            text("Your order was cancelled, and its code with it. Here is another one like it."),
            block("code", text="Your personal code"),
        ),
        "pt_BR": letter(
            "Seu código, de novo",
            "Seu pedido não seguiu",
            text("Seu pedido foi cancelado, e o código com ele. Aqui está outro igual."),
            block("code", text="Seu código pessoal"),
        ),
        "pl": letter(
            "Twój kod jeszcze raz",
            "Zamówienie nie doszło do skutku",
            text("Zamówienie zostało anulowane, a kod razem z nim. Oto taki sam."),
            block("code", text="Twój osobisty kod"),
        ),
    },
)
"""CP-7."""
CODE_ENDS = draft(
    "code-ends",
    "A code is about to end",
    {
        "en": letter(
            "Your code ends in two days",
            "It is still good",
            text("{{ first_name|fallback('Hello') }}, your personal code is still unused."),
            block("code", text="Your personal code"),
        ),
        "pt_BR": letter(
            "Seu código termina em dois dias",
            "Ele ainda vale",
            text("{{ first_name|fallback('Olá') }}, seu código pessoal ainda não foi usado."),
            block("code", text="Seu código pessoal"),
        ),
        "pl": letter(
            "Twój kod wygasa za dwa dni",
            "Jeszcze jest ważny",
            text("{{ first_name|fallback('Dzień dobry') }}, Twój osobisty kod wciąż czeka."),
            block("code", text="Twój osobisty kod"),
        ),
    },
)
"""CP-3."""


def define(options: Options) -> Definition:
    """Times count from the shopper's last act (AC-4)."""
    reward = THIRD_WITH_CARD if bound(options) == "firm" else THIRD_WITH_CODE
    return Definition(
        trigger=Trigger.CART_ABANDONED,
        steps=(
            Wait(key="wait-1", span=timedelta(minutes=options["first"]), since="start"),
            Send(key="first", message=FIRST.key, valid_for=VALID),
            Wait(key="wait-2", span=timedelta(hours=options["second"]), since="start", gap=GAP),
            Send(key="second", message=SECOND.key, valid_for=VALID),
            Wait(key="wait-3", span=timedelta(hours=options["third"]), since="start", gap=GAP),
            Offer(
                key="offer",
                percent_hundredths=options["percent"] * 100,
                days=options["code_days"],
                bound=bound(options),
                least=options["least"],
                else_to="third",
            ),
            Send(key="third-code", message=reward.key, valid_for=VALID, then="end"),
            Send(key="third", message=THIRD.key, valid_for=VALID),
        ),
        reentry=Reentry(days=options["rest"]),
        priority=2,
    )


CART = Recipe(
    key="cart",
    define=define,
    messages=(FIRST, SECOND, THIRD, THIRD_WITH_CODE, THIRD_WITH_CARD, LINK),
    choices=(
        Choice("first", 60, 30, 24 * 60, "minutes"),
        Choice("second", 24, 13, 24 * 7, "hours"),
        Choice("third", 72, 26, 24 * 14, "hours"),
        Choice("percent", 10, 0, 30, "percent"),
        BOUND,
        LEAST,
        Choice("code_days", 7, 1, 30, "days"),
        Choice("rest", 7, 1, 30, "days"),
    ),
)
