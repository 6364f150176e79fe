"""What says the same is written the same, and stays what it is when it is written again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.core import normal_form
from models.risk.metrics import METRICS, MetricType, checked_normal, normal

INGREDIENTS = st.text() | st.lists(
    st.sampled_from(
        [
            "\ufeff",
            "\u200b",
            "\u00ad",
            "e\u0301",
            "é",
            "İ",
            "ß",
            "@",
            ".",
            "+",
            " ",
            "xn--",
            "münchen",
            "a",
            "UK",
            "(",
            ")",
        ]
    )
).map("".join)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("UK", "GB"),
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Tu\u0308rkiye", "TR"),
        ("Russia", "RU"),
        ("United Kingdom (UK)", "GB"),
        ("EL", "GR"),
        ("GBR", "GB"),
        ("South Korea", "KR"),
        ("Korea (South)", "KR"),
        ("de", "DE"),
        (" Germany\ufeff", "DE"),
        ("Burma", "MM"),
        ("ZAR", "CD"),
        ("XX", ""),
        ("Georgia (US)", "Georgia (US)"),
        ("Channel Islands", "Channel Islands"),
        ("YU", "YU"),
        ("276", "276"),
    ],
)
def test_countries(given: str, kept: str) -> None:
    assert normal_form.country(given) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("j\u00fcrgen@example.com", "J\u00dcRGEN@example.com"),
        ("kim@m\u00fcnchen.example", "kim@xn--mnchen-3ya.example"),
        ("kim@example.com", "kim@example.com."),
        ("kim@example.com", "kim\u200b@example.com"),
    ],
)
def test_one_address_in_two_forms(one: str, other: str) -> None:
    assert normal_form.email(one) == normal_form.email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kim@gmail.com", "k.i.m@gmail.com"),
        ("kim@gmail.com", "kim@googlemail.com"),
        ("kim@example.com", "kim+a1@example.com"),
    ],
)
def test_two_addresses_of_one_mailbox(one: str, other: str) -> None:
    assert normal_form.email(one) != normal_form.email(other)
    assert normal_form.email_alias(one) == normal_form.email_alias(other)


def test_dots_matter_where_they_are_not_known_not_to() -> None:
    assert normal_form.email_alias("k.im@example.com") != normal_form.email_alias("kim@example.com")


def test_networks() -> None:
    assert {normal_form.network_of(f"2001:db8:aa:bb::{n}") for n in range(1, 7)} == {"2001:db8:aa:bb::/64"}
    assert normal_form.network_of("::ffff:203.0.113.7") == normal_form.network_of("203.0.113.0/24") == "203.0.113.0/24"
    with pytest.raises(ValueError, match="/24"):
        normal_form.network_of("203.0.0.0/16")


@pytest.mark.parametrize(
    "form",
    [
        normal_form.visible,
        normal_form.identifier,
        normal_form.country,
        normal_form.currency,
        normal_form.domain,
        normal_form.email,
        normal_form.email_alias,
    ],
)
@example(text="0 .")
@example(text="com0 .@gmail.com")
@example(text="a.example\u3002 .")
@given(text=INGREDIENTS)
def test_a_form_is_its_own_form(form: Callable[[str], str], text: str) -> None:
    assert form(form(text)) == form(text)


@given(key=st.sampled_from(sorted(k for k, m in METRICS.items() if m.kind is MetricType.TEXT)), text=INGREDIENTS)
def test_a_metrics_form_is_its_own_form(key: str, text: str) -> None:
    assert normal(key, normal(key, text)) == normal(key, text)


@given(st.ip_addresses())
def test_an_address_is_in_its_network_in_every_spelling(address: object) -> None:
    kept = checked_normal("ip", str(address))
    assert checked_normal("ip_network", kept) == checked_normal("ip_network", str(address).upper())
