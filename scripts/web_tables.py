#!/usr/bin/env python3
"""Write the tables of the protocol for the app in the browser: JSON, and the types of its state.

Everything in them is read from the tables that the server reads. A test compares the files with
what this writes. After a change of a table run ``.venv/bin/python scripts/web_tables.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ovms.protocol.codes import CODES, MessageCode, Sealing
from ovms.protocol.commands import CHARGE_MODE_NUMBERS, COMMANDS, CommandSpec, Result
from ovms.protocol.framing import LINE_LIMIT, WELCOME_LINE_LIMIT
from ovms.protocol.parameters import (
    ChoiceParameter,
    NumberParameter,
    ParameterType,
    PinParameter,
    TextParameter,
)
from ovms.protocol.phases import DOORS as PHASE_DOORS
from ovms.protocol.records import Content, Field, Record
from ovms.protocol.records.alert import AlertKind
from ovms.protocol.records.capabilities import HIGHEST_COMMAND
from ovms.protocol.records.environment import Doors4
from ovms.protocol.records.field_types import (
    BitField,
    FlagField,
    HexField,
    NumberField,
    TextField,
)
from ovms.protocol.records.logs import LOG_RECORDS
from ovms.protocol.records.record import StaleRule
from ovms.protocol.records.status import CHARGE_UNDER_WAY, KM_PER_MILE
from ovms.protocol.records.tyres import PSI_PER_KPA, SECTIONS
from ovms.protocol.session import LONGEST_PLAIN
from ovms.protocol.settings_names import FEATURE_NAMES, PARAMETER_NAMES, PASSWORDS
from ovms.server.http.v1.decoded import (
    ALERT_WORDS,
    FIELD_GENERATIONS,
    GROUPS,
    RANGES_LIMIT,
    STALE_AGE,
    WHEELS_LIMIT,
    Fact,
    FactGroup,
)

FOLDER = Path(__file__).resolve().parent.parent / "web" / "src" / "protocol"


def main() -> None:
    """Write the files; the working directory does not matter."""
    for name, make in FILES.items():
        (FOLDER / name).write_text(make(), "utf-8")


def tables_json() -> str:
    """Return the tables of ``web/src/protocol`` in JSON."""
    records: dict[str, type[Record]] = {
        code: kind
        for code, kind in {**CODES.records, **LOG_RECORDS}.items()
        if issubclass(kind, Record)
    }
    tables: dict[str, Any] = {
        "codes": {code: code_row(row) for code, row in CODES.items()},
        "records": {code: list(map(field_row, kind.TABLE)) for code, kind in records.items()},
        "tyre_sections": {name: {"unit": unit, "places": places}
                          for name, (unit, places, _) in SECTIONS.items()},
        "groups": [group_row(group) for group in GROUPS],
        "commands": list(map(command_row, COMMANDS)),
        "results": {result.name.lower(): int(result) for result in Result},
        "features": FEATURE_NAMES,
        "parameters": PARAMETER_NAMES,
        "password_parameters": sorted(PASSWORDS),
        "charge_modes": {number: word for word, number in CHARGE_MODE_NUMBERS.items()},
        "charge_under_way": sorted(CHARGE_UNDER_WAY),
        "alert_kinds": {kind.value: kind.name.lower() for kind in AlertKind},
        "tyre_alerts": {int(level): word for level, word in ALERT_WORDS.items()},
        "limits": {
            "line": LINE_LIMIT, "welcome_line": WELCOME_LINE_LIMIT, "plain": LONGEST_PLAIN,
            "wheels": WHEELS_LIMIT, "ranges": RANGES_LIMIT, "stale_age": STALE_AGE,
            "highest_command": HIGHEST_COMMAND,
        },
        "units": {"km_per_mile": KM_PER_MILE, "psi_per_kpa": PSI_PER_KPA},
        "alarm": {"field": int(Doors4.ALARM_SENT), "guide": int(Doors4.ALARM),
                  "field_generations": FIELD_GENERATIONS},
        "phase": {"doors": PHASE_DOORS},
    }  # fmt: skip
    return to_json(tables) + "\n"


def to_json(value: Any, indent: str = "") -> str:
    """Return JSON in lines that a person can compare: what is short has one of its own."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= LINE_LENGTH or not isinstance(value, dict | list):
        return text
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{json.dumps(str(name))}: {to_json(each, inner)}" for name, each in value.items()]
    else:
        lines = [to_json(each, inner) for each in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return begin + ",".join(f"\n{inner}{line}" for line in lines) + f"\n{indent}{end}"


def code_row(row: MessageCode) -> dict[str, Any]:
    """Return what the browser knows of a message code."""
    return {
        "is_sealed": row.is_sealed,
        "never_sealed": row.sealing is Sealing.NEVER,
        "is_telemetry": row.is_telemetry,
        "is_only_servers": row.is_only_servers,
    }


def field_row(field: Field) -> dict[str, Any]:
    """Return a row of a record's field table, without what is as it usually is."""
    kind = field.kind
    row: dict[str, Any] = {"name": field.name, "kind": KINDS[type(kind)], "unit": field.unit}
    if isinstance(kind, NumberField):
        row |= {"scale": kind.scale, "places": kind.places}
    if isinstance(kind, BitField):
        row["bits"] = {name: int(bit) for name, bit in kind.names.names().items()}
    row |= {"pic_factor": field.pic_factor, "unknown": field.unknown, "stale": field.stale}
    row["stale_zero_only"] = field.stale_rule is StaleRule.ZERO
    usual = {"unit": "", "scale": 1, "places": 0, "pic_factor": 1, "unknown": None, "stale": ""}
    usual["stale_zero_only"] = False
    return {name: value for name, value in row.items() if usual.get(name, ...) != value}


def group_row(group: FactGroup) -> dict[str, Any]:
    """Return what one message says of one matter, fact by fact."""
    return {
        "name": group.name,
        "code": group.code,
        "stale_by": group.stale_by,
        "facts": [fact_row(fact, CODES[group.code].record) for fact in group.facts],
    }


def fact_row(fact: Fact, record: type[Content] | None) -> dict[str, Any]:
    """Return one fact of a group: how it is read, and from which field."""
    row: dict[str, Any] = {"name": fact.name, "kind": fact.kind or fact.name, "field": fact.field}
    if fact.bit is not None:
        assert record is not None
        assert issubclass(record, Record)
        row["field"] = next(field.name for field in record.TABLE
                            if isinstance(field.kind, BitField)
                            and field.kind.names is type(fact.bit))  # fmt: skip
        row["bit"] = int(fact.bit)
    row |= {"limit": fact.limit, "words": fact.words}
    return {name: value for name, value in row.items() if value not in (None, "")}


def command_row(spec: CommandSpec) -> dict[str, Any]:
    """Return a row of the command table, without what is as it usually is."""
    row: dict[str, Any] = {
        "number": spec.number,
        "name": spec.name,
        "answered_by": spec.answered_by.value,
        "parameters": list(map(parameter_row, spec.parameters)),
        "whole_line": spec.whole_line,
        "optional": spec.optional,
        "needs_comma": spec.needs_comma,
        "nothing": spec.nothing,
    }
    usual = (False, 0, "")
    kept = {name: value for name, value in row.items() if value not in usual}
    return kept if spec.first_row is None else kept | {"first_row": spec.first_row}


def parameter_row(kind: ParameterType) -> dict[str, Any]:
    """Return the type of a command's parameter."""
    match kind:
        case NumberParameter():
            row = {"type": "number", "name": kind.name, "least": kind.least, "most": kind.most}
            return row | ({"is_time": True} if kind.is_time else {})
        case ChoiceParameter():
            return {"type": "choice", "name": kind.name, "words": kind.words}
        case PinParameter():
            return {"type": "pin", "name": kind.name}
        case TextParameter():
            return {"type": "text", "name": kind.name, "longest": kind.longest}


def groups_types() -> str:
    """Return the types of a vehicle's groups in TypeScript."""
    lines = [
        "// Written by scripts/web_tables.py; change the tables in the code instead.",
        "",
        "/** What all groups have. */",
        "export interface GroupAge {",
        "  /** When the message came that says it. */",
        "  time: string;",
        "  /** Seconds since then. */",
        "  age: number;",
        "  /** The car may be in another state by now. */",
        "  is_stale: boolean;",
        "  /** Facts that the module marks as read some time ago. */",
        "  old: string[];",
        "}",
        "",
        "export interface Wheel {",
        "  name: string;",
        "  /** kPa. */",
        "  pressure: number | null;",
        "  /** °C. */",
        "  temperature: number | null;",
        "  /** Percent. */",
        "  health: number | null;",
        "  /** `none`, `warning`, `alert`, or the car's own number. */",
        "  alert: string | null;",
        "}",
        "",
        *(line for group in GROUPS for line in group_type(group)),
        "/** What a vehicle said, by matter; null is what it never said, or sealed. */",
        "export interface StateGroups {",
        *(f"  {group.name}: {group.name.title()}Group | null;" for group in GROUPS),
        "}",
        "",
        "export type GroupName = keyof StateGroups;",
    ]
    return "\n".join(lines) + "\n"


def group_type(group: FactGroup) -> Iterator[str]:
    """Yield the type of a group in TypeScript, a fact a line."""
    yield f"/** {group.meaning} */"
    yield f"export interface {group.name.title()}Group extends GroupAge {{"
    for fact in group.facts:
        yield f"  /** {fact.meaning} */"
        yield f"  {fact.name}: {LISTS.get(fact.name) or fact_type(fact)};"
    yield "}"
    yield ""


def fact_type(fact: Fact) -> str:
    """Return the type of a fact that may be unknown."""
    return f"{TYPES.get(fact.type, 'string')} | null"


TYPES: dict[type, str] = {float: "number", bool: "boolean"}
"""What types are called in TypeScript; any other is text."""

LISTS = {
    "wheels": "Wheel[]",
    "commands": "{ first: number; last: number }[]",
}
"""The types of facts that are lists."""

LINE_LENGTH = 220
"""Characters of the longest line in JSON that is not broken up."""

KINDS: dict[type, str] = {
    TextField: "text",
    NumberField: "number",
    HexField: "hex",
    FlagField: "flag",
    BitField: "bits",
}

FILES: dict[str, Callable[[], str]] = {
    "tables.json": tables_json,
    "groups.ts": groups_types,
}
"""The files that are written, by name."""


if __name__ == "__main__":
    main()
