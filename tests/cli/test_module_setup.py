from __future__ import annotations

import secrets

import pytest

from ovms.cli.module_setup import (
    STRONG_BITS,
    ModuleLink,
    esp32_lines,
    id_warnings,
    pic_lines,
    quoted,
    secret_warnings,
    setup_text,
    strength,
)
from ovms.server.storage.new_secret import make_secret


def link(**changes: object) -> ModuleLink:
    """Return how a module calls, in most ways as usual."""
    usual: dict[str, object] = {
        "vehicle_id": "MYCAR", "secret": "s3cret", "host": "h.example.org", "tls": False,
    }  # fmt: skip
    return ModuleLink(**(usual | changes))  # type: ignore[arg-type]


def test_the_lines_for_an_esp32() -> None:
    """It is told everything that it needs to call now, and again after a restart."""
    assert esp32_lines(link()) == [
        "enable",
        "config set vehicle id MYCAR",
        "config set password server.v2 s3cret",
        "config set server.v2 server h.example.org",
        "config set server.v2 tls no",
        "config set auto server.v2 yes",
        "config set notify log.trip.storetime 30",
        "config set notify log.grid.storetime 30",
        "server v2 start",
        "server v2 status",
    ]
    assert "config set server.v2 tls yes" in esp32_lines(link(tls=True))


@pytest.mark.parametrize(
    ("tls", "plain", "secure", "port"),
    [(False, 6867, 1, None), (True, 1, 6870, None), (False, 7000, 1, 7000), (True, 1, 443, 443)],
)
def test_only_an_unusual_port_is_set(tls: bool, plain: int, secure: int, port: int | None) -> None:
    """6867 without TLS and 6870 with it are what a module takes by itself."""
    lines = esp32_lines(link(tls=tls, plain_port=plain, tls_port=secure))
    found = [line for line in lines if "port" in line]
    assert found == ([] if port is None else [f"config set server.v2 port {port}"])


def test_the_messages_for_a_pic() -> None:
    """Four text messages; one that has no TLS is told nothing where nobody may call without."""
    assert pic_lines(link(units="M")) == [
        "REGISTER password",
        "MODULE MYCAR M SMSIP",
        "SERVER h.example.org s3cret",
        "GPRS apn - -",
    ]
    assert pic_lines(link(tls=True))[2] == "SERVER h.example.org s3cret"
    assert pic_lines(link(plain_port=None)) == []
    assert "no TLS" in "\n".join(setup_text(link(plain_port=None), ""))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"), ("a'b", "a'b"), ("two words", '"two words"'), ('"x', "'\"x'"),
        ('two "words', "'two \"words'"), ("'x", "\"'x\""),
    ],
)  # fmt: skip
def test_values_are_quoted_as_the_shell_wants_it(value: str, expected: str) -> None:
    """A blank or a quote in front needs quotes, of the other kind."""
    assert quoted(value) == expected


def test_the_text_names_the_web_pages_and_what_is_open() -> None:
    """Whoever does not like shells finds the pages; an unknown address is said to be one."""
    text = "\n".join(setup_text(link(), "is off: nobody trusts it"))
    assert "Config, Server V2 (MP): Server h.example.org, Enable TLS off, Port empty," in text
    assert "Config, Autostart: Start server V2 on" in text
    assert "Config, Notifications: Trip and Grid history log, 30 days each" in text
    assert "TLS is off: nobody trusts it." in text
    assert "public_host" not in text
    assert "HOST is the name or address" in "\n".join(setup_text(link(host="HOST"), "is off"))
    assert "Port 7000," in "\n".join(setup_text(link(plain_port=7000), "is off"))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"plain_port": 7000}, "port 6867 and no other"),
        ({"host": "h" * 32}, "The address is longer than the 31 characters"),
        ({"secret": "s" * 32}, "The secret is longer than the 31 characters"),
        ({"vehicle_id": "v" * 32}, "The id is longer than the 31 characters"),
        ({"secret": "a b"}, "The secret has a blank"),
    ],
)
def test_what_a_pic_cannot_take_is_said(changes: dict[str, object], part: str) -> None:
    """It would cut a value, split it, or call another port."""
    assert part in " ".join(" ".join(setup_text(link(**changes), "")).split())
    assert part not in " ".join(" ".join(setup_text(link(), "")).split())


@pytest.mark.parametrize(
    ("vehicle_id", "parts"),
    [
        ("CAR-1", []),
        ("C" * 31, []),
        ("C" * 32, ["31 characters"]),
        ("MY_CAR", ["letters, digits and -"]),
        ("MY.CAR", ["letters, digits and -"]),
        ("MÜCAR", ["letters, digits and -"]),
        ("Ü" * 32, ["letters, digits and -", "31 characters"]),
    ],
)
def test_ids_that_a_module_cannot_take(vehicle_id: str, parts: list[str]) -> None:
    """An ESP32 takes few characters, a PIC 31 of them."""
    found = list(id_warnings(vehicle_id))
    assert len(found) == len(parts)
    assert all(part in warning for part, warning in zip(parts, found, strict=True))


STRONG = "nhi96XDQP47aQhQG6BJxPP"


@pytest.mark.parametrize(
    ("secret", "part"),
    [
        (STRONG, None),
        (STRONG + "123456789", None),
        (STRONG + "1234567890", "31 characters"),
        (STRONG[:10] + " " + STRONG[10:], "blank"),
        (STRONG + "ä", "ASCII"),
        (STRONG + "'\"", "both kinds of quotes"),
        ("demo", "weak"),
        ("12345678901234567890", "weak"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "weak"),
        ("PasswordPassword1", "weak"),
        ("MyCar2024MyCar", "weak"),
        ("Xk29vLmQ", "weak"),
    ],
)
def test_secrets_that_a_module_cannot_take_and_weak_ones(secret: str, part: str | None) -> None:
    """Each is told once, in a line that does not hold the secret."""
    found = list(secret_warnings(secret, "MYCAR"))
    assert (len(found), part is None or part in found[0]) == (0 if part is None else 1, True)
    assert not any(secret in warning for warning in found)


def test_a_made_secret_is_taken_by_everything() -> None:
    """It is strong, and no module, shell or text message changes it."""
    for _ in range(100):
        made = make_secret()
        assert list(secret_warnings(made)) == []
        assert quoted(made) == made
        assert made.isalnum()
    assert strength("Xk29vLmQzz8") < STRONG_BITS < strength(secrets.token_urlsafe(16))
