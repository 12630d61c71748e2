"""The list of cities, and what a visitor may type to mean one of them."""

from __future__ import annotations

import pytest

from website.contact.cities import cities, find_cities, kilometres, nearest_first

SHANGHAI, BEIJING = (31.23, 121.47), (39.90, 116.41)


def test_the_list_is_of_china_and_names_each_place_once() -> None:
    found = cities()
    assert len(found) > 350
    assert len({city.code for city in found}) == len(found)
    assert len({(city.zh, city.province_zh) for city in found}) == len(found)
    assert len({(city.en, city.province_en) for city in found}) == len(found)
    for city in found:
        assert 3 < city.latitude < 54, city
        assert 73 < city.longitude < 136, city
        assert city.zh
        assert city.en
        assert city.en[0].isupper(), city


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("上海", "310000"),
        ("上海市", "310000"),
        (" shanghai ", "310000"),
        ("Chongqing city", "500000"),
        ("xian", "610100"),
        ("Xi'an", "610100"),
        ("乌鲁木齐", "650100"),
        ("Urumqi", "650100"),
        ("延边州", "222400"),
        ("Suzhou (Jiangsu)", "320500"),
        ("Suzhou, Anhui", "341300"),
        ("江苏省苏州市", "320500"),
        ("苏州（江苏）", "320500"),
    ],
)
def test_a_city_is_found_as_people_write_it(typed: str, code: str) -> None:
    assert [city.code for city in find_cities(typed)] == [code]


@pytest.mark.parametrize("typed", ["", " ", "Atlantis", "上", "<script>", "0", "市"])
def test_what_is_no_city_finds_none(typed: str) -> None:
    assert find_cities(typed) == []


def test_names_that_several_cities_bear_find_all_of_them() -> None:
    assert {city.province_en for city in find_cities("Suzhou")} == {"Jiangsu", "Anhui"}


def test_every_city_is_found_by_each_of_its_names() -> None:
    for city in cities():
        for name in (city.zh, city.en, city.name_in("zh-hans"), city.name_in("en")):
            assert city in find_cities(name), name


def test_distances_are_those_of_the_map() -> None:
    assert kilometres(SHANGHAI, SHANGHAI) == 0
    assert round(kilometres(SHANGHAI, BEIJING)) == pytest.approx(1068, abs=3)
    order = nearest_first([("b", BEIJING), ("s", SHANGHAI)], to=(32.06, 118.80))
    assert [name for name, _distance in order] == ["s", "b"]
