"""Write the bill of materials (CycloneDX 1.6, JSON): every package of production with version, digest and licence.

``make sbom`` runs it in an environment of its own (requirements/sbom.txt). Python packages are those of
requirements/base.txt, with their digests; front-end packages those of package-lock.json that are not for development.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files, metadata
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?: ; ([^\\\n]+))?")
# Production is CPython on Linux, from the oldest Python that is served on: what other machines install is left out.
PYTHONS = ("3.11.0", "3.11.9", "3.12.0", "3.13.0")
DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
ALGORITHMS = {"sha512": HashAlgorithm.SHA_512, "sha1": HashAlgorithm.SHA_1, "sha256": HashAlgorithm.SHA_256}


def main(target: Path) -> int:
    """Write the bill to ``target``; say how many packages stand in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom()
    bom.metadata.component = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref="palace3",
        licenses=[DisjunctiveLicense(id=project["license"])],
    )
    components = [*python_packages(), *front_end_packages()]
    for component in components:
        bom.components.add(component)
    bom.register_dependency(bom.metadata.component, components)
    written = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(written + "\n", encoding="utf-8")
    sys.stdout.write(f"{target}: {len(components)} packages of release {project['version']}\n")
    return 0


def python_packages() -> Iterator[Component]:
    """Yield each pinned package with the digests that pip compares."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8"))
    for block in blocks:
        if (match := PINNED.match(block)) and is_of_production(match[3]):
            name, version = match[1], match[2]
            yield Component(
                name=name,
                version=version,
                bom_ref=f"pypi:{name}@{version}",
                purl=PackageURL("pypi", None, name, version),
                # A package has a digest for each file in which it is handed out.
                properties=[
                    Property(name="palace3:sha256", value=digest) for digest in DIGEST.findall(block)
                ],
                licenses=licences_of(name),
            )


def is_of_production(marker: str | None) -> bool:
    """Say whether a machine of production installs what bears this marker."""
    machine = {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
    }
    return marker is None or any(
        Marker(marker.strip()).evaluate(
            {**machine, "python_full_version": each, "python_version": each.rpartition(".")[0]}
        )
        for each in PYTHONS
    )


def licences_of(name: str) -> list[DisjunctiveLicense]:
    """Return what the installed package says of its licence; nothing where it is not installed."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return []
    said = told.get("License-Expression") or told.get("License") or ""
    classes = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    word = said.splitlines()[0].strip() if said and len(said) < 100 else next(iter(classes), "")
    word = word or heading_of_licence(name)
    return [DisjunctiveLicense(name=word)] if word else []


def heading_of_licence(name: str) -> str:
    """Return the first line of the licence that lies in the package, where its metadata name none."""
    told = [path for path in files(name) or () if path.name.startswith("LICEN") and ".dist-info" in str(path)]
    lines = told[0].read_text().splitlines() if told else []
    return next((line.strip() for line in lines if line.strip()), "")


def front_end_packages() -> Iterator[Component]:
    """Yield each package of npm that is served to browsers."""
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for place, told in sorted(locked.items()):
        if not place or told.get("dev"):
            continue
        name = place.rpartition("node_modules/")[2]
        algorithm, _, encoded = str(told.get("integrity", "")).partition("-")
        yield Component(
            name=name,
            version=told["version"],
            bom_ref=f"npm:{name}@{told['version']}",
            purl=PackageURL("npm", None, name, told["version"]),
            hashes=[
                HashType(
                    alg=ALGORITHMS[algorithm], content=binascii.hexlify(base64.b64decode(encoded)).decode()
                )
            ]
            if algorithm in ALGORITHMS
            else [],
            licenses=[DisjunctiveLicense(name=told["license"])] if told.get("license") else [],
        )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "sbom.cdx.json"))
