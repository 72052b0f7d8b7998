"""One connection's state machine, the same for both ends.

The conversation has one state and two parties. :data:`TRANSITIONS` says who may say what in which
state, and to which state that leads. A :class:`Session` is one of the parties. What it sends and
what it receives goes through the same table; only the error differs::

    START ──caller: CallerWelcome──▶ HELLO ──server: ServerWelcome──▶ OPEN ──either: Message──▶ OPEN
      any state ──either: Closed──▶ CLOSED          provisioning lines change no state

Scheme 0x31 has a path of its own, so that no answer fits the other scheme's welcome: from START by
``OwnerWelcome`` to LOGIN, and by ``OwnerServerWelcome`` to OPEN. Its lines are plain.

A server of the field that calls us does not end its answers to pings with a line end: they are
base64 of ``MP-0 a``, one behind the other. So the beginning of a line from a server is deciphered
as soon as it is long enough to be one, and is a message if it is (:meth:`Session._take_unended`).

Both directions use the same key stream from its start. So whoever repeats an overheard welcome can
repeat what the server says, and say as many bytes of his own as he knows of it. A line proves its
sender only by what stands beyond those bytes (:attr:`Session.is_proven`).

There is no IO, no clock and no randomness. Bytes come in through :meth:`Session.receive_data`. The
other methods return bytes, which the caller must put on the wire in their order.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from ovms.protocol.crypto import (
    StreamCipher,
    decode_base64,
    digest_proves,
    encode_base64,
    make_digest,
    session_key,
    streams,
)
from ovms.protocol.errors import (
    AuthenticationFailed,
    LocalProtocolError,
    NotAWelcome,
    RemoteProtocolError,
    UnreadableLine,
)
from ovms.protocol.framing import LINE_END, LINE_LIMIT, WELCOME_LINE_LIMIT, LineReader
from ovms.protocol.messages import (
    CODES_OF_BYTES,
    HEADS,
    MAGIC,
    UNREADABLE,
    Message,
    parse_bare,
    parse_plain,
)
from ovms.protocol.welcome import (
    FIRST_VEHICLE,
    CallerWelcome,
    OwnerServerWelcome,
    OwnerWelcome,
    ProvisionRecord,
    ProvisionRefused,
    ProvisionRequest,
    Role,
    ServerWelcome,
    is_provisioning,
    parse_caller_line,
    parse_server_line,
)


class Party(Enum):
    """The two ends of a connection: who opened it, and who was called."""

    CALLER = "caller"
    SERVER = "server"


class State(Enum):
    """Where the conversation stands."""

    START = "start"
    """Nobody has said who it is."""
    HELLO = "hello"
    """The caller has sent its welcome; the server looks the vehicle up."""
    LOGIN = "login"
    """An owner has sent name and password; the server looks them up."""
    OPEN = "open"
    """Both ends are known. Every line is ciphered, except under scheme 0x31."""
    CLOSED = "closed"
    """The conversation has ended."""


OPEN: Final = State.OPEN
CLOSED: Final = State.CLOSED
"""By these names each message asks for them: through the class of an Enum it takes 80 ns longer."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The other end has ended the stream."""


Plain = (
    CallerWelcome
    | ServerWelcome
    | OwnerWelcome
    | OwnerServerWelcome
    | ProvisionRequest
    | ProvisionRecord
    | ProvisionRefused
)
Event = Plain | Message | Closed

_CALLER_PROVISIONING = {(Party.CALLER, ProvisionRequest)}
_SERVER_PROVISIONING = {(Party.SERVER, ProvisionRecord), (Party.SERVER, ProvisionRefused)}
_PROVISIONING = _CALLER_PROVISIONING | _SERVER_PROVISIONING

TRANSITIONS: dict[State, dict[tuple[Party, type], State]] = {
    State.START: {
        **dict.fromkeys(_PROVISIONING, State.START),
        (Party.CALLER, CallerWelcome): State.HELLO,
        (Party.CALLER, OwnerWelcome): State.LOGIN,
    },
    State.HELLO: {
        **dict.fromkeys(_PROVISIONING, State.HELLO),
        (Party.SERVER, ServerWelcome): State.OPEN,
    },
    State.LOGIN: {
        **dict.fromkeys(_PROVISIONING, State.LOGIN),
        (Party.SERVER, OwnerServerWelcome): State.OPEN,
    },
    State.OPEN: {
        **dict.fromkeys(_PROVISIONING, State.OPEN),
        (Party.CALLER, Message): State.OPEN,
        (Party.SERVER, Message): State.OPEN,
    },
    State.CLOSED: {},
}
"""Who may say what in which state. ``Closed`` is allowed everywhere and leads to CLOSED."""

_LOOKED_UP = (State.HELLO, State.LOGIN)
"""The states in which the server owes the caller an answer."""


class Session:
    """One end of a connection.

    ``token`` is our side's random token (:func:`~ovms.protocol.crypto.make_token`), new for each
    connection. A caller then calls :meth:`send_welcome`. A server waits for the ``CallerWelcome``
    event, looks up the vehicle's secret, and calls :meth:`accept` or closes the connection. Under
    scheme 0x31 these are :meth:`send_owner_welcome`, ``OwnerWelcome`` and :meth:`accept_owner`.

    ``on_unfit`` is called with what came instead of a caller's welcome: a line that is none, or the
    beginning of one that has not ended.
    """

    __slots__ = ("_begun", "_cipher_in", "_cipher_out", "_deciphered", "_enciphered",
                 "_is_after_pong", "_is_from_server", "_on_unfit", "_proven", "_reader", "_secret",
                 "_sure_cipher", "_token", "_welcome", "error", "is_proven", "party",
                 "state")  # fmt: skip

    def __init__(
        self, party: Party, token: str, on_unfit: Callable[[bytes], None] | None = None
    ) -> None:
        self.party = party
        self._on_unfit = on_unfit
        self.state = State.START
        self.is_proven = False
        """Whether the other end has said what nobody could say who only repeats a welcome.

        A line proves it that begins at or beyond the bytes that our side has enciphered, or has at
        least :data:`PROOF_LENGTH` bytes beyond them, all printable. It counts from the event of
        that line on. Under scheme 0x31 nothing proves it.
        """
        self._token = token
        self._secret = b""
        self._proven: bytes | None = None
        """The secret that the caller's welcome was found to prove."""
        self._welcome: CallerWelcome | None = None
        self._is_from_server = False
        """The caller is another server."""
        self._reader = LineReader(WELCOME_LINE_LIMIT)
        self._begun = b""
        """What was deciphered of a line from a server that has begun."""
        self._is_after_pong = False
        """What comes is of a line that began with an answer to a ping, which was a message."""
        self._cipher_in: StreamCipher | None = None
        self._cipher_out: StreamCipher | None = None
        self._sure_cipher: StreamCipher | None = None
        """That of what comes, once whole lines need no look at each: the other end has proven
        itself, or is a client, of whom nobody asks for a proof."""
        self.error: UnreadableLine | None = None
        """What is wrong with a line, until all before it was returned and this is raised."""
        self._deciphered = 0
        self._enciphered = 0
        """Bytes of both directions before their base64: the positions in the key stream."""

    # -- sending ----------------------------------------------------------------------------

    def send_welcome(self, role: Role, vehicle_id: str, secret: bytes, *words: str) -> bytes:
        """Return a caller's welcome line.

        Raises :class:`LocalProtocolError` for an id or a word that is empty, contains a blank or
        makes the line too long.
        """
        digest = make_digest(secret, self._token)
        welcome = CallerWelcome(role, self._token, digest, vehicle_id, words)
        state = self._state_after(welcome)
        line = welcome.encode() + LINE_END
        if len(line.split()) != 5 + len(words) or len(line) > WELCOME_LINE_LIMIT:
            raise LocalProtocolError("the vehicle id or a word behind it does not fit a welcome")
        self.state, self._secret = state, secret
        return line

    def accept(self, secret: bytes) -> bytes:
        """Return the server's welcome line for a caller that has proven to know ``secret``.

        Call :meth:`receive_data` afterwards, with no bytes: lines may have come behind the
        caller's welcome. Raises :class:`AuthenticationFailed` if the proof is wrong; the session
        is then closed.
        """
        answer = ServerWelcome(self._token, make_digest(secret, self._token))
        self._process_sent(answer)
        assert self._welcome is not None
        welcome = self._welcome
        self._check(welcome, secret)
        self._open(secret, self._token, welcome.token)
        if welcome.role in (Role.APP, Role.BATCH):
            self._sure_cipher = self._cipher_in
        return answer.encode() + LINE_END

    def proves(self, secret: bytes) -> bool:
        """Return whether the caller's welcome, which has come, proves that it knows ``secret``.

        :meth:`accept` does not check again what was proven last.
        """
        assert self._welcome is not None
        is_right = digest_proves(secret, self._welcome.token, self._welcome.digest)
        self._proven = secret if is_right else None
        return is_right

    def send_owner_welcome(
        self, role: Role, user: str, password: str, vehicle_id: str = FIRST_VEHICLE
    ) -> bytes:
        """Return the welcome line of an owner's app or batch client under scheme 0x31.

        ``password`` may be an API token. Raises :class:`LocalProtocolError` for a word that is
        empty, contains a blank or makes the line too long, and for the other roles.
        """
        welcome = OwnerWelcome(role, user, password, vehicle_id)
        line = welcome.encode() + LINE_END
        if len(line.split()) != 5 or len(line) > WELCOME_LINE_LIMIT:
            raise LocalProtocolError("the user, the password or the vehicle id fits no welcome")
        if role not in (Role.APP, Role.BATCH):
            raise LocalProtocolError(f"a {role.name.lower()} cannot call as an owner")
        self._process_sent(welcome)
        self._reader.limit = LINE_LIMIT  # the answer names all of the owner's vehicles
        return line

    def accept_owner(self, user: str, vehicle_id: str, vehicle_ids: Iterable[str]) -> bytes:
        """Return the server's welcome line under scheme 0x31, for an owner whose login is right.

        Call :meth:`receive_data` afterwards, as after :meth:`accept`.
        """
        answer = OwnerServerWelcome(user, vehicle_id, tuple(vehicle_ids))
        self._process_sent(answer)
        self._reader.limit = LINE_LIMIT
        return answer.encode() + LINE_END

    def send_provisioning(
        self, line: ProvisionRequest | ProvisionRecord | ProvisionRefused
    ) -> bytes:
        """Return a provisioning line. It is plain and does not advance the ciphers."""
        self._process_sent(line)
        return line.encode() + LINE_END

    def send(self, message: Message) -> bytes:
        """Return the line of a message, ciphered except under scheme 0x31.

        Raises :class:`LocalProtocolError` outside of OPEN, and for a message whose line would be
        over the other end's bound.
        """
        if self.state is not OPEN:
            self._process_sent(message)
        cipher = self._cipher_out
        if cipher is None:
            return self._bare(message)
        plain = message.plain
        length = len(plain)
        if length > LONGEST_PLAIN:
            raise LocalProtocolError(f"message of {length} bytes does not fit a line")
        self._enciphered += length
        return b2a_base64(cipher.update(plain), newline=False) + LINE_END

    def send_all(self, messages: Iterable[Message]) -> list[bytes]:
        """Return the lines of messages, as :meth:`send` does, without those that it refuses."""
        cipher = self._cipher_out
        lines: list[bytes] = []
        if cipher is None or self.state is not OPEN:
            for message in messages:
                with suppress(LocalProtocolError):
                    lines.append(self.send(message))
            return lines
        for message in messages:  # not by one call a message: a fifth of what an app costs
            head = HEADS.get(message.code)
            plain = message.data if head is None else head + message.data
            if head is not None and len(plain) <= LONGEST_PLAIN:
                self._enciphered += len(plain)
                lines.append(b2a_base64(cipher.update(plain), newline=False) + LINE_END)
        return lines

    @staticmethod
    def _bare(message: Message) -> bytes:
        """Return a line of scheme 0x31. A line end in its data must not begin another line."""
        line = message.bare.replace(b"\n", b"\r")
        if len(line) + len(LINE_END) > LINE_LIMIT:
            raise LocalProtocolError(f"message of {len(line)} bytes does not fit a line")
        return line + LINE_END

    def close(self) -> None:
        """Close our end and drop what still waits. It may be called again."""
        if self.state is State.START and self._on_unfit is not None:
            self._on_unfit(self._reader.begun)
        self.state = State.CLOSED
        self.error = self._sure_cipher = None
        self._reader = LineReader(WELCOME_LINE_LIMIT)

    # -- receiving --------------------------------------------------------------------------

    def receive_data(self, data: bytes) -> Iterator[Event]:
        """Return an iterator of the events that received bytes complete, in order.

        A server yields nothing behind a welcome until it has accepted it. The iterator raises
        :class:`RemoteProtocolError` where the other end broke the protocol, after the events before
        it. The session is then closed, and yields nothing more.
        """
        if self.state is not CLOSED:
            self._reader.feed(data)
        return self._events()

    def receive_eof(self) -> list[Event]:
        """Return the event of the end of the stream. An incomplete line is dropped."""
        if self.state is State.CLOSED:
            return []
        self.close()
        return [Closed()]

    @property
    def waiting(self) -> int:
        """Bytes that wait and are not events yet."""
        return self._reader.waiting

    @property
    def is_idle(self) -> bool:
        """Nothing waits for :meth:`take`: no line, no error, no answer without a line end."""
        return self._reader.is_done and self.error is None and not self._is_from_server

    def feed(self, data: bytes) -> None:
        """Add bytes that came, for :meth:`take`."""
        if self.state is not CLOSED:
            self._reader.feed(data)

    def take(self, limit: int) -> Sequence[Event]:
        """Return the next events, at most ``limit``; none when none waits.

        It is :meth:`receive_data` for who has much to read. Messages of a proven car, and of
        clients, are deciphered all at once, at half the cost; anything else comes alone. Raises
        :class:`RemoteProtocolError` likewise, when all before was returned.
        """
        cipher = self._sure_cipher
        if cipher is None:
            return () if self.is_idle else list(islice(self._events(), 1))
        while lines := self._reader.look_ahead(limit):
            try:
                messages = self._decipher_all(cipher, lines)
            except ValueError:  # one of them is something else, or not padded
                break
            self._reader.skip()
            if messages or self.error is not None:
                return messages or list(islice(self._events(), 1))
        return () if self._reader.is_done else list(islice(self._events(), 1))

    def take_whole(self, data: bytes, limit: int) -> list[Message] | None:
        """Return the messages of bytes that came, if they can be had without another look.

        It is :meth:`feed` and :meth:`take` for nearly all that comes: at most ``limit`` whole lines
        of messages, while nothing waits. ``None`` for anything else, of which nothing was taken. If
        :attr:`error` is set, :meth:`take` raises it.
        """
        cipher = self._sure_cipher
        lines = None if cipher is None else self._reader.split_whole(data)
        if cipher is None or lines is None or len(lines) > limit:
            return None
        try:
            return self._decipher_all(cipher, lines)
        except ValueError:  # as :meth:`take`
            return None

    def _decipher_all(self, cipher: StreamCipher, lines: list[bytes]) -> list[Message]:
        """Return the messages up to a line that cannot be read, which is told behind them.

        Raises ``ValueError``, and has read nothing, if a line is no padded base64.
        """
        ciphered = []
        for line in lines:  # nearly always there is one: a comprehension would take longer
            ciphered.append(a2b_base64(line, strict_mode=True))  # noqa: PERF401
        plain = cipher.update(b"".join(ciphered))
        messages: list[Message] = []
        begin = 0
        for part in ciphered:
            end, at = begin + len(part), begin + len(MAGIC)
            if at < end and plain.startswith(MAGIC, begin):  # parse_plain, without a call
                messages.append(Message(CODES_OF_BYTES[plain[at]], plain[at + 1 : end]))
            elif plain[begin:end] != MAGIC:
                self.error, self._sure_cipher = UnreadableLine(UNREADABLE), None
                break
            begin = end
        return messages

    def _events(self) -> Iterator[Event]:
        try:
            error, self.error = self.error, None
            if error is not None:
                raise error
            while not self._owes_answer and (line := self._reader.next_line()) is not None:
                event = self._parse(line)
                if event is not None:
                    self._process_event(event)
                    yield event
            while (pong := self._take_unended()) is not None:
                self._process_event(pong)
                yield pong
            if self._owes_answer and self.waiting > WELCOME_LINE_LIMIT:
                raise RemoteProtocolError("the caller sends too much before it is welcomed")
        except RemoteProtocolError:
            self.close()
            raise

    @property
    def _owes_answer(self) -> bool:
        return self.state in _LOOKED_UP and self.party is Party.SERVER

    def _parse(self, line: bytes) -> Event | None:
        if self.state is not OPEN:
            return self._parse_plain(line)
        if is_provisioning(line):
            return self._parse_late(line)
        return self._decipher(line) if self._cipher_in is not None else parse_bare(line)

    def _parse_plain(self, line: bytes) -> Plain:
        if self.party is Party.CALLER:
            return parse_server_line(line)
        try:
            return parse_caller_line(line)
        except NotAWelcome:
            if self._on_unfit is not None:
                self._on_unfit(line)
            raise

    def _parse_late(self, line: bytes) -> Plain | None:
        """Return a provisioning line that came after the welcome; ``None`` for a malformed one.

        Under scheme 0x31 a ping may look like one, but nobody sends a ping with such data.
        """
        try:
            return self._parse_plain(line)
        except NotAWelcome:
            return None

    def _decipher(self, line: bytes) -> Message | None:
        begun, self._begun = self._begun, b""
        if self._is_from_server and not begun and len(line) >= UNENDED_LENGTH:
            begun, line = self._read(line[:UNENDED_LENGTH]), line[UNENDED_LENGTH:]
            if begun == PONG.plain:
                self._is_after_pong = bool(line)
                self._reader.unread(line)
                return PONG
        plain = begun + self._read(line)
        is_after_pong, self._is_after_pong = self._is_after_pong, False
        if is_after_pong and not plain.startswith(MAGIC):
            return None  # the rest of an answer to a ping, which says nothing
        message = parse_plain(plain)
        if not self.is_proven and self._proves(plain):
            self.is_proven = True
            if not self._is_from_server:
                self._sure_cipher = self._cipher_in
        return message

    def _proves(self, plain: bytes) -> bool:
        """Return whether a line that was just deciphered proves its sender."""
        begins = self._deciphered - len(plain)
        beyond = plain[max(0, self._enciphered - begins) :]
        is_text = PRINTABLE.fullmatch(beyond) is not None
        return begins >= self._enciphered or (len(beyond) >= PROOF_LENGTH and is_text)

    def _read(self, text: bytes) -> bytes:
        """Return base64 of the other end deciphered."""
        assert self._cipher_in is not None
        try:
            data = decode_base64(text)
        except ValueError as error:
            raise UnreadableLine("a line is not base64") from error
        self._deciphered += len(data)
        return self._cipher_in.update(data)

    def _take_unended(self) -> Message | None:
        """Return a server's answer to a ping that has no line end; ``None`` if none has come.

        Base64 is deciphered in groups, so the beginning of any other line keeps for its rest.
        """
        if not self._is_from_server or self.state is not State.OPEN or self._begun:
            return None
        text = self._reader.take_begun(UNENDED_LENGTH)
        if text is None:
            return None
        begun = self._read(text)
        if begun == PONG.plain:
            self._is_after_pong = True
            return PONG
        if not self._is_after_pong:
            parse_plain(begun)  # raises for what is none of ours
        self._begun = begun
        return None

    # -- both -------------------------------------------------------------------------------

    def _process_sent(self, event: Event) -> None:
        self.state = self._state_after(event)

    def _state_after(self, event: Event) -> State:
        """Return the state to which it leads that we say something; we must be allowed to."""
        state = TRANSITIONS[self.state].get((self.party, type(event)))
        if state is None:
            raise LocalProtocolError(f"no {type(event).__name__} in state {self.state.value}")
        return state

    def _process_event(self, event: Event) -> None:
        other = Party.CALLER if self.party is Party.SERVER else Party.SERVER
        state = TRANSITIONS[self.state].get((other, type(event)))
        if state is None:
            raise RemoteProtocolError(f"{type(event).__name__} in state {self.state.value}")
        if isinstance(event, CallerWelcome):
            self._welcome = event
            self._is_from_server = event.role is Role.SERVER
        elif isinstance(event, ServerWelcome):
            self._check(event, self._secret)
            self._open(self._secret, event.token, self._token)
        self.state = state

    def _check(self, other: CallerWelcome | ServerWelcome, secret: bytes) -> None:
        if other.token == self._token:
            self.close()
            raise AuthenticationFailed("our own token came back")
        if secret != self._proven and not digest_proves(secret, other.token, other.digest):
            self.close()
            raise AuthenticationFailed("the digest does not prove the secret")

    def _open(self, secret: bytes, server_token: str, client_token: str) -> None:
        key = session_key(secret, server_token, client_token)
        self._cipher_in, self._cipher_out = streams(key)
        self._reader.limit = LINE_LIMIT
        self._secret, self._token = b"", ""  # nobody asks for them any more
        self._proven = self._welcome = None


PROOF_LENGTH = 24
"""Printable bytes beyond what our side has enciphered that prove a line: random ones are all
printable once in 2e10 times."""

PRINTABLE = re.compile(rb"[ -~]*")

PONG = Message("a")

UNENDED_LENGTH = len(encode_base64(PONG.plain))
"""Bytes of an answer to a ping on the wire: whole groups of base64, without padding."""

LONGEST_PLAIN = (LINE_LIMIT - len(LINE_END)) // 4 * 3
"""Bytes of the longest plain line whose base64 fits: what was received can be forwarded."""
