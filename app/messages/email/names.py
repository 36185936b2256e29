"""Asking the domain name system for TXT records: the one kind that Python's library can't."""

import secrets
import socket
import struct
from pathlib import Path

TXT, IN = 16, 1
SECONDS = 3.0
TRIES = 2
RESOLVERS = Path("/etc/resolv.conf")
TRUNCATED, NO_SUCH_NAME = 0x0200, 3


class NamesError(Exception):
    """Nobody answered, or not in a way that can be read."""

    public = True


def texts(name: str) -> list[str]:
    """The TXT records of a name; none where there is no such name. Raises NamesError."""
    query_id = secrets.randbelow(1 << 16)
    question = _question(name, query_id)
    for server in _servers() * TRIES:
        try:
            answer = _asked(server, question)
            return _read(answer, query_id)
        except (OSError, struct.error, IndexError):
            continue
    raise NamesError(f"no answer about {name}")


def _servers() -> list[str]:
    lines = RESOLVERS.read_text().splitlines() if RESOLVERS.exists() else []
    return [line.split()[1] for line in lines if line.startswith("nameserver ")] or ["127.0.0.1"]


def _question(name: str, query_id: int) -> bytes:
    header = struct.pack(">HHHHHH", query_id, 0x0100, 1, 0, 0, 0)
    labels = name.encode("idna").rstrip(b".").split(b".")
    return (
        header + b"".join(bytes([len(p)]) + p for p in labels) + b"\0" + struct.pack(">HH", TXT, IN)
    )


def _asked(server: str, question: bytes) -> bytes:
    """By UDP, and once more by TCP where the answer is too long for that."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as wire:
        wire.settimeout(SECONDS)
        wire.connect((server, 53))
        wire.send(question)
        answer = wire.recv(4096)
    if not struct.unpack(">H", answer[2:4])[0] & TRUNCATED:
        return answer
    with socket.create_connection((server, 53), SECONDS) as stream:
        stream.sendall(struct.pack(">H", len(question)) + question)
        size = struct.unpack(">H", _exactly(stream, 2))[0]
        return _exactly(stream, size)


def _exactly(stream: socket.socket, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = stream.recv(size - len(parts))
        if not part:
            raise OSError("the line was closed")
        parts += part
    return parts


def _read(answer: bytes, query_id: int) -> list[str]:
    told_id, flags, questions, answers, _, _ = struct.unpack(">HHHHHH", answer[:12])
    code = flags & 0xF
    if told_id != query_id or code not in (0, NO_SUCH_NAME):
        raise OSError("not an answer to this")
    at = 12
    for _ in range(questions):
        at = _past_name(answer, at) + 4
    found = []
    for _ in range(answers):
        at = _past_name(answer, at)
        kind, _, _, size = struct.unpack(">HHIH", answer[at : at + 10])
        at += 10
        if kind == TXT:
            found.append(_joined(answer[at : at + size]))
        at += size
    return found


def _past_name(answer: bytes, at: int) -> int:
    while (size := answer[at]) != 0:
        if size >= 0xC0:  # noqa: PLR2004  # a pointer ends a name
            return at + 2
        at += size + 1
    return at + 1


def _joined(data: bytes) -> str:
    """A record is several strings of up to 255 bytes that belong together."""
    parts, at = b"", 0
    while at < len(data):
        size = data[at]
        parts += data[at + 1 : at + 1 + size]
        at += 1 + size
    return parts.decode("utf-8", "replace")
