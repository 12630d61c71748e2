"""ODM-XML of a whole trial: seconds, size and the memory that writing adds, each format in a process of its own.

Run: ``python -m bench.odm [--participants 32 356]``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.databases import filled, serve, server
from bench.table import HEAD, row

MEMORY = 64  # MiB that may be added by a file of any size
FORMATS = ("odm132", "odm132-all", "odm20", "odm20-all")
WALKED = 32  # the others are filled in by copying


def written(kind: str, target: Path) -> dict[str, float]:
    """Write the file of the trial that this process serves; return what it took."""
    from django.db import transaction
    from django.utils import timezone

    from crf import catalogue
    from exports.cuts import Cut
    from exports.documents import CONTENTS
    from exports.formats.kinds import DataFormat
    from exports.odm.streams import ExportScope
    from exports.odm.writing import OdmContent, write_odm
    from kernel.scope import EVERYTHING, scope
    from trials.models import Site

    forms, content = list(catalogue.forms()), CONTENTS[DataFormat(kind)]
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        sites = tuple(Site.objects.values_list("code", flat=True))
        chosen = ExportScope(Cut(at=timezone.now(), is_past=False), sites)
        alone = OdmContent(content.version, clinical=False)
        write_odm(target, content=alone, forms=forms, scope=chosen)
        before, began = _peak(), time.monotonic()
        records = write_odm(target, content=content, forms=forms, scope=chosen)
        seconds = time.monotonic() - began
    size = target.stat().st_size / 2**20
    return {"seconds": seconds, "records": records, "size": size, "added": _peak() - before, "peak": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, nargs="+", default=[32, 356])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        import django

        django.setup()
        print(json.dumps(written(asked.one[0], Path(asked.one[1]))))
        return
    print(HEAD)
    with server() as running, tempfile.TemporaryDirectory(prefix="palace3-bench-") as folder:
        for participants in asked.participants:
            serve(filled(running, participants, walked=WALKED))
            for kind in FORMATS:
                command = [sys.executable, "-m", "bench.odm", "--one", kind, f"{folder}/odm.xml"]
                told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                row(
                    f"{kind}, {participants} participants, {told['records']:,} records, {told['size']:.0f} MiB",
                    f"{told['seconds']:.1f} s; peak {told['peak']:.0f} MiB, {told['added']:.0f} of it added",
                    f"flat: ≤ {MEMORY} MiB added",
                    kept=told["added"] <= MEMORY,
                )


if __name__ == "__main__":
    main()
