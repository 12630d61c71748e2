"""A post office on the loopback address: as much of SMTP as a sender needs, with its bad days."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field


class Postman(socketserver.StreamRequestHandler):
    """As much of SMTP as a sender needs."""

    server: PostOffice

    def handle(self) -> None:
        self._say("220 ready")
        wrong = False
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "DATA":
                self._say("354 go on")
                letter = b"".join(iter(self.rfile.readline, b".\r\n")).decode()
                if self.server.hangs_up_after and len(self.server.letters) >= self.server.hangs_up_after:
                    return
                if self.server.stalls_after and len(self.server.letters) >= self.server.stalls_after:
                    self.server.stalled.set()
                    self.server.goes_on.wait(60)
                    return
                self.server.letters.append(letter)
                if "slow@" in letter:
                    self.server.goes_on.wait(60)
                self._say("250 taken")
            elif word == "RCPT":
                wrong = "nobody@" in line
                self._say("550 no such person" if wrong else "250 fine")
            else:
                self._say("221 bye" if word == "QUIT" else "250 fine")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class PostOffice(socketserver.ThreadingTCPServer):
    """Keeps what it accepted; may hang up or stall in the middle of a letter, before accepting it.

    A letter to slow@ it accepts, and says so only when it ``goes_on``.
    """

    allow_reuse_address = True
    daemon_threads = True
    hangs_up_after = 0
    stalls_after = 0

    def __init__(self, port: int) -> None:
        self.letters: list[str] = []
        self.stalled, self.goes_on = threading.Event(), threading.Event()
        super().__init__(("127.0.0.1", port), Postman)

    @property
    def ids(self) -> list[str]:
        lines = [line for letter in self.letters for line in letter.splitlines()]
        return [line for line in lines if line.startswith("Message-ID")]


@dataclass
class Street:
    """A place where a post office may stand."""

    port: int
    offices: list[PostOffice] = field(default_factory=list)

    def open(self, *, hangs_up_after: int = 0) -> PostOffice:
        office = PostOffice(self.port)
        office.hangs_up_after = hangs_up_after
        threading.Thread(target=office.serve_forever, args=(0.05,), daemon=True).start()
        self.offices.append(office)
        return office

    def close(self) -> None:
        """Every post office is gone, whatever it was doing."""
        for office in self.offices:
            office.goes_on.set()
            office.shutdown()
            office.server_close()
        self.offices.clear()
