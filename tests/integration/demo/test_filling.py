"""Whoever opens the demonstration before its trial is filled is told so, and sees it as soon as it is."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from demo.filling import filling, progress_beside

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


def test_point_24_the_page_tells_how_far_the_filling_is(tmp_path: Path, settings: object) -> None:
    mark = tmp_path / "filled"
    settings.PALACE3_DEMO_FILLED = str(mark)  # type: ignore[attr-defined]
    served = filling(answer)

    def page() -> str:
        told = served(RequestFactory().get("/"))
        assert isinstance(told, HttpResponse)
        return told.content.decode()

    assert "The database is being made" in page()
    assert "正在建立数据库" in page()
    progress_beside(mark).write_text("12 of 32")
    assert "12 of 32 participants" in page()
    assert "已完成 12 名受试者，共 32 名" in page()
    progress_beside(mark).write_text("32 of 32")
    assert "All 32 participants are in" in page()
    assert "32 名受试者已全部完成" in page()
