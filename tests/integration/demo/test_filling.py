"""Whoever opens the demonstration before its trial is filled is told so, and sees it as soon as it is."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from demo.filling import filling

FILLED = HttpResponse("the work list")


def answer(request: HttpRequest) -> HttpResponse:
    return FILLED


def test_point_24_pages_say_that_the_trial_is_being_filled(tmp_path: Path, settings: object) -> None:
    mark = tmp_path / "filled"
    settings.PALACE3_DEMO_FILLED = str(mark)  # type: ignore[attr-defined]
    served, ask = filling(answer), RequestFactory().get

    told = served(ask("/work-list/"))
    assert isinstance(told, HttpResponse)
    assert told.status_code == 503
    assert told.headers["Retry-After"] == "3"
    page = told.content.decode()
    assert "is being filled" in page
    assert "正在生成" in page
    assert 'http-equiv="refresh"' in page
    assert served(ask("/readyz")) is FILLED

    mark.touch()
    assert served(ask("/work-list/")) is FILLED
    mark.unlink()
    assert served(ask("/work-list/")) is FILLED
