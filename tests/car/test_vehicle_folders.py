"""Mistakes in a vehicle type's folder: each is found, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.car.vehicles.data.folder import read_folder
from ovms.car.vehicles.data.links import MOST_LINKS
from ovms.car.vehicles.data.problems import Document, VehicleTypeError
from ovms.car.vehicles.data.text import LONGEST_FILE

DBC = """VERSION ""

BU_: ECU

BO_ 16 One: 8 ECU
 SG_ Kind M : 0|8@1+ (1,0) [0|255] "" ECU
 SG_ Soc m1 : 8|8@1+ (1,0) [0|100] "%" ECU
 SG_ OtherSoc m2 : 8|8@1+ (1,0) [0|100] "%" ECU
 SG_ Same m1 : 16|8@1+ (1,0) [0|0] "furlong" ECU
 SG_ Wide m1 : 32|12@1+ (1,0) [0|0] "" ECU

BO_ 17 Two: 8 ECU
 SG_ Same : 0|8@1+ (1,0) [0|0] "" ECU
 SG_ Range : 8|8@1+ (1,0) [0|200] "mi" ECU
"""

GOOD = 'car_type = "T"\ndescription = "test"\n'
"""Two lines; what a case adds begins at line 3."""


def problems(folder: Path, mapping: str, dbc: str = DBC) -> list[str]:
    """Return what is wrong with a folder, as ``FILE:LINE: message`` with short file names."""
    (folder / f"{folder.name}.dbc").write_text(dbc, "utf-8")
    (folder / "vehicle.toml").write_text(mapping, "utf-8")
    return found(folder)


def found(folder: Path) -> list[str]:
    """Return what is wrong with a folder as it lies there."""
    try:
        read_folder(folder)
    except VehicleTypeError as error:
        return [
            str(each).replace(f"{folder}/{folder.name}.dbc", "DBC").replace(f"{folder}/", "")
            for each in error.problems
        ]
    return []


SIGNALS = "[signals]\n"

LINK = """[[isotp]]
name = "engine"
request = 0x7E0
response = 17
functional = 0x7DF
"""
"""Five lines; it begins at line 3."""

ASK = '[[ask]]\ndata = "01"\nfor = "x"\nevery = 1\n'
"""Four lines."""

SILENCE = '[[silence]]\nof = "Two"\nafter = 30\n'
"""Three lines."""

CASES: list[tuple[str, list[tuple[int, str]]]] = [
    # the top
    ("colour = 1", [(3, "colour: there is no such key; there are car_type")]),
    ("signals = 1", [(3, "signals: input should be a valid dictionary")]),
    ("[stale]\nnoise = 1", [(4, "no topic 'noise': there are temperatures")]),
    ("[stale]\ntyres = 0\nambient = nan\nposition = '1'", [
        (4, "tyres: above 0"), (5, "ambient: above 0"), (6, "position: the age is a number")]),
    # signals
    (SIGNALS + 'Sooc = { field = "soc" }', [
        (4, "the DBC file has no signal Sooc (did you mean Soc?)")]),
    (SIGNALS + 'Same = { field = "soc" }', [(4, 'write "One.Same" or "Two.Same"')]),
    (SIGNALS + "Soc = 1", [(4, "signals.Soc should be a table")]),
    (SIGNALS + "Soc = { }", [(4, "signals.Soc.field is missing")]),
    (SIGNALS + 'Soc = { field = "soc", most = 1 }', [
        (4, "signals.Soc.most: there is no such key; there are field, unit,")]),
    (SIGNALS + 'Soc = { field = "charge" }', [(4, "no field 'charge'")]),
    (SIGNALS + 'Soc = { field = "parked_since" }', [(4, "no field 'parked_since'")]),
    (SIGNALS + 'Soc = { field = "doors_1.roof" }', [(4, "no field 'doors_1.roof'")]),
    (SIGNALS + 'Soc = { field = "odometer" }', [(4, "% cannot become km, the unit of odometer")]),
    (SIGNALS + 'Soc = { field = "soc", unit = "V" }', [(4, "V cannot become %")]),
    (SIGNALS + '"One.Same" = { field = "odometer" }', [(4, "furlong cannot become km")]),
    (SIGNALS + 'Soc = { field = "soc", scale = 0 }', [(4, "scale 0 leaves nothing")]),
    (SIGNALS + 'Soc = { field = "soc", scale = inf }', [(4, "scale: input should be a finite")]),
    (SIGNALS + 'Soc = { field = "soc", modulo = -1 }', [(4, "modulo: input should be greater")]),
    (SIGNALS + 'Soc = { field = "soc", clamp = [9, 1] }', [(4, "clamp is never from 9 to 1")]),
    (SIGNALS + 'Soc = { field = "soc", valid = [9, 1] }', [(4, "valid is never from 9 to 1")]),
    (SIGNALS + 'Soc = { field = "soc", valid = [300, 400] }', [
        (4, "Soc is from 0 to 255: never in this range")]),
    (SIGNALS + 'Soc = { field = "soc", valid = [1] }', [(4, "valid: list should have at least 2")]),
    (SIGNALS + 'Soc = { field = "soc", none = 256 }', [
        (4, "Soc has 8 bits and is never 256 on the bus")]),
    (SIGNALS + 'Soc = { field = "soc", skip = [0, -1] }', [(4, "Soc has 8 bits and is never -1")]),
    (SIGNALS + 'Soc = { field = "soc", skip = 1.5 }', [(4, "is never 1.5")]),
    (SIGNALS + 'Soc = { field = "charge_state" }', [
        (4, "charge_state is a word: say with values")]),
    (SIGNALS + 'Soc = { field = "charge_state", values = { 1 = "full" } }', [
        (4, "charge_state cannot be 'full': it is one of charging")]),
    (SIGNALS + 'Soc = { field = "charge_state", values = { x = "done" } }', [
        (4, "'x' is no whole number")]),
    (SIGNALS + 'Soc = { field = "charge_state", values = { 1 = "done", 0x1 = "done" } }', [
        (4, "0x1 is there twice")]),
    (SIGNALS + 'Soc = { field = "charge_state", values = { 256 = "done" } }', [
        (4, "Soc has 8 bits and is never 256")]),
    (SIGNALS + 'Soc = { field = "gps_lock", values = { 1 = 1 } }', [
        (4, "gps_lock cannot be 1: it is true or false")]),
    (SIGNALS + 'Soc = { field = "soc", values = { 1 = true } }', [(4, "soc cannot be True")]),
    (SIGNALS + 'Soc = { field = "charge_mode", values = { 1 = 1.5 } }', [(4, "a whole number")]),
    (SIGNALS + 'Soc = { field = "doors_1", values = { 1 = 256 } }', [(4, "it is a byte")]),
    (SIGNALS + 'Soc = { field = "soc", else = "unknown" }', [(4, "else without values or when")]),
    (SIGNALS + 'Soc = { field = "gps_lock", when = { Soc = 1 }, else = 3 }', [
        (4, "gps_lock cannot be 3")]),
    (SIGNALS + 'Wide = { field = "doors_1" }', [(4, "doors_1 is a byte, Wide has more bits")]),
    (SIGNALS + 'Wide = { field = "vin", piece = 1 }', [
        (4, "Wide does not consist of whole bytes")]),
    (SIGNALS + 'Soc = { field = "vin" }', [(4, "piece numbers the pieces")]),
    (SIGNALS + 'Soc = { field = "soc", piece = 1 }', [(4, "piece numbers the pieces")]),
    (SIGNALS + 'Soc = { field = "vin", piece = 3 }', [(4, "of the 3 pieces 1, 2 is missing")]),
    (SIGNALS + 'Soc = { field = "error" }', [(4, "code names the signal")]),
    (SIGNALS + 'Soc = { field = "soc", code = "Kind" }', [(4, "code names the signal")]),
    (SIGNALS + 'Soc = { field = "error", code = "Kin" }', [
        (4, "no signal Kin (did you mean Kind?")]),
    (SIGNALS + 'Soc = { field = "error", code = "Kind", scale = 2 }', [
        (4, "nothing to calculate")]),
    # several at once, each at its own line
    (SIGNALS + 'Soc = [\n  { field = "soc" },\n  { field = "soh", none = 300 },\n  5,\n]', [
        (6, "is never 300"), (7, "signals.Soc.2 should be a table")]),
    (SIGNALS + 'Soc = { field = "x1" }\n\n# why\nRange = { field = "x2" }', [
        (4, "no field 'x1'"), (7, "no field 'x2'")]),
    ('[signals.Soc]\nfield = "soc"\nnone = 256\nwhen = { Nope = 1 }', [
        (5, "is never 256"), (6, "Nope is neither a signal of the DBC file nor a field")]),
    # overlaps
    (SIGNALS + 'Soc = { field = "soc" }\nOtherSoc = { field = "soc" }', []),
    (SIGNALS + 'Soc = { field = "soc" }\nWide = { field = "soc" }', [
        (5, "soc is filled by Soc already, from the same frame")]),
    (SIGNALS + 'Soc = [{ field = "soc" }, { field = "soc" }]', [
        (4, "soc is filled by Soc already")]),
    (SIGNALS + 'Soc = { field = "soc" }\nRange = { field = "soc", unit = "%" }', []),
    (SIGNALS + 'Soc = { field = "doors_1" }\n"One.Same" = { field = "doors_1.car_on" }', [
        (5, "doors_1.car_on is filled by Soc already")]),
    (SIGNALS + 'Soc = { field = "doors_1.handbrake" }\n"One.Same" = { field = "doors_1.car_on" }',
     []),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = 1 } }\nWide = { field = "soc" }', [
        (5, "their conditions do not exclude each other")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Range = 1 } }\n'
     'Wide = { field = "soc", when = { Range = { not = 1 } } }', []),
    (SIGNALS + 'Soc = { field = "soc", when = { Range = 1 }, else = "unknown" }\n'
     'Wide = { field = "soc", when = { Range = { not = 1 } } }', [(5, "do not exclude")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Range = { most = 5 } } }\n'
     'Wide = { field = "soc", when = { Range = { least = 5 } } }', [(5, "do not exclude")]),
    # conditions
    (SIGNALS + 'Soc = { field = "soc", when = 1 }', [(4, "a condition is a table")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = { least = 2, most = 1 } } }', [
        (4, "Kind is never from 2 to 1")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = { above = 2 } } }', [
        (4, "Kind can be tested by least, most, bits, not, not above")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = 256 } }', [(4, "Kind is from 0 to 255")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = { least = 256 } } }', [
        (4, "never in this range")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Kind = "x" } }', [(4, "Kind is a number")]),
    (SIGNALS + 'Soc = { field = "soc", when = { Same = 1 } }', [(4, '"One.Same" or "Two.Same"')]),
    (SIGNALS + 'Soc = { field = "soc", when = { error = 1 } }', [(4, "error is neither")]),
    (SIGNALS + 'Soc = { field = "soc", when = { vin = 1 } }', [(4, "vin holds text in pieces")]),
    (SIGNALS + 'Soc = { field = "soc", when = { soh = "1" } }', [(4, "soh holds a number")]),
    (SIGNALS + 'Soc = { field = "soc", when = { vin = { least = 1 } } }', [(4, "it has no range")]),
    (SIGNALS + 'Soc = { field = "soc", when = { charge_state = "full" } }', [
        (4, "charge_state is never 'full'")]),
    (SIGNALS + 'Soc = { field = "soc", when = { charge_state = ["done", "top*"] } }', []),
    # questions
    ("[[ask]]\nid = 1", [(3, "ask.0.for is missing"), (3, "ask.0.data"), (3, "ask.0.every")]),
    ('[[ask]]\nfor = "x"\nid = 1\ndata = "00"\nevery = 1\n[[ask]]\nfor = "x"\nid = 1\n'
     'data = "0"\nevery = 0', [(12, "ask.1.every: input should be greater than 0")]),
    ('[[ask]]\nfor = "x"\nid = 0x800\ndata = "0"\nevery = 1\nwhen = { Nope = 1 }', [
        (5, "id 0x800 has more than 11 bits: extended = true"), (6, "'0' is neither a byte"),
        (8, "Nope is neither")]),
    ('[[ask]]\nfor = "x"\nid = 0x20000000\nextended = true\ndata = "{a}"\nevery = 1', [
        (5, "ask.0.id: input should be less")]),
    ('[[ask]]\nfor = "x"\nid = 1\ndata = "{a}"\nevery = 1', [(6, "a question has no parameters")]),
    ('[[ask]]\nfor = "x"\ndata = "00"\nevery = 1', [(3, "either an id or, with to, a link")]),
    ('[[ask]]\nfor = "x"\nid = 1\nto = "y"\ndata = "00"\nevery = 1', [(3, "either an id or")]),
    # links
    (LINK, []),
    (LINK + ASK + 'to = "engine"', []),
    (LINK + ASK + 'to = "engin"', [(12, "no link 'engin' in [[isotp]] (did you mean engine?)")]),
    (LINK + ASK + 'to = "engine"\nextended = true', [(13, "is said by the link")]),
    (LINK + ASK.replace('"01"', '"01 02 03 04 05 06 07 08"') + 'to = "engine"', [
        (9, "a request has 1 to 7 data bytes, not 8")]),
    (LINK + ASK.replace('"01"', '"{a}"') + 'to = "engine"', [(9, "a question has no parameters")]),
    ('[[isotp]]\nname = "a b"\nrequest = -1', [
        (4, "name: string should match"), (5, "request: input should be greater"),
        (3, "isotp.0.response is missing")]),
    ("isotp = [1]", [(3, "isotp.0 should be a table")]),
    (LINK.replace("17", "99"), [(6, "no message with the id 0x63")]),
    (LINK.replace("17", "0x7E0"), [(6, "cannot be both"), (6, "no message with the id 0x7e0")]),
    (LINK.replace("17", "0x7DF"), [(6, "cannot be both"), (6, "no message with the id 0x7df")]),
    (LINK + "extended = true", [(6, "no message with the id 0x11")]),
    (LINK.replace("0x7E0", "0x800").replace("0x7DF", "0x18DB33F1"), [
        (5, "id 0x800 has more than 11 bits"), (7, "id 0x18db33f1 has more than 11 bits")]),
    (LINK + LINK, [
        (9, "there is a link 'engine' already"), (10, "request 0x7e0 is that of 'engine' already"),
        (11, "response 0x11 is that of 'engine' already")]),
    (LINK + LINK.replace("engine", "other").replace("0x7E0", "1").replace("17", "16"), []),
    (LINK * (MOST_LINKS + 1), [
        *((9 + 5 * at + of, "already") for at in range(MOST_LINKS) for of in range(3)),
        (3 + 5 * MOST_LINKS, "there are more than 32 links")]),
    # silence
    (SILENCE + 'set = { soc = 0, "doors_1.car_on" = false, doors_2 = 8, soh = "unknown" }', []),
    (SILENCE + 'set = { soc = 0 }\nwhen = { soc = { most = 3 } }', []),
    (SILENCE + "set = { soc = 0 }\nwhen = { socc = 3 }", [(7, "socc")]),
    (SILENCE + "set = { soc = 0 }\nwhen = 3", [(7, "a condition is a table")]),
    (SILENCE, [(3, "silence.0.set is missing")]),
    (SILENCE + "set = {}", [(6, "set: dictionary should have at least 1")]),
    (SILENCE + "set = { socc = 0 }", [(6, "no field 'socc' (did you mean soc?)")]),
    (SILENCE + 'set = { soc = "low" }', [(6, "soc cannot be 'low'")]),
    (SILENCE + 'set = { "doors_1.car_on" = 0 }', [(6, "doors_1.car_on cannot be 0")]),
    (SILENCE.replace("Two", "Tow") + "set = { soc = 0 }", [
        (4, "the DBC file has no message 'Tow' (did you mean Two?)")]),
    (SILENCE.replace("30", "0") + "set = { soc = 0 }", [(5, "after: input should be greater")]),
    # commands
    ('[commands.wakeup]\nframes = [{ data = "00" }]', [(4, "either an id or")]),
    (LINK + '[commands.wakeup]\nframes = [{ to = "engine", data = "10 03" }]', []),
    (LINK + '[commands.wakeup]\nframes = [{ to = "gearbox", data = "10 03" }]', [
        (9, "no link 'gearbox'")]),
    (LINK + '[commands.charge-timer]\n'
     'frames = [{ to = "engine", data = "2E 01 02 03 {timer} {minutes:high_low} 00" }]', [
         (9, "a request has 1 to 7 data bytes, not 8")]),
    ('[commands.fly]\nframes = [{ id = 1, data = "00" }]', [(3, "no command 'fly'")]),
    ('[commands.99]\nframes = [{ id = 1, data = "00" }]', [(3, "no command '99'")]),
    ('[commands.1]\nframes = [{ id = 1, data = "00" }]', [(3, "features, is not the car's")]),
    ('[commands.30]\nframes = [{ id = 1, data = "00" }]', [(3, "utilisation, is not the car's")]),
    ("[commands.wakeup]\nframes = []", [
        (4, "commands.wakeup.frames: list should have at least 1")]),
    ('[commands.wakeup]\nframes = [{ id = 1, data = "00" }]\n'
     '[commands.18]\nframes = [{ id = 1, data = "00" }]', [
        (5, "command 18 is wakeup: it is there")]),
    ('[commands.lock]\nframes = [{ id = 1, data = "00" }]', [
        (3, "no frame carries the parameter pin")]),
    ('[commands.lock]\nframes = [{ id = 1, data = "{pim}" }]', [
        (3, "no frame carries the parameter pin"),
        (4, "lock has no parameter 'pim': it has pin")]),
    ('[commands.wakeup]\nframes = [{ id = 1, data = "{pin}" }]', [(4, "it has no parameters")]),
    ('[commands.wakeup]\nparameters = { pin = {} }\nframes = [{ id = 1, data = "00" }]', [
        (4, "wakeup has no parameter 'pin'")]),
    ('[commands.wakeup]\nframes = [\n  { id = 1, data = "00" },\n  { id = 1, data = "" },\n'
     '  { id = 1, data = "00", after = -1 },\n  7,\n]', [
         (6, "a frame has 1 to 8 data bytes, not 0"), (7, "after: input should be greater"),
         (8, "commands.wakeup.frames.3 should be a table")]),
    ('[commands.lock]\nparameters = { pin = { most = 9 } }\n'
     'frames = [{ id = 1, data = "{pin:pin28}" }]', [(4, "pin is digits: it has no bounds")]),
    ('[commands.lock]\nparameters = { pin = { unused = true } }\n'
     'frames = [{ id = 1, data = "{pin:pin28}" }]', [
        (4, "said to be unused, but a frame carries")]),
    ('[commands.lock]\nframes = [{ id = 1, data = "{pin:pin28} {pin}" }]', [
        (3, "pin is digits in one place and a number in another")]),
    ('[commands.24]\nparameters = { button = { most = 256 } }\n'
     'frames = [{ id = 1, data = "{button}" }]', [(4, "packed as a number up to 255")]),
    ('[commands.24]\nparameters = { button = { one_of = [1, 256] } }\n'
     'frames = [{ id = 1, data = "{button}" }]', [
         (4, "button is never from 0 to 255"), (4, "packed as a number up to 255")]),
    ('[commands.24]\nparameters = { button = { least = 2, most = 1 } }\n'
     'frames = [{ id = 1, data = "{button}" }]', [(4, "button is never from 2 to 1")]),
    ('[commands.24]\nparameters = { button = { least = -1, colour = 1 } }\n'
     'frames = [{ id = 1, data = "{button}" }]', [
         (4, "colour: there is no such key"), (4, "least: input should be greater")]),
    ('[commands.24]\nparameters.button = { most = 2 }\nframes = [{ id = 1, data = "{button}" }]',
     []),
]  # fmt: skip


@pytest.mark.parametrize(("added", "expected"), CASES)
def test_mistakes_are_found(tmp_path: Path, added: str, expected: list[tuple[int, str]]) -> None:
    """Each mistake is told at its line, and nothing but it; what is right passes."""
    told = problems(tmp_path, GOOD + added + "\n")
    places = [each.split(": ")[0] for each in told]
    assert sorted(places) == sorted(f"vehicle.toml:{line}" for line, _ in expected)
    lacking = [
        text
        for line, text in expected
        if not any(each.startswith(f"vehicle.toml:{line}:") and text in each for each in told)
    ]
    assert lacking == [], told


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("", ["vehicle.toml:1: car_type is missing", "vehicle.toml:1: description is missing"]),
        (
            'car_type = "A,B"\ndescription = ""',
            ["vehicle.toml:1: car_type", "vehicle.toml:2: desc"],
        ),
        ("a = 1\nb = = 2\n", ["vehicle.toml:2: no TOML: Invalid value"]),
        ("a = 1\na = 2\n", ["vehicle.toml:2: no TOML: Cannot overwrite a value"]),
        ("a = [\n1,\n", ["vehicle.toml:"]),
    ],
)
def test_a_mapping_that_is_broken(tmp_path: Path, mapping: str, expected: list[str]) -> None:
    """What is no TOML, or lacks its head, is told with the line."""
    told = problems(tmp_path, mapping)
    assert [each.startswith(start) for each, start in zip(told, expected, strict=True)] == [
        True for _ in expected
    ], told


def test_a_wrong_head_does_not_hide_the_rest(tmp_path: Path) -> None:
    """The signals are looked at although the top is wrong."""
    told = problems(tmp_path, '[signals]\nSoc = { field = "no" }\n[commands.x]\nframes = 1')
    assert [each.split(": ")[0] for each in told] == [
        f"vehicle.toml:{at}" for at in (1, 1, 2, 3, 4)
    ]


WIDE = 'Wide = { field = "trip" }'
BOTH = WIDE + '\n"One.Same" = { field = "doors_1.handbrake" }'
RANGE = 'Range = { field = "trip" }'

FLAWS = [
    ('0|8@1+ (1,0) [0|255] "" ECU', "0|8", 'Kind = { field = "trip" }', 7, "is not understood"),
    ("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 60|12", WIDE, 11, "Wide does not fit in message One"),
    ("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 20|12", BOTH, 11, "signals Same and Wide overlap"),
    ("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 32|0", WIDE, 11, "Wide is not within 32760 bits"),
    ("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 32|99999", WIDE, 11, "Wide is not within 32760"),
    ("SG_ Kind M : 0|8", "SG_ Kind : 0|8", WIDE, 11, "selects Wide in message One"),
    ("SG_ Wide m1", "SG_ Soc m1", 'Soc = { field = "soc" }', 11, "two signals Soc in message One"),
    ("[0|200]", "[200|0]", RANGE, 15, "the range of Range is no range: [200|0]"),
    ("@1+ (1,0) [0|200]", "@1+ (0,0) [0|200]", RANGE, 15, "factor and offset of Range are of no"),
    ("@1+ (1,0) [0|200]", "@1+ (1e400,0) [0|200]", RANGE, 15, "factor and offset of Range are"),
    ("@1+ (1,0) [0|200]", "@1+ (1,a) [0|200]", RANGE, 15, "is not understood"),
    ("BO_ 17 Two", "BO_ 4294967295 Two", RANGE, 13, "more than 29 bits: 0xffffffff"),
    ("BO_ 17 Two: 8", "BO_ 17 Two", RANGE, 15, "the signal is in no message"),
    ("BO_ 17 Two: 8", "BO_ 17 Two: 1", RANGE, 15, "Range does not fit in message Two of 1 bytes"),
]
"""What to replace in the DBC file, a mapping of what it concerns, and the line and the text."""


@pytest.mark.parametrize(("old", "new", "mapping", "line", "text"), FLAWS)
def test_flaws_that_concern_nobody(
    tmp_path: Path, old: str, new: str, mapping: str, line: int, text: str
) -> None:
    """A flaw is a warning with its line, and an error at both lines if its signal is mapped."""
    dbc = DBC.replace("\nBO_ 16", "\n\nBO_ 16", 1)
    assert old in dbc
    other = "[signals]\n" + 'Kind = { field = "charge_mode" }\n' * ("Kind" not in mapping)
    assert problems(tmp_path, GOOD + other, dbc.replace(old, new)) == []
    warnings = [str(each) for each in read_folder(tmp_path).warnings]
    assert any(f".dbc:{line}: warning: " in each and text in each for each in warnings), warnings
    told = problems(tmp_path, GOOD + "[signals]\n" + mapping, dbc.replace(old, new))
    assert any(each.startswith(f"DBC:{line}: ") and text in each for each in told), told
    assert any(each.startswith("vehicle.toml:4: ") and "cannot be used" in each for each in told)


@pytest.mark.parametrize(
    "mapping",
    [
        "[signals]\n" + WIDE,
        '[signals]\n"One.Wide" = { field = "trip" }',
        '[signals]\nSoc = { field = "soc", when = { Wide = 1 } }',
        '[derived]\nbattery_power = "One.Wide / 1000"',
        '[derived]\nbattery_power = { formula = "2 * Wide" }',
    ],
)
def test_a_signal_that_overlaps_with_one_that_nobody_maps_is_read(
    tmp_path: Path, mapping: str
) -> None:
    """What the mapping names stays; the other signal is left out, with a warning at its line."""
    dbc = DBC.replace("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 20|12")
    assert problems(tmp_path, GOOD + mapping, dbc) == []
    made = read_folder(tmp_path)
    assert any("Same and Wide overlap" in str(each) for each in made.warnings)
    assert [len(made.bus.find(f"One.{name}")) for name in ("Wide", "Same")] == [1, 0]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("BO_ 17 Two", "BO_ 4113 Two", 12),  # of 29 bits, without the bit that says so
        ("BO_ 17 Two", "BO_ 16 Two", 12),
        ("BO_ 17 Two", "BO_ 17 One", 12),
        ("BO_ 17 Two: 8 ECU", "BO_ 17 Two: 8 ECU\nhello", 13),
        ("BU_: ECU\n", "\n", 1),
        ("(1,0) [0|200]", "(.5,0) [0|200]", 14),
        ("(1,0) [0|200]", "(1,0) [-1.#IND|1.#INF]", 14),
        ('[0|200] "mi" ECU\n', '[0|200] "mi" ECU\nVAL_ 17 Nothing 0 "x" ;\n', 15),
        ('[0|200] "mi" ECU\n', '[0|200] "mi" ECU\nSIG_VALTYPE_ 18 Nothing : 1;\n', 15),
        ('[0|200] "mi" ECU\n', '[0|200] "mi" ECU\nSG_MUL_VAL_ 17 Nothing Kind 1-1;\n', 15),
        ('[0|200] "mi" ECU\n', '[0|200] "mi" ECU\nSG_MUL_VAL_ 17\n', 15),
    ],
)
def test_flaws_that_leave_nothing_out(tmp_path: Path, old: str, new: str, line: int) -> None:
    """Where the meaning is certain a flaw is a warning, and its signal is read nevertheless."""
    assert old in DBC
    mapping = 'Soc = { field = "soc" }\nRange = { field = "trip" }'
    assert problems(tmp_path, GOOD + "[signals]\n" + mapping, DBC.replace(old, new)) == []
    warnings = [each for each in read_folder(tmp_path).warnings if "small part" not in str(each)]
    assert [(each.line, each.severity) for each in warnings] == [(line, "warning")], warnings


@pytest.mark.parametrize(
    ("text", "expected"), [('VERSION ""\n', "DBC:1: there is no message"), ("x", "DBC:1: no DBC")]
)
def test_what_is_no_dbc_file(tmp_path: Path, text: str, expected: str) -> None:
    """A file without a message is refused, next to what is wrong elsewhere."""
    told = problems(tmp_path, GOOD + "[stale]\nx = 1\n", text)
    assert told[0].startswith(expected), told
    assert told[1].startswith("vehicle.toml:4: no topic")


def test_a_condition_and_a_silence_need_their_signals(tmp_path: Path) -> None:
    """A flaw is an error for whoever tests its signal or waits for its message, too."""
    dbc = DBC.replace("SG_ Wide m1 : 32|12", "SG_ Wide m1 : 60|12")
    when = 'Soc = { field = "soc", when = { Wide = 1 } }'
    told = problems(tmp_path, GOOD + "[signals]\n" + when, dbc)
    assert [each.split(": ")[0] for each in told] == ["DBC:10", "vehicle.toml:4"]
    silence = '[[silence]]\nof = "Two"\nafter = 3\nset = { soc = 0 }'
    told = problems(tmp_path, GOOD + silence, DBC.replace("BO_ 17 Two", "BO_ 4294967295 Two"))
    assert [each.split(": ")[0] for each in told] == ["DBC:12", "vehicle.toml:4"]


@pytest.mark.parametrize(
    ("signal", "mapping", "is_narrow"),
    [
        ('0|16@1+ (0.01,0) [0|1] "%"', 'field = "soc"', True),
        ('0|8@1+ (0.5,0) [200|255] "%"', 'field = "soc"', True),
        ('0|16@1+ (1,0) [0|30] "mph"', 'field = "speed"', False),
        ('0|32@1+ (0.1,0) [0|1000000] "km"', 'field = "odometer"', False),
        ('0|32@1+ (0.1,0) [0|1000] "km"', 'field = "odometer"', True),
        ('0|8@1+ (0.01,0) [0|1] "km"', 'field = "odometer"', False),  # its bits can say no more
        ('0|8@1+ (1,-40) [0|1] "degC"', 'field = "temperature_battery"', True),
        ('0|16@1+ (1,0) [0|1] "%"', 'field = "soc", valid = [0, 1]', False),
        ('0|8@1+ (1,0) [0|1] ""', 'field = "doors_1.car_on"', False),
        ('0|8@1+ (1,0) [0|0] "%"', 'field = "soc"', False),
        ('0|16@1+ (1,0) [0|1] ""', 'field = "hdop"', False),
    ],
)
def test_ranges_that_drop_most_readings(
    tmp_path: Path, signal: str, mapping: str, is_narrow: bool
) -> None:
    """A range that covers a small part of what a signal says of its field is a warning."""
    dbc = f'VERSION ""\nBU_:\nBO_ 1 M: 8 A\n SG_ S : {signal} A\n'
    assert problems(tmp_path, f"{GOOD}[signals]\nS = {{ {mapping} }}\n", dbc) == []
    warnings = [str(each) for each in read_folder(tmp_path).warnings]
    expected = [f"{tmp_path}/vehicle.toml:4: warning: the DBC file's range of S"] * is_narrow
    assert [each.split(", ")[0] for each in warnings] == expected


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Files that are missing, too long or no text are told; old DBC files may be in CP1252."""
    assert [each.split(": ")[0] for each in found(tmp_path)] == ["DBC:1", "vehicle.toml:1"]
    assert problems(tmp_path, GOOD, DBC + 'CM_ "°";\n') == []
    dbc = tmp_path / f"{tmp_path.name}.dbc"
    dbc.write_bytes(DBC.replace("%", "°C").encode("cp1252"))
    assert found(tmp_path) == []
    mapping = tmp_path / "vehicle.toml"
    for encoding in ("utf-8-sig", "utf-16"):
        mapping.write_text(GOOD, encoding)
        assert found(tmp_path) == []
    (tmp_path / "vehicle.toml").write_bytes(b"\x81\xff")
    assert "vehicle.toml:1: it is not UTF-8 text" in found(tmp_path)
    dbc.write_bytes(b" " * (LONGEST_FILE + 1))
    assert found(tmp_path)[0] == f"DBC:1: longer than {LONGEST_FILE} bytes"


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\n\nb = 2", ("b",), 3),
        ("a = 1\r\n\r\nb = 2\r\n", ("b",), 3),
        ("# c\n[t]\na = 1", ("t",), 2),
        ("# c\n[t]\na = 1", ("t", "a"), 3),
        ("[t.u]\na = 1", ("t", "u", "a"), 2),
        ("[t]\n'x.y' = 1", ("t", "x.y"), 2),
        ("a.b = 1\na.c = 2", ("a", "c"), 2),
        ("a = { b = { c = 1 } }", ("a", "b", "c"), 1),
        ("[[t]]\na = 1\n[[t]]\na = 1", ("t", 1, "a"), 4),
        ("[[t]]\na = 1\n[t.u]\nb = 1\n[[t]]\n[t.u]\nb = 1", ("t", 1, "u", "b"), 7),
        ("[[t]]\n[[t.u]]\na = 1\n[[t.u]]\na = 1", ("t", 0, "u", 1, "a"), 5),
        ("a = [\n  1,\n\n  2, 3,\n]", ("a", 0), 2),
        ("a = [\n  1,\n\n  2, 3,\n]", ("a", 1), 4),
        ("a = [\n  1,\n\n  2, 3,\n]", ("a", 2), 4),
        ("a = [\n  { b = 1 },\n  { b = 2 } # x\n]\nc = 1", ("a", 1, "b"), 3),
        ("a = [\n1\n]\nc = 1", ("c",), 4),
        ('a = """\n[t]\nb = 1\n"""\nb = 2', ("b",), 5),
        ("a = '''\n# x'''\nb = 2", ("b",), 3),
        ("a = 1", ("nowhere",), 1),
        ("\n[t]\na = 1", ("t", "b"), 2),
    ],
)
def test_lines_of_a_document(text: str, path: tuple[str | int, ...], line: int) -> None:
    """Keys, tables and elements are at their lines; what is not there at what is around it."""
    assert Document("x", text).line(path) == line


@given(st.lists(st.sampled_from(
    ["", "# [x]", "[a]", "[b.c]", "[[d]]", "k = 1", "l = [\n1,\n# ]\n2]", 's = """\n[\n"""',
     "t = { u = [1, { v = 2 }] }", "[d.e]", "x.y = 1", "= 1"]), max_size=8))  # fmt: skip
def test_any_document_is_read_or_refused(statements: list[str]) -> None:
    """A document has lines for all that is in it, or is refused with one."""
    text = "\n".join(statements)
    document = read(text)
    if isinstance(document, VehicleTypeError):
        assert 1 <= document.problems[0].line <= len(text.splitlines()) + 1
        return
    for key in document.values:
        assert key in text.splitlines()[document.line((key,)) - 1]


def read(text: str) -> Document | VehicleTypeError:
    """Read a document, or give why it is refused."""
    try:
        return Document("x", text)
    except VehicleTypeError as error:
        return error


@given(st.text(max_size=200))
def test_no_text_does_harm(text: str) -> None:
    """Whatever stands in a file, it is read or refused with a line."""
    document = read(text)
    problems_ = document.problems
    assert bool(problems_) == isinstance(document, VehicleTypeError)


UNITS = LINK + "units = 8\n"


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (UNITS, []),
        (UNITS + ASK + 'to = ["engine"]\nwhom = "each"', []),
        (UNITS + ASK + 'to = ["engine", "x"]', ["vehicle.toml:13: no link 'x'"]),
        (UNITS + ASK + "to = []", ["vehicle.toml:13: ask.0.to: list should have at least 1"]),
        (
            UNITS + ASK + 'to = "engine"\nwhom = "two"',
            ["vehicle.toml:14: ask.0.whom: input should"],
        ),
        (LINK + ASK + 'to = "engine"\nwhom = "one"', ["vehicle.toml:13: one needs a link with"]),
        (ASK + 'id = 1\nwhom = "each"', ["vehicle.toml:8: each needs a link with several"]),
        (UNITS.replace("functional = 0x7DF", ""), ["vehicle.toml:8: several control units are"]),
        (LINK + "units = 257", ["vehicle.toml:8: isotp.0.units: input should be less"]),
        (UNITS.replace("17", "0x7F9") + 'message = "One"', ["vehicle.toml:8: the id of the last"]),
        (
            UNITS.replace("17", "0x7E3"),
            ["vehicle.toml:6: the DBC file has no message", "vehicle.toml:8: id 0x7e3"],
        ),
        (UNITS + LINK.replace("engine", "x").replace("0x7E0", "2").replace("17", "16"), []),
        (
            LINK + UNITS.replace("engine", "x").replace("0x7E0", "2").replace("17", "16"),
            ["vehicle.toml:11: response 0x11 is that of 'engine' already"],
        ),
        (LINK + 'message = "One"', []),
        (LINK + 'message = "Ona"', ["vehicle.toml:8: the DBC file has no message Ona (did you"]),
    ],
)
def test_links_with_several_control_units(tmp_path: Path, added: str, expected: list[str]) -> None:
    """Mistakes in them are told at their lines."""
    told = problems(tmp_path, GOOD + added + "\n")
    assert len(told) == len(expected), told
    assert all(each.startswith(start) for each, start in zip(told, expected, strict=True)), told
