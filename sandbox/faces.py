"""Names and towns of the three countries, so that the shop's people look like people."""

from random import Random
from typing import NamedTuple

from sandbox.ids import Numbers
from sandbox.people import Address
from sandbox.words import words


class Country(NamedTuple):
    """First names, last names, and towns as (city, area, postal code)."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    towns: tuple[tuple[str, str, str], ...]
    streets: tuple[str, ...]


COUNTRIES = {
    "BR": Country(
        words(
            "Ana Beatriz Bruno Camila Carlos Daniel Eduarda Felipe Fernanda Gabriel Giovana "
            "Helena Igor Isabela João Júlia Larissa Lucas Luísa Marcos Mariana Mateus Natália "
            "Otávio Paula Pedro Rafael Renata Sofia Thiago Vitória Yasmin"
        ),
        words(
            "Almeida Alves Araújo Barbosa Cardoso Carvalho Costa Dias Ferreira Gomes Lima "
            "Martins Melo Moreira Nascimento Nunes Oliveira Pereira Ramos Ribeiro Rocha "
            "Rodrigues Santos Silva Souza Teixeira Vieira"
        ),
        (
            ("São Paulo", "SP", "01310-100"),
            ("Rio de Janeiro", "RJ", "20040-002"),
            ("Belo Horizonte", "MG", "30130-010"),
            ("Curitiba", "PR", "80010-000"),
            ("Porto Alegre", "RS", "90010-150"),
            ("Recife", "PE", "50010-000"),
            ("Florianópolis", "SC", "88010-400"),
            ("Salvador", "BA", "40020-000"),
        ),
        ("Rua das Flores", "Avenida Brasil", "Rua Augusta", "Rua do Comércio"),
    ),
    "PT": Country(
        words(
            "Afonso Alice André Beatriz Carolina Catarina Diana Diogo Duarte Francisca "
            "Gonçalo Inês Joana Leonor Lourenço Luís Madalena Margarida Maria Martim Miguel "
            "Nuno Pedro Raquel Rita Rodrigo Rui Sara Simão Teresa Tiago"
        ),
        words(
            "Antunes Azevedo Baptista Coelho Correia Cunha Duarte Fonseca Freitas Henriques "
            "Leite Lopes Machado Marques Matos Mendes Monteiro Neves Pinto Pires Reis Sousa "
            "Tavares"
        ),
        (
            ("Lisboa", "", "1100-148"),
            ("Porto", "", "4000-322"),
            ("Braga", "", "4700-424"),
            ("Coimbra", "", "3000-213"),
            ("Faro", "", "8000-138"),
            ("Aveiro", "", "3800-156"),
        ),
        ("Rua da Prata", "Rua de Santa Catarina", "Avenida da Liberdade", "Rua Direita"),
    ),
    "PL": Country(
        words(
            "Adam Agata Agnieszka Aleksandra Andrzej Anna Bartosz Dorota Ewa Filip Grzegorz "
            "Hanna Jakub Jan Joanna Kamil Karolina Katarzyna Krzysztof Magdalena Małgorzata "
            "Marcin Marta Michał Monika Natalia Paweł Piotr Tomasz Wojciech Zofia"
        ),
        words(
            "Adamczyk Bąk Dudek Duda Grabowska Jabłońska Kaczmarek Kowalczyk Król Krawczyk "
            "Mazur Nowak Pawlak Sikora Stępień Szewczyk Walczak Wieczorek Wójcik Wróbel Zając "
            "Zalewska Zielińska"
        ),
        (
            ("Warszawa", "", "00-001"),
            ("Kraków", "", "31-001"),
            ("Wrocław", "", "50-001"),
            ("Gdańsk", "", "80-001"),
            ("Poznań", "", "60-001"),
            ("Łódź", "", "90-001"),
            ("Lublin", "", "20-001"),
        ),
        ("ulica Długa", "ulica Polna", "aleja Jana Pawła II", "ulica Ogrodowa"),
    ),
}
PLAIN = str.maketrans("ãáâàçéêíóôõúüñąćęłńóśźżôÁÉÍÓÚŁŚŹŻ", "aaaaceeiooouunacelnoszzoAEIOULSZZ")


def names(dice: Random, country: str) -> tuple[str, str]:
    people = COUNTRIES[country]
    return dice.choice(people.first), dice.choice(people.last)


def email_of(first: str, last: str, number: int) -> str:
    plain = f"{first}.{last}".lower().replace(" ", "").translate(PLAIN)
    return f"{plain}.{number}@example.com"


def address(dice: Random, numbers: Numbers, country: str, name: tuple[str, str]) -> Address:
    people = COUNTRIES[country]
    city, area, code = dice.choice(people.towns)
    return Address(
        id=numbers.serial("Address"),
        first_name=name[0],
        last_name=name[1],
        street_address_1=f"{dice.choice(people.streets)} {dice.randint(1, 240)}",
        city=city.upper(),
        postal_code=code,
        country=country,
        country_area=area,
    )
