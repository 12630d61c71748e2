"""Check SDTM data sets with CDISC's open rules engine; run it with a Python 3.12 that has cdisc-rules-engine 0.17.1.

    python3.12 scripts/core_check.py --cache core_sdtmig34.json.gz --data out/sdtm --report core.json

The cache holds the rules and the metadata of the standard, taken from CDISC's library; the repository has none. An
older engine installs under Python 3.11 without a word, so the version is asserted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

ENGINE = "0.17.1"
STANDARD, GUIDE = "sdtmig", "3-4"


def main() -> int:
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="rules and metadata as JSON, compressed")
    parser.add_argument("--data", type=Path, required=True, help="a folder with XPT files and define.xml")
    parser.add_argument("--report", type=Path, required=True, help="where every message goes, as JSON")
    parser.add_argument("--rules", nargs="+", default=[], help="only these rules")
    said = parser.parse_args()
    if version("cdisc-rules-engine") != ENGINE:
        print(f"The rules engine must be {ENGINE}.", file=sys.stderr)
        return 2
    with gzip.open(said.cache) as cache:
        results = checked(json.load(cache), said.data, said.rules)
    said.report.write_text(json.dumps(results, indent=1, default=str), encoding="utf-8")
    counted = Counter(each["status"] for each in results)
    print(dict(counted))
    for each in results:
        if each["status"] not in ("success", "skipped"):
            print(each["rule"], each["dataset"], each["status"], len(each["errors"]), each["message"][:160])
    return int(counted["issue reported"] > 0)


def checked(cache: dict[str, Any], data: Path, only: list[str]) -> list[dict[str, Any]]:
    """Return what each rule says of each data set."""
    from cdisc_rules_engine.config import config
    from cdisc_rules_engine.models.library_metadata_container import LibraryMetadataContainer
    from cdisc_rules_engine.models.rule import Rule
    from cdisc_rules_engine.rules_engine import RulesEngine
    from cdisc_rules_engine.services.cache.in_memory_cache_service import InMemoryCacheService
    from cdisc_rules_engine.services.data_services import DataServiceFactory

    store = InMemoryCacheService()
    library = LibraryMetadataContainer(
        standard_metadata=cache["standard"],
        model_metadata=cache["model"],
        variables_metadata=cache["variables"],
        variable_codelist_map=cache["codelist_map"],
        ct_package_metadata=cache["ct"],
        published_ct_packages=cache["published"],
    )
    paths = [str(path) for path in sorted(data.glob("*.xpt"))]
    told = {
        "standard": STANDARD,
        "standard_version": GUIDE,
        "standard_substandard": None,
        "library_metadata": library,
    }
    service = DataServiceFactory(config, store, **told).get_data_service(paths)
    define = data / "define.xml"
    engine = RulesEngine(
        cache=store,
        data_service=service,
        config_obj=config,
        dataset_paths=paths,
        ct_packages=list(cache["ct"]),
        define_xml_path=str(define) if define.exists() else None,
        validate_xml=False,
        **told,
    )
    return [
        {
            "rule": code,
            "dataset": dataset,
            "status": str(answer.get("executionStatus")),
            "message": str(answer.get("message")),
            "errors": answer.get("errors") or [],
        }
        for code, raw in cache["rules"].items()
        if not only or code in only
        for dataset, answers in engine.validate_single_rule(
            Rule.from_cdisc_metadata(raw) if "conditions" not in raw else raw
        ).items()
        for answer in answers
    ]


if __name__ == "__main__":
    sys.exit(main())
