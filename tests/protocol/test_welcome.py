from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import errors, welcome
from ovms.protocol.welcome import (
    CallerWelcome,
    OwnerWelcome,
    ProvisionRecord,
    Role,
    is_provisioning,
    parse_caller_line,
    parse_server_line,
)

CORPUS = Path(__file__).parents[1] / "corpus"
CASES: list[dict[str, Any]] = json.loads((CORPUS / "welcomes.json").read_text())[1:]
PROVISIONING: dict[str, str] = json.loads((CORPUS / "vectors.json").read_text())[
    "auto_provisioning"
]
PARSERS = {"caller": parse_caller_line, "server": parse_server_line}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["comment"])
def test_case(case: dict[str, Any]) -> None:
    """A line before the cipher is read as the corpus says, and written back."""
    line, parse = case["line"].encode("latin-1"), PARSERS[case["by"]]
    if "error" in case:
        with pytest.raises(getattr(errors, case["error"])) as caught:
            parse(line)
        assert str(caught.value).isprintable()
        return
    expected = dict(case["reads"])
    read = parse(line)
    assert type(read) is getattr(welcome, expected.pop("type"))
    for name, value in expected.items():
        found = getattr(read, name)
        assert (found.value if isinstance(found, Role) else found) == (
            tuple(value) if isinstance(value, list) else value
        )
    written = case.get("written", case["line"]).encode("latin-1")
    assert read.encode() == written
    assert parse(written) == read


def test_roles() -> None:
    """Each role has its letter, and reads back."""
    for role, letter in zip(Role, "CABS", strict=True):
        caller = CallerWelcome(role, "tok", "dig", "CAR")
        assert caller.encode().startswith(f"MP-{letter} ".encode())
        assert parse_caller_line(caller.encode()) == caller


WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
UTF8_WORD = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=" "), min_size=1
)


@given(st.sampled_from(Role), WORD, WORD, UTF8_WORD, st.lists(UTF8_WORD, max_size=3))
def test_round_trip(role: Role, token: str, digest: str, car: str, words: list[str]) -> None:
    """Any welcome of whole words is read as it was written."""
    caller = CallerWelcome(role, token, digest, car, tuple(words))
    assert parse_caller_line(caller.encode()) == caller


def test_what_is_kept_of_a_welcome() -> None:
    """Neither what proves it nor the password is kept, who called is."""
    car = CallerWelcome(Role.CAR, "token", "digest", "car1", ("a",))
    kept = car.without_proof()
    assert (kept.role, kept.vehicle_key, kept.token, kept.digest) == (Role.CAR, "CAR1", "", "")
    known = car.without_proof(is_known=True)
    assert (known.role, known.vehicle_key, known.digest) == (Role.CAR, "", "")
    owner = OwnerWelcome(Role.APP, "me", "secret", "*").without_proof()
    assert (owner.role, owner.user, owner.vehicle_key, owner.password) == (Role.APP, "me", "*", "")


HEADS = st.sampled_from([b"", b"MP-C 0 ", b"MP-A 1 ", b"MP-S 0 ", b"AP-C 0 ", b"AP-S 0 ", b"AP-X"])


@given(HEADS, st.binary(), st.sampled_from(sorted(PARSERS)))
def test_any_line(head: bytes, tail: bytes, by: str) -> None:
    """Any line is read, and then written so that it reads the same, or it is no welcome."""
    parse = PARSERS[by]
    try:
        read = parse(head + tail)
    except errors.NotAWelcome:
        return
    assert parse(read.encode()) == read


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"MP-C 9 token digest CAR1", "protection scheme '9' is not supported"),
        (b"MP-A 123456789 token digest CAR1", "protection scheme '12345678' is not supported"),
        (b"MP-C 1 user password CAR1", "protection scheme '1' is not supported"),
        (b"MP-C 0 token", "the first line is no welcome"),
        (b"MP-Q 9 token digest CAR1", "the first line is no welcome"),
        (b"", "the first line is no welcome"),
        (
            b"PROXY TCP4 192.0.2.1 192.0.2.2 5555 6867",
            "a proxy's header from an address that is not taken for a proxy's",
        ),
    ],
)
def test_why_a_line_is_no_welcome(line: bytes, reason: str) -> None:
    """A scheme is named where a role could have one; any other line is just none."""
    with pytest.raises(errors.NotAWelcome) as caught:
        parse_caller_line(line)
    assert str(caught.value) == reason


@pytest.mark.parametrize("line", [b"AP-C 0 VIN", b"AP-S", b"AP-X"])
def test_provisioning(line: bytes) -> None:
    """Provisioning lines are told from ciphered ones by their first letters."""
    assert is_provisioning(line)
    assert not is_provisioning(b"OBhejTNK")


def test_provisioning_record() -> None:
    """A record is sealed to the known bytes, and opens with the same secret."""
    record = ProvisionRecord.seal(
        PROVISIONING["iccid"], PROVISIONING["server_token"], PROVISIONING["parameters"]
    )
    known = PROVISIONING["server_line"].replace(record.digest, record.digest.rstrip("="))
    assert record.encode() == known.encode()
    for line in (known, PROVISIONING["server_line"]):
        read = parse_server_line(line.encode())
        assert isinstance(read, ProvisionRecord)
        assert read.open(PROVISIONING["iccid"]) == PROVISIONING["parameters"]
    assert record.digest == PROVISIONING["server_digest"]
    assert record.record == PROVISIONING["record"]
    assert record.open(PROVISIONING["iccid"]) == PROVISIONING["parameters"]


@given(secret=UTF8_WORD, token=st.text(st.characters(max_codepoint=0xFF)), parameters=UTF8_WORD)
def test_seal_and_open(secret: str, token: str, parameters: str) -> None:
    """What was sealed opens, whatever the secret, the token and the parameters."""
    assert ProvisionRecord.seal(secret, token, parameters).open(secret) == parameters


def test_provisioning_record_of_another() -> None:
    """A record is not opened when the server does not prove to know the secret."""
    record = ProvisionRecord.seal("8944500102198304826", "tok", "OVMS K")
    with pytest.raises(errors.AuthenticationFailed, match="not sealed with our secret"):
        record.open("8944500102198304827")


@pytest.mark.parametrize("damaged", ["====", "vB09-", "\xff", "AAAAAAAA"])
def test_provisioning_record_damaged(damaged: str) -> None:
    """A record that is no base64, or no text under its cipher, is damaged."""
    sealed = ProvisionRecord.seal("secret", "token", "OVMS K")
    with pytest.raises(errors.AuthenticationFailed, match="damaged"):
        ProvisionRecord(sealed.token, sealed.digest, damaged).open("secret")
