"""Many clients at once, some of them killed: the harness behind the race tests and the bench.

Each client is a process of its own, forked, with its own connection as the application role. It works
through its share of the participants, and writes a line to its file for each allocation that it was told
of: what is in the file was acknowledged.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections, transaction

from accounts.models import Signature, User
from audit.acts import open_act
from kernel.postgresql.processes import leave_connections_to_the_parent
from kernel.scope import EVERYTHING, scope, tell_copying
from trials.models import Consent, ConsentVersion, EligibilityDecision, Participant, Site

FORK = multiprocessing.get_context("fork")
Randomize = Callable[[int], tuple[str, str]]


def bulk_eligible(
    *,
    site: Site,
    version: ConsentVersion,
    by: User,
    count: int,
    evidence: dict[str, Any],
    digest: str,
    at: Any,
) -> list[int]:
    """``count`` participants with consent and live decision, in one act: what the services would write."""
    with (
        scope(user_id=None, sites=EVERYTHING),
        open_act("trials:participant:register", by=by, at=at, site=site) as act,
    ):
        tell_copying()
        first = Participant.objects.filter(site=site).count() + 1
        people = Participant.objects.bulk_create(
            Participant(
                number=f"{site.code}-{first + n:05d}",
                site=site,
                protocol_version="1.0",
                registered_on=at.date(),
                state_since=at.date(),
                act=act,
            )
            for n in range(count)
        )
        Consent.objects.bulk_create(
            Consent(
                participant=p,
                site=site,
                version=version,
                signed_on=at.date(),
                sensitive_data=True,
                act=act,
            )
            for p in people
        )
        signatures = Signature.objects.bulk_create(
            Signature(
                by=by,
                printed_name=by.display_name,
                role="investigator",
                signed_at=at,
                meaning="Approved as eligible",
                record=p.number,
                digest=digest,
                site_id=site.pk,
                act=act,
            )
            for p in people
        )
        EligibilityDecision.objects.bulk_create(
            EligibilityDecision(
                participant=p,
                site=site,
                eligible=True,
                evidence=evidence,
                digest=digest,
                signature=s,
                decided_at=at,
                act=act,
            )
            for p, s in zip(people, signatures, strict=True)
        )
    return [p.pk for p in people]


@dataclass
class ManyClients:
    """``clients`` processes that randomize ``participants``; some die and are replaced."""

    participants: Sequence[int]
    randomize: Randomize
    folder: Path
    clients: int = 16
    kills: int = 1
    seed: int = 1
    pause: tuple[float, float] = (0.05, 0.4)
    break_backend: Callable[[], None] | None = None
    after_kill: Callable[[list[int]], None] | None = None  # told whom the dead client had not acknowledged
    killed: int = 0
    running: dict[int, Any] = field(default_factory=dict)

    def run(self) -> float:
        """All participants were asked for by a client that lived; seconds that it took."""
        connections.close_all()
        gc.freeze()  # what was loaded is not looked through, and so not copied, by each client
        chance = random.Random(self.seed)
        begun = time.monotonic()
        for client in range(self.clients):
            self._start(client)
        for number in range(self.kills):
            time.sleep(chance.uniform(*self.pause))
            self._kill(chance.randrange(self.clients))
            if number == self.kills // 2 and self.break_backend is not None:
                self.break_backend()
        for client in range(self.clients):
            self.running[client].join()
            assert self.running[client].exitcode == 0, f"client {client} failed"
        gc.unfreeze()
        return time.monotonic() - begun

    def acknowledged(self) -> dict[int, tuple[str, str]]:
        """What clients were told: randomization number and arm by participant."""
        told = {}
        for file in self.folder.glob("client-*"):
            for line in file.read_text(encoding="ascii").splitlines():
                participant, number, arm = line.split(" ")
                told.setdefault(int(participant), (number, arm))
                assert told[int(participant)] == (number, arm), "a retry was told something else"
        return told

    def _start(self, client: int) -> None:
        self.running[client] = FORK.Process(target=self._work, args=(client,))
        self.running[client].start()

    def _kill(self, client: int) -> None:
        process = self.running[client]
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            self.killed += 1
            if self.after_kill is not None:
                told = self.acknowledged()
                self.after_kill([pk for pk in self.participants[client :: self.clients] if pk not in told])
            self._start(client)

    def _work(self, client: int) -> None:
        leave_connections_to_the_parent()
        done = set(self.acknowledged())
        with (self.folder / f"client-{client}").open("ab", buffering=0) as file:
            for participant in self.participants[client :: self.clients]:
                if participant not in done:
                    number, arm = self._insist(participant)
                    file.write(f"{participant} {number} {arm}\n".encode("ascii"))
        connections.close_all()
        os._exit(0)

    def _insist(self, participant: int) -> tuple[str, str]:
        """Ask again while the connection breaks, as a person would press again."""
        for _ in range(120):
            try:
                return self.randomize(participant)
            except (OperationalError, InterfaceError):
                connection.close()
                time.sleep(0.25)
        raise RuntimeError("the database stayed away for half a minute")


def at_once(work: Callable[[], Any]) -> Any:
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        return work()
