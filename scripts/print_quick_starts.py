"""Set the quick starts as PDF: two A4 pages for each language; one that takes more is refused.

``make quick-starts`` writes them into ``var/quick-starts/``, to be printed and handed out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from markdown_it import MarkdownIt
from weasyprint import HTML

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "docs" / "quick-starts"
PAGES = 2
STYLE = """
@page { size: A4; margin: 14mm 15mm; @bottom-right { content: counter(page); font: 8pt sans-serif } }
body { font: 10pt/1.4 "DejaVu Sans", "Noto Sans CJK SC", sans-serif; hyphens: auto }
h1 { font-size: 16pt; margin: 0 0 2mm } p, ul { margin: 0 0 2mm } ul { padding-left: 5mm }
img { display: block; max-width: 100%; max-height: 98mm; margin: 2mm auto; border: .3pt solid #888 }
table { border-collapse: collapse; width: 100% } td, th { border: .3pt solid #888; padding: 1mm 2mm; text-align: left }
table, img { break-inside: avoid }
"""


def main() -> int:
    """Write one file for each role and language; return 1 where one has more than ``PAGES`` pages."""
    out = ROOT / "var" / "quick-starts"
    out.mkdir(parents=True, exist_ok=True)
    setter = MarkdownIt("commonmark").enable("table")
    long = []
    for source in sorted(SOURCES.glob("[a-z]*.md")):
        halves = source.read_text(encoding="utf-8").split("\n---\n")
        for language, half in zip(("en", "zh-Hans"), halves, strict=True):
            html = f'<html lang="{language}"><style>{STYLE}</style><body>{setter.render(half)}</body></html>'
            paper = HTML(string=html, base_url=str(SOURCES) + "/").render()
            target = out / f"{source.stem}.{language}.pdf"
            paper.write_pdf(target)
            print(f"{target.relative_to(ROOT)}: {len(paper.pages)} pages")
            long += [target.name] if len(paper.pages) > PAGES else []
    if long:
        print(f"More than {PAGES} pages: {', '.join(long)}", file=sys.stderr)
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
