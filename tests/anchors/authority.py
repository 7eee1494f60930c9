"""A time-stamp authority on loopback: OpenSSL signs, a small server answers. Certificates are made for the test."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*words: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True).stdout


@dataclass
class Authority:
    """Where it listens, and the root that its stamps lead to. ``answers`` replaces what it says next."""

    folder: Path
    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, query: bytes) -> bytes:
        (self.folder / "query.tsq").write_bytes(query)
        config = self.folder / "tsa.cnf"
        openssl(
            "ts", "-reply", "-config", config, "-queryfile", self.folder / "query.tsq", "-out", self.folder / "out.tsr"
        )
        return (self.folder / "out.tsr").read_bytes()


def certified(folder: Path) -> Authority:
    """Make a root, and a certificate that may stamp."""
    folder.mkdir(parents=True)
    config = folder / "tsa.cnf"
    config.write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    new = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", config)
    openssl(*new, "-x509", "-days", "2", "-subj", "/CN=Test root", "-extensions", "root",
            "-keyout", folder / "root.key", "-out", folder / "root.pem")  # fmt: skip
    openssl(*new, "-subj", "/CN=Test authority", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
    openssl("x509", "-req", "-days", "2", "-in", folder / "tsa.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
            "-set_serial", "2", "-extfile", config, "-extensions", "leaf", "-out", folder / "tsa.pem")  # fmt: skip
    return Authority(folder)


@contextmanager
def listening(authority: Authority) -> Iterator[Authority]:
    """Answer on a port of loopback."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            status, content = authority.answers.pop(0) if authority.answers else (200, authority.stamp(query))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
