"""PT-5: what is written before points end."""

from app.journeys.recipes.base import letter, text, three

ENDS = three(
    "points-end",
    "Points are about to end",
    purpose="service",
    en=letter(
        "Your points end in {{ days }} days",
        "They stay if you order before",
        text(
            "{{ first_name|fallback('Hello') }}, you have {{ points }} points, and they end in "
            "{{ days }} days because nothing was ordered for a long time. An order before that, or "
            "points spent, and the rest stay."
        ),
    ),
    pt=letter(
        "Seus pontos terminam em {{ days }} dias",
        "Eles ficam se você comprar antes",
        text(
            "{{ first_name|fallback('Olá') }}, você tem {{ points }} pontos, e eles terminam em "
            "{{ days }} dias porque faz tempo que nada é comprado. Com um pedido antes disso, ou "
            "usando pontos, o resto fica."
        ),
    ),
    pl=letter(
        "Twoje punkty wygasną za {{ days }} dni",
        "Zostaną, jeśli złożysz wcześniej zamówienie",
        text(
            "{{ first_name|fallback('Dzień dobry') }}, masz punkty w liczbie {{ points }}. Wygasną "
            "za {{ days }} dni, bo od dawna nie było zamówienia. Zamówienie przed tym dniem lub "
            "wymiana punktów sprawi, że reszta zostanie."
        ),
    ),
)
