"""States, icons and dates are shown in one way."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.forms import DateField
from django.utils.translation import override

from design.badges import BADGES, badge_for
from design.icons import ICONS, sprite
from design.templatetags.design import badge, cell, day, icon, instant, labelled, state
from trials.models.participants import Track
from trials.models.sites import SiteState

SHEETS = Path(__file__).resolve().parents[3] / "static" / "css"
CSS, DARK = (SHEETS / "palace3.css").read_text(), (SHEETS / "dark.css").read_text()
EVERY_BADGE = [(kind, code) for kind, table in BADGES.items() for code in table]


INKS = (
    *(["ink", "quiet", "accent-ink", "stop", "warn", "progress", "info", "ok"]),
    *(["nav-ink", "nav-strong", "note-ink"]),
)
GROUNDS = {
    "nav-ink": ("nav", "nav-hover"),
    "nav-strong": ("nav", "nav-hover", "surface"),
    "note-ink": ("note",),
    "progress": ("surface", "progress-soft"),
    "ok": ("surface", "ok-soft"),
    "info": ("surface", "paper"),
    "stop": ("surface", "paper", "stop-soft"),
    "warn": ("surface", "warn-soft"),
}
PLAIN = ("surface", "paper", "hover", "head")


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2 of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_ink_can_be_read_on_its_ground_by_day_and_by_night(theme: str) -> None:
    sheets = [CSS] if theme == "light" else [CSS, DARK]
    tokens = {
        name: colour for sheet in sheets for name, colour in re.findall(r"--p3-([a-z-]+): (#\w+);", sheet)
    }
    poor = {
        (ink, ground)
        for ink in INKS
        for ground in GROUNDS.get(ink, PLAIN)
        if contrast(tokens[ink], tokens[ground]) < 4.5
    }
    poor |= {("#fff", name) for name in ("accent", "accent-deep") if contrast("#fff", tokens[name]) < 4.5}
    tones = re.findall(r"\.tone-(\w+) \{ --t-ink: (#\w+); --t-bg: (#\w+);", sheets[-1])
    assert len(tones) == 7
    poor |= {(tone, "tone") for tone, ink, ground in tones if contrast(ink, ground) < 4.5}
    assert not poor


@pytest.mark.parametrize(("kind", "code"), EVERY_BADGE)
def test_every_state_has_a_tone_of_the_stylesheet_an_icon_of_the_sprite_and_a_word(
    kind: str, code: str
) -> None:
    shown = BADGES[kind][code]
    assert f".tone-{shown.tone} " in CSS
    assert shown.icon in ICONS
    assert str(shown.label).strip()


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("cT", "cT:"),
        ("Can she become pregnant?", "Can she become pregnant?"),
        ("I agree.", "I agree."),
        ("是否？", "是否？"),
    ],
)
def test_a_label_gets_one_mark_before_what_is_said_of_it(label: str, shown: str) -> None:
    assert labelled(label) == shown


def test_every_track_and_every_state_of_a_site_has_a_badge() -> None:
    assert not set(Track.values) - set(BADGES["track"])
    assert not set(SiteState.values) - set(BADGES["site"])


def test_a_state_is_icon_word_and_tone() -> None:
    drawn = state("visit", "overdue")
    assert "tone-stop" in drawn
    assert "#exclamation-octagon" in drawn
    assert "Overdue" in drawn


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert badge_for("visit", "strange").label == "strange"
    assert "tone-neutral" in state("visit", "strange")


def test_what_is_shown_is_escaped() -> None:
    assert "<b>" not in badge("info", "eye", "<b>bold</b>")
    assert "<b>" not in cell("form", "complete", about="<b>")


def test_an_icon_is_silent_unless_it_has_a_name() -> None:
    assert 'aria-hidden="true"' in icon("eye")
    assert 'role="img" aria-label="Seen"' in icon("eye", "Seen")
    with pytest.raises(ValueError, match="No icon 'moon'"):
        icon("moon")


def test_a_cell_says_what_it_is_of_and_leads_there() -> None:
    linked = cell("form", "complete", href="/form/3/", about="CRE-1", count=2)
    assert 'href="/form/3/"' in linked
    assert 'title="CRE-1: Complete"' in linked
    assert '<span class="p3-cell-count">2</span>' in linked
    assert cell("form", "empty").startswith("<span")


@pytest.mark.parametrize(("language", "written"), [("en", ">3 Nov 2026<"), ("zh-hans", ">2026-11-03<")])
def test_no_reader_takes_the_month_for_the_day(language: str, written: str) -> None:
    with override(language):
        assert written in day(date(2026, 11, 3))
    assert day(None) == "–"


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("UTC", "3 Nov 2026 23:30 UTC"),
        ("Asia/Shanghai", "4 Nov 2026 07:30 UTC+8"),
        ("Asia/Kolkata", "4 Nov 2026 05:00 UTC+5:30"),
    ],
)
def test_an_instant_shows_its_zone_and_keeps_utc(zone: str, written: str) -> None:
    shown = instant(datetime(2026, 11, 3, 23, 30, tzinfo=UTC), zone)
    assert written in shown
    assert 'title="2026-11-03 23:30:00 UTC"' in shown
    assert instant(None, "UTC") == "–"


def test_the_sprite_holds_every_icon(tmp_path: Path) -> None:
    for name in ICONS:
        (tmp_path / f"{name}.svg").write_text(
            '<svg class="bi" viewBox="0 0 16 16">\n<path d="M0 0"/>\n</svg>'
        )
    drawn = sprite(tmp_path)
    assert all(
        f'<symbol id="{name}" viewBox="0 0 16 16"><path d="M0 0"/></symbol>' in drawn for name in ICONS
    )


def test_a_drawing_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for name in ICONS:
        (tmp_path / f"{name}.svg").write_text("not a drawing")
    with pytest.raises(ValueError, match=r"arrow-left\.svg"):
        sprite(tmp_path)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_day_is_read_in_one_order_only(language: str) -> None:
    with override(language):
        for typed in ("2026-11-10", "20261110", "2026/11/10"):
            assert DateField().clean(typed) == date(2026, 11, 10)
        for typed in ("10/11/2026", "11-10-2026", "10 Nov"):
            with pytest.raises(ValidationError):
                DateField().clean(typed)
