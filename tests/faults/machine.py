"""A machine of its own on this one: a network namespace with a cable, and addresses that lead elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from contextlib import suppress
from typing import Self

from tests.faults.installation import Installation

NOT_PLAYED = "not played: network namespaces need root and iproute2"


class Forward:
    """Whoever connects to ``host:port`` talks to the port that ``to`` names now, as to a floating address."""

    def __init__(self, host: str, port: int, to: tuple[str, int]) -> None:
        self.to = to
        self._server = socket.create_server((host, port))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _from = self._server.accept()
                try:
                    far = socket.create_connection(self.to, timeout=5)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while part := one.recv(65536):
                other.sendall(part)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def address_at(address: str, place: str) -> str:
    before, _, after = address.rpartition("@")
    return f"{before}@{place}/{after.partition('/')[2]}"


def may_play() -> bool:
    return os.getuid() == 0 and shutil.which("ip") is not None


class Machine:
    """A namespace with a cable to here: database and broker by its gateway, its pages by a port of this machine."""

    def __init__(self, there: Installation, number: int, web_port: int) -> None:
        self.space, self._cable, self._plug = f"palace3-m{number}", f"p3cable{number}", f"p3plug{number}"
        self._here, self._address = f"10.77.{number}.1", f"10.77.{number}.2"
        self._there, self._web_port = there, web_port
        self._forwards: list[Forward] = []

    def __enter__(self) -> Self:
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True, check=False)
        ip("netns", "add", self.space)
        ip("link", "add", self._cable, "type", "veth", "peer", "name", self._plug)
        ip("link", "set", self._plug, "netns", self.space)
        ip("addr", "add", f"{self._here}/24", "dev", self._cable)
        ip("link", "set", self._cable, "up")
        ip("-n", self.space, "addr", "add", f"{self._address}/24", "dev", self._plug)
        ip("-n", self.space, "link", "set", self._plug, "up")
        ip("-n", self.space, "link", "set", "lo", "up")
        broker_port = int(self._there.broker.url.rpartition(":")[2].partition("/")[0])
        self._forwards = [
            Forward(self._here, 0, ("127.0.0.1", self._there.postgres.port)),
            Forward(self._here, 0, ("127.0.0.1", broker_port)),
            Forward("127.0.0.1", 0, (self._address, self._web_port)),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._forwards:
            each.close()
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True, check=False)

    @property
    def page_port(self) -> int:
        """Where a balancer of this machine reaches its pages."""
        return self._forwards[2].port

    @property
    def told(self) -> dict[str, str]:
        """What its processes are told instead of the addresses of here."""
        database, broker, _page = self._forwards
        environment = self._there.environment
        return {
            "DATABASE_URL": address_at(environment["DATABASE_URL"], f"{self._here}:{database.port}"),
            "BROKER_URL": address_at(environment["BROKER_URL"], f"{self._here}:{broker.port}"),
            "WEB_BIND": f"0.0.0.0:{self._web_port}",
        }

    def inside(self, command: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.space, *command]

    def cut(self) -> None:
        ip("link", "set", self._cable, "down")

    def join(self) -> None:
        ip("link", "set", self._cable, "up")
