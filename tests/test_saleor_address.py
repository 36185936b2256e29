"""One spelling for each shop, and nobody in by disguise (protocol §2.4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.saleor.address import AddressRefusedError, allowed, normalised

CLOUD = ["https://*.saleor.cloud/graphql/"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://shop.example/graphql/", "https://shop.example/graphql/"),
        ("https://Shop.EXAMPLE/graphql/", "https://shop.example/graphql/"),
        ("HTTPS://shop.example/graphql/", "https://shop.example/graphql/"),
        ("https://shop.example:443/graphql/", "https://shop.example/graphql/"),
        ("http://shop.example:80/graphql/", "http://shop.example/graphql/"),
        ("https://shop.example:8443/graphql/", "https://shop.example:8443/graphql/"),
        ("http://localhost:8000/graphql/", "http://localhost:8000/graphql/"),
        ("http://127.0.0.1:8000/graphql/", "http://127.0.0.1:8000/graphql/"),
        ("https://[2001:DB8:0::1]/graphql/", "https://[2001:db8::1]/graphql/"),
    ],
)
def test_a_shop_has_one_address(written: str, meant: str) -> None:
    assert normalised(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "shop.example",
        "https://shop.example",
        "https://shop.example/",
        "https://shop.example/graphql",
        "https://shop.example//graphql/",
        "https://shop.example/graphql/?x=1",
        "https://shop.example/graphql/#top",
        "https://shop.example/x/../graphql/",
        "https://shop.example/%67raphql/",
        "https://shop.example/GRAPHQL/",
        "https:///graphql/",
        "https://:443/graphql/",
        "https://shop.example:/graphql/",
        "https://shop.example:0x50/graphql/",
        "https://shop.example:99999/graphql/",
        "https://shop.example./graphql/",
        "https://-shop.example/graphql/",
        "https://shop..example/graphql/",
        "https://user@shop.example/graphql/",
        "https://shop.example@evil.example/graphql/",
        "https://evil.example\\@shop.example/graphql/",
        "https://evil.example\\.shop.example/graphql/",
        "https://shop.example /graphql/",
        " https://shop.example/graphql/",
        "https://shop.example/graphql/\n",
        "https://shop\t.example/graphql/",
        "https://shöp.example/graphql/",
        "https://shop.example\u2025/graphql/",
        "https://shop%2eexample/graphql/",
        "https://*.example/graphql/",
        "https://[::1%25eth0]/graphql/",
        "https://[nonsense]/graphql/",
        "ftp://shop.example/graphql/",
        "file:///graphql/",
        "javascript:https://shop.example/graphql/",
        "//shop.example/graphql/",
        "https://" + "a" * 254 + "/graphql/",
    ],
)
def test_a_disguise_is_refused(written: str) -> None:
    with pytest.raises(AddressRefusedError):
        normalised(written)


@pytest.mark.parametrize(
    ("api_url", "patterns", "welcome"),
    [
        ("https://a.saleor.cloud/graphql/", CLOUD, True),
        ("https://shop.example/graphql/", ["https://shop.example/graphql/"], True),
        ("https://shop.example/graphql/", ["https://Shop.Example:443/graphql/"], True),
        ("https://a-eu.saleor.cloud/graphql/", ["https://*-eu.saleor.cloud/graphql/"], True),
        ("https://a.eu.saleor.cloud/graphql/", ["https://*.*.saleor.cloud/graphql/"], True),
        ("https://a.saleor.cloud/graphql/", [], False),
        ("https://saleor.cloud/graphql/", CLOUD, False),
        ("https://a.eu.saleor.cloud/graphql/", CLOUD, False),
        ("https://asaleor.cloud/graphql/", CLOUD, False),
        ("https://a.saleor.cloud.evil.example/graphql/", CLOUD, False),
        ("https://evil.example/graphql/", CLOUD, False),
        ("https://a.saleor-cloud/graphql/", CLOUD, False),
        ("https://a.saleorxcloud/graphql/", CLOUD, False),
        ("https://a.saleor.cloud:8443/graphql/", CLOUD, False),
        ("http://a.saleor.cloud/graphql/", CLOUD, False),
        ("http://shop.example/graphql/", ["http://shop.example/graphql/"], False),
        ("https://shop.example/graphql/", ["https://shop.example"], False),
        ("https://shop.example/graphql/", ["*"], False),
        ("https://shop.example/graphql/", ["https://.*"], False),
        ("https://shop.example/graphql/", ["https://*/graphql/"], False),
        ("https://shop.example/graphql/", [""], False),
    ],
)
def test_who_may_install(api_url: str, patterns: list[str], *, welcome: bool) -> None:
    assert allowed(api_url, patterns, development=False) is welcome


def test_in_development_everybody_may_install() -> None:
    assert allowed("http://localhost:8000/graphql/", [], development=True)


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)


@given(hosts, st.sampled_from(["https", "http"]), st.none() | st.integers(1, 65535), st.randoms())
def test_every_spelling_of_an_address_is_the_same_shop(
    host: str, scheme: str, port: int | None, random: object
) -> None:
    default = {"https": 443, "http": 80}[scheme]
    shouted = "".join(random.choice([c.upper(), c]) for c in host)  # type: ignore[attr-defined]
    suffix = "" if port is None else f":{port}"
    once = normalised(f"{scheme}://{shouted}{suffix}/graphql/")
    assert once == normalised(once)
    assert once == f"{scheme}://{host}{'' if port in (None, default) else suffix}/graphql/"


@given(st.text(max_size=60))
def test_whatever_is_taken_is_already_in_its_one_form(text: str) -> None:
    try:
        once = normalised(text)
    except AddressRefusedError:
        return
    assert normalised(once) == once
    assert once.startswith(("http://", "https://"))
    assert once.endswith("/graphql/")
    assert once.isascii()
    assert once == once.lower()


@given(hosts, hosts)
def test_a_pattern_lets_no_other_host_in(host: str, other: str) -> None:
    api_url = f"https://{host}/graphql/"
    welcome = allowed(api_url, [f"https://*.{other}/graphql/"], development=False)
    label, _, rest = host.partition(".")
    assert welcome is bool(label and rest == other)
