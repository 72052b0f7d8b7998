"""A command's parameters as people write them: ``on``, ``16A``, ``22:30``, a name for a number.

:func:`read_words` returns them as they are sent, and says what is wrong with them. Pure: times of
day are those of the zone that the caller names, this machine's if none, at the moment it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from ovms.protocol.commands import BY_NAME, CommandSpec
from ovms.protocol.parameters import (
    ChoiceParameter,
    NumberParameter,
    ParameterType,
    PinParameter,
    TextParameter,
    title,
)

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?\s*"
    r"(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_NUMBER_WITH_UNIT = re.compile(r"(\d+)\s*([^\d\s].*)?", re.ASCII)

SWITCHES = {"on": "1", "yes": "1", "true": "1", "off": "0", "no": "0", "false": "0"}
"""What people say for the two numbers 0 and 1, whatever they are called."""

CLOSE = 0.7
"""How alike a word must be to be proposed, of 1."""

LEAST_PART = 3
"""Letters of a part of a name that is enough to propose it."""

PROPOSALS = 3
"""Words that are proposed at most."""


class WrongWords(ValueError):
    """A command cannot be meant so; the text says why in one line."""


def read_words(
    spec: CommandSpec, given: Sequence[str], now: float, zone: str = ""
) -> tuple[str, ...]:
    """Return a command's parameters as they are sent; ``now`` in Unix seconds.

    A time of day without a zone has ``zone``, written as people do (``utc``); else this machine's.

    Raises :class:`WrongWords` for what cannot be meant. A PIN may be missing: some cars want
    none.
    """
    words = _as_many_as(spec, _joined(spec, [word.strip() for word in given]))
    if not spec.parameters:
        if words:
            raise WrongWords(f"{spec.name} takes no parameters")
        return ()
    least = len(spec.parameters) - spec.optional
    if len(words) < least and not (isinstance(spec.parameters[-1], PinParameter) and not words):
        meant = "; ".join(map(_what, spec.parameters))
        raise WrongWords(f"{spec.name} takes {usage(spec)}: {meant}")
    if len(words) > len(spec.parameters):
        raise WrongWords(f"{spec.name} takes only {usage(spec)}")
    kinds = spec.parameters[: len(words)]
    return tuple(read_word(kind, word, now, zone) for kind, word in zip(kinds, words, strict=True))


def usage(spec: CommandSpec) -> str:
    """Return the parameters of a command as a help page writes them."""
    words = [name.upper() for name in spec.parameter_names]
    first = len(words) - spec.optional
    return " ".join([*words[:first], *(f"[{word}]" for word in words[first:])])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to add to the text of an error: the known words like it, or nothing."""
    found = alike(word, known)
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else ""


def alike(word: str, known: Iterable[str]) -> list[str]:
    """Return known words that a wrong one may stand for: close ones, those of its parts."""
    by_form = {_form(each): each for each in known}
    form = _form(word)
    if not form:
        return []
    turned = {_sorted(each): each for each in by_form}
    if _sorted(form) in turned:
        return [by_form[turned[_sorted(form)]]]
    close = get_close_matches(form, by_form, PROPOSALS, CLOSE)
    close += [turned[each] for each in get_close_matches(_sorted(form), turned, PROPOSALS, CLOSE)]
    close += [each for each in by_form if len(form) >= LEAST_PART and form in each]
    parts = {part: each for each in reversed(by_form) for part in _parts(each, len(form.split()))}
    close += [parts[each] for each in get_close_matches(form, parts, PROPOSALS, CLOSE)]
    return [by_form[each] for each in dict.fromkeys(close)][:PROPOSALS]


def unknown_command(name: str) -> str:
    """Return the text of the error for a name that no command has."""
    return f"no command is called {name!r}{did_you_mean(name, BY_NAME)}"


def _form(word: str) -> str:
    return " ".join(re.split(r"[\s_/-]+", word.casefold())).strip()


def _parts(form: str, count: int) -> Iterator[str]:
    """Yield all runs of so many words that are not too short to mean something."""
    words = form.split()
    runs = (" ".join(words[at : at + count]) for at in range(len(words) - count + 1))
    yield from (run for run in runs if len(run) >= LEAST_PART)


def _sorted(form: str) -> str:
    return " ".join(sorted(form.split()))


def _joined(spec: CommandSpec, words: list[str]) -> list[str]:
    """Join words that belong together: ``16 A``, ``10 pm``, and text without quotes."""
    count = len(spec.parameters)
    units = {unit for kind in spec.parameters for unit in _units_of(kind)}
    joined: list[str] = []
    for word in words:
        if joined and word.casefold() in units and joined[-1][-1:].isdigit():
            joined[-1] += word
        else:
            joined.append(word)
    if count and isinstance(spec.parameters[-1], TextParameter) and len(joined) > count:
        joined = [*joined[: count - 1], " ".join(joined[count - 1 :])]
    return joined


def _units_of(kind: ParameterType) -> tuple[str, ...]:
    if not isinstance(kind, NumberParameter):
        return ()
    return (*kind.units, *(("am", "pm", "utc", "gmt", "z") if kind.is_time else ()))


def _as_many_as(spec: CommandSpec, words: list[str]) -> list[str]:
    """Complete a choice of off or on with a time: ``22:30`` alone is by the timer, ``off`` not."""
    match spec.parameters:
        case (ChoiceParameter() as choice, NumberParameter(is_time=True)) if len(words) == 1:
            word = words[0]
            if _CLOCK.fullmatch(word) if not word.isdecimal() else len(word) > 1:
                return ["1", word]
            if _choice(choice, word) == "0":
                return ["0", "0"]
    return words


def _what(kind: ParameterType) -> str:
    """Return what a parameter may be, in the words of people."""
    match kind:
        case ChoiceParameter():
            return _choices(kind)
        case NumberParameter(is_time=True):
            return "a time, as in 22:30"
        case NumberParameter():
            return f"a number {kind.describe()}{' or a name' if kind.names else ''}"
        case _:
            return "text"


def _choices(kind: ChoiceParameter) -> str:
    *first, last = kind.words.values()
    return f"{', '.join(first)} or {last}"


def read_word(kind: ParameterType, word: str, now: float, zone: str = "") -> str:
    """Return one parameter as it is sent; else as :func:`read_words`, which says the rest."""
    match kind:
        case ChoiceParameter():
            return _read_choice(kind, word)
        case NumberParameter(is_time=True):
            return _read_time(kind, word, now, zone)
        case NumberParameter():
            return _read_number(kind, word)
        case _:
            return word


def _choice(kind: ChoiceParameter, word: str) -> str | None:
    """Return the number of a choice; ``None`` for what is none."""
    by_word = {_form(text): str(number) for number, text in kind.words.items()}
    if set(kind.words) == {0, 1}:
        by_word |= SWITCHES
    form = _form(word)
    by_word |= {number: number for number in by_word.values()}
    return by_word.get(form)


def _read_choice(kind: ChoiceParameter, word: str) -> str:
    number = _choice(kind, word)
    if number is None:
        text = f"{title(kind)} is {_choices(kind)}, not {word!r}"
        raise WrongWords(f"{text}{did_you_mean(word, kind.words.values())}")
    return number


def _read_number(kind: NumberParameter, word: str) -> str:
    found = _NUMBER_WITH_UNIT.fullmatch(word)
    if found is None:
        return _read_name(kind, word)
    digits, unit = found.groups()
    if unit is not None and unit.casefold() not in kind.units:
        meant = f", as in {digits}{kind.units[0].upper()}" if kind.units else ""
        raise WrongWords(f"{title(kind)} is a number{meant}, not {word!r}")
    text = str(int(digits))
    if kind.problem(text) is not None:
        raise WrongWords(f"{title(kind)} is a number {kind.describe()}, not {word!r}")
    return text


def _read_name(kind: NumberParameter, word: str) -> str:
    """Return the number that a name stands for: the whole of it, or what only one of them has."""
    by_form = {_form(name): number for number, name in kind.names.items()}
    if set(kind.names) == {0, 1}:
        by_form |= {switch: int(number) for switch, number in SWITCHES.items()}
    form = _form(word)
    if form in by_form:
        return str(by_form[form])
    parts = [number for name, number in by_form.items() if form and form in name]
    if len(parts) == 1:
        return str(parts[0])
    what = f"a number {kind.describe()}" + (" or its name" if kind.names else "")
    near = did_you_mean(word, kind.names.values())
    raise WrongWords(f"{title(kind)} is {what}, not {word!r}{near}")


def _read_time(kind: NumberParameter, word: str, now: float, zone: str) -> str:
    """Return minutes after midnight UTC; a plain number already is that."""
    if word.isdecimal() and kind.problem(word) is None and not (len(word) > 1 and word[0] == "0"):
        return word
    found = _CLOCK.fullmatch(word)
    if found is None or (found["minute"] is None and found["half"] is None):
        raise _no_time(kind, word)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise _no_time(kind, word)
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    if hour > 23 or minute > 59:
        raise _no_time(kind, word)
    return str(_to_utc(hour, minute, found["zone"] or zone, now))


def _no_time(kind: NumberParameter, word: str) -> WrongWords:
    return WrongWords(
        f"{title(kind)} is a time, as in 22:30, or minutes after midnight UTC, not {word!r}"
    )


def _to_utc(hour: int, minute: int, zone: str, now: float) -> int:
    """Return when such a time of day comes next, in minutes after midnight UTC."""
    minutes = hour * 60 + minute
    if not zone:
        here = datetime.fromtimestamp(now, UTC).astimezone().replace(tzinfo=None)
        due = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        due += timedelta(days=1) if due < here else timedelta()
        in_utc = due.astimezone(UTC)
        return in_utc.hour * 60 + in_utc.minute
    if zone[0] in "+-":
        offset = int(zone[1:3]) * 60 + int(zone[-2:])
        minutes -= offset if zone[0] == "+" else -offset
    return minutes % 1440
