"""Rates of tax as two independent sets publish them, and exchange rates as the European Central Bank does."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from importlib.resources import files

import duty27_eu_vat
import eu_vat_rates_data

from backend.reporting.tables.published import published

TABLE = json.loads(files("resources").joinpath("tax").joinpath("vat-rates.json").read_text(encoding="utf-8"))
AS_OF = duty27_eu_vat.DATA_AS_OF


def current(country: str, kind: str) -> set[Decimal]:
    return {
        Decimal(each["rate"])
        for each in TABLE
        if each["country"] == country and each["kind"] == kind and each["validTo"] is None
    }


def test_two_published_sets_agree_on_every_standard_rate() -> None:
    countries = [each.code for each in duty27_eu_vat.list_countries()]
    assert len(countries) == 27
    for country in countries:
        one = duty27_eu_vat.get_standard_rate(country, AS_OF)
        other = eu_vat_rates_data.get_standard_rate("GR" if country == "EL" else country)
        assert other is not None
        assert current(country, "standard") == {one} == {Decimal(str(other))}
        assert {each["sources"] for each in TABLE if each["kind"] == "standard" and each["validTo"] is None} <= {1, 2}


def test_history_is_that_of_the_one_set_that_has_dates() -> None:
    for day in (date(2016, 1, 1), date(2020, 9, 1), date(2023, 6, 30), date(2025, 7, 1), AS_OF):
        for each in duty27_eu_vat.list_countries():
            found = {
                Decimal(row["rate"])
                for row in TABLE
                if row["country"] == each.code
                and row["kind"] == "standard"
                and row["validFrom"] <= day.isoformat() <= (row["validTo"] or "9999")
            }
            assert found == {duty27_eu_vat.get_standard_rate(each.code, day)}


def test_reduced_rates_say_that_they_have_one_source() -> None:
    reduced = [each for each in TABLE if each["kind"] in {"reduced", "super_reduced"}]
    assert len(reduced) > 30
    assert {each["sources"] for each in reduced} == {1}


def test_rates_are_read_as_they_were_published() -> None:
    rates = {(each.currency, each.day): each.per_eur for each in published()}
    assert rates["USD", date(2025, 9, 30)] == Decimal("1.1741")
    assert rates["GBP", date(2026, 10, 30)] == Decimal("0.8338")
    assert ("USD", date(2023, 12, 31)) not in rates  # a Sunday: nothing is made up
    assert rates["USD", date(2024, 1, 2)] == Decimal("1.0956")
    assert len(rates) > 40_000
