"""Draws static/img/share-en.png and share-zh.png, the picture that a messenger shows beside the page's address.

Run after the trial's name, number or sponsor changed in the protocol text; the pictures are committed.
They hold nothing that needs an approval of its own: the name, the number and who is responsible.

    .venv/bin/python scripts/share_images.py
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import pypdfium2
import weasyprint

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1200, 630
SAID = {"en": ("A trial in cancer of the gullet", "en"), "zh": ("一项食管癌临床试验", "zh-hans")}
PAGE = """<html lang="{lang}"><style>
@page {{ size: {width}px {height}px; margin: 0 }}
body {{ margin: 0; font-family: "DejaVu Sans", "WenQuanYi Micro Hei", sans-serif; color: #fff }}
div {{ background: #0f5c66; height: {height}px; box-sizing: border-box; padding: 90px 100px }}
img {{ width: 110px; height: 110px; border: 3px solid #8fd3c8; border-radius: 26px }}
h1 {{ font-size: 96px; margin: 36px 0 12px; letter-spacing: -1px }}
p {{ margin: 0; font-size: 46px }}
p + p {{ margin-top: 40px; font-size: 32px; color: #d9e7e8 }}
</style><div><img src="{mark}"><h1>PALACE-3</h1><p>{said}</p><p>{number} · {sponsor}</p></div></html>"""


def draw(name: str) -> None:
    from protocol.text import load

    protocol = load("1.0")
    said, lang = SAID[name]
    sponsor = protocol.fact("sponsor").text
    page = PAGE.format(
        lang=lang,
        width=WIDTH,
        height=HEIGHT,
        mark=(ROOT / "static" / "img" / "palace3.svg").as_uri(),
        said=escape(said),
        number=protocol.fact("registry_id").value,
        sponsor=escape(sponsor.in_language(lang) if sponsor else ""),
    )
    paper = pypdfium2.PdfDocument(weasyprint.HTML(string=page).write_pdf())
    picture = paper[0].render(scale=4 / 3).to_pil()  # PDF points to CSS pixels
    picture.resize((WIDTH, HEIGHT)).convert("P", palette=1, colors=128).save(
        ROOT / "static" / "img" / f"share-{name}.png", optimize=True
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for each in SAID:
        draw(each)
