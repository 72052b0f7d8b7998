"""``ovms app``: watch a vehicle and command it from the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
import typer

from ovms.app.alerts import load_alerts
from ovms.app.client import App, find_command
from ovms.app.errors import Error, InvalidRequest, PasswordWrong
from ovms.app.snapshot import Seen, Snapshot
from ovms.cli.answer_tables import named_rows
from ovms.cli.app_listings import history, utilisation
from ovms.cli.common import JsonOption, print_json, print_table, printable, refuse
from ovms.cli.measures import ShownUnits, UnitsOption, find_units
from ovms.cli.target import MakeTarget, print_loss, run, stay, takes_plain_target, takes_target
from ovms.cli.text import message_line
from ovms.protocol import Message
from ovms.protocol.codes import CODES
from ovms.protocol.commands import COMMANDS, Answer, Command, Result
from ovms.protocol.records import GroupPosition, legible
from ovms.protocol.records.alert import AlertKind
from ovms.protocol.wording import unknown_command, usage

app = typer.Typer(help="The app: watch a vehicle and command it.", no_args_is_help=True)

SENT_IN_PLAIN = "the car's module cannot open a sealed command: this one goes in plain"
"""What is said where paranoid mode does not hold for a command."""

LONGEST_ALERT = 1000
"""Bytes of an alert: more than any phone shows, and still one line of the protocol."""

LIKE_AN_OPTION = 0.8
"""How much like an option a word must be to be none of the car's, of 1."""

ALERT_KINDS = {"A": AlertKind.ALERT, "I": AlertKind.INFORMATION}


def complete_command(incomplete: str) -> Iterator[tuple[str, str]]:
    """Yield the names of commands that begin so, and what they mean, for completion."""
    for spec in COMMANDS:
        if spec.name.startswith(incomplete.casefold()):
            yield spec.name, spec.meaning


@app.command()
@takes_target
def status(target: MakeTarget, units: UnitsOption = "car", json: JsonOption = False) -> None:
    """Show what the server knows of the vehicle, also while the car is away."""
    chosen, called = find_units(units), target()

    async def work() -> None:
        async with await called.open() as opened:
            if called.snapshot.is_password_wrong:
                raise PasswordWrong
            await load_alerts(opened, time.time())
        _print_status(called.snapshot, chosen, json)

    run(work())


def _print_status(snapshot: Snapshot, units: ShownUnits, json: bool) -> None:
    if json:
        print_json(snapshot.as_json(time.time()))
        return
    from rich.console import Console  # only here: everything else starts faster without

    from ovms.cli.show import view

    Console().print(view(snapshot, time.time(), units))


@app.command()
@takes_target
def watch(target: MakeTarget, units: UnitsOption = "car", json: JsonOption = False) -> None:
    """Show the vehicle live, until Ctrl-C. With --json a line for each change.

    On a terminal each second tells how old the news is, and whether the server is still there. In a
    pipe it is a line for each message.
    """
    chosen, called = find_units(units), target()
    if json or not sys.stdout.isatty():
        printed = partial(_print_state, called.snapshot, json=json)
        run(stay(called, printed, on_lost=partial(_print_loss, called.snapshot, json)))
        return

    from ovms.cli.live import LiveView
    from ovms.cli.show import view

    run(LiveView(called, partial(view, called.snapshot, units=chosen), load_alerts).run())


@app.command()
@takes_target
def log(target: MakeTarget, json: JsonOption = False) -> None:
    """Print each message as it comes, decoded, until Ctrl-C."""
    called = target()
    run(stay(called, lambda message: _print_message(called.snapshot, message, json)))


@app.command(context_settings={"ignore_unknown_options": True})
@takes_target
def command(
    context: typer.Context,
    target: MakeTarget,
    name: Annotated[
        str,
        typer.Argument(
            metavar="'NAME or NUMBER'", help="See --list.", autocompletion=complete_command
        ),
    ] = "",
    parameters: Annotated[list[str] | None, typer.Argument(metavar="PARAM…")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the answer.")] = 10.0,
    list_all: Annotated[bool, typer.Option("--list", help="List the commands.")] = False,
    json: JsonOption = False,
) -> None:
    """Send the car a command and print its answer. Exit code 0 if the car says it is done.

    Parameters are as people write them: climate on, charge-current 16A, charge-timer 22:30 (here;
    22:30Z in UTC), charge-timer off, set-feature minimum-soc 20%, shell metrics list. Those of a
    command that is given by its number are sent as they are, where they are not understood.
    """
    if list_all:
        print_table(("number", "command", "meaning"), [*_commands()])
        return
    if not name:
        refuse("give a command, or --list")
    _refuse_misspelt(context, parameters or [])
    sent = _find_command(name, parameters or [])
    called = target()
    answers: list[Answer] = []

    async def work() -> None:
        async with await called.open() as app:
            if _goes_in_plain(app.snapshot, sent):
                print(f"ovms: {SENT_IN_PLAIN}", file=sys.stderr)
            number = str(sent.number)
            answers.extend(await app.command(number, *sent.parameters, timeout=timeout))

    run(work())
    _print_answers(answers, json)
    if answers[-1].result != Result.OK:
        raise typer.Exit(1)


@app.command()
@takes_plain_target
def group(
    target: MakeTarget,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The group.")],
    json: JsonOption = False,
) -> None:
    """Show where the cars of a group are, live, until Ctrl-C. With --json a line a position."""
    if not name or "," in name:
        refuse(f"{name!r} cannot be the name of a group")
    called = target()
    snapshot = called.snapshot

    def join(app: App) -> None:
        app.join_group(name)

    if json or not sys.stdout.isatty():
        run(stay(called, lambda message: _print_position(message, name, json), join))
        return

    from ovms.cli.live import LiveView
    from ovms.cli.show import group_view

    run(LiveView(called, partial(group_view, snapshot, name), join=join).run())


def _print_position(message: Message, name: str, json: bool) -> None:
    seen = Seen.of(message, time.time())
    position = seen.content
    if not isinstance(position, GroupPosition) or (position.group or "").upper() != name.upper():
        return
    if json:
        vehicle = legible(position.vehicle_id or "")
        line = {"group": legible(name), "vehicle": vehicle, **seen.as_json(seen.time)}
        print(msgspec.json.encode(line).decode(), flush=True)
    else:
        print(message_line(seen), flush=True)


@app.command()
@takes_plain_target
def alert(
    target: MakeTarget,
    text: Annotated[str, typer.Argument(metavar="'TEXT'", help="What the alert says.")],
    kind: Annotated[Literal["A", "I"], typer.Option(help="Alert or information.")] = "I",
) -> None:
    """Send an alert to everybody who wants this vehicle's."""
    if not text.strip() or len(text.encode("utf-8", "surrogateescape")) > LONGEST_ALERT:
        refuse(f"the text must have 1 to {LONGEST_ALERT} bytes")
    called = target()

    async def work() -> None:
        async with await called.open() as app:
            await app.alert(text.replace("\r\n", "\n").replace("\n", "\r"), ALERT_KINDS[kind])

    run(work())


def _refuse_misspelt(context: typer.Context, words: list[str]) -> None:
    """Refuse words that look like our own options: what stands behind them may be a secret.

    Other words that begin with a hyphen are the car's, as in ``shell metrics list -p``.
    """
    options = [each for param in context.command.params for each in param.opts]
    for word in words:
        near = get_close_matches(word.partition("=")[0], options, 1, LIKE_AN_OPTION)
        if word.startswith("--") and near:
            refuse(f"no such option {word.partition('=')[0]}; did you mean {near[0]}?")


def _find_command(name: str, parameters: list[str]) -> Command:
    """Return the command that is meant. By its number it may be anything; else it is checked."""
    try:
        return find_command(name, *parameters, is_strict=not name.isdecimal())
    except InvalidRequest as error:
        is_unknown = str(error) == unknown_command(name) and "?" not in str(error)
        refuse(f"{error}{'; --list shows all' if is_unknown else ''}")


def _goes_in_plain(snapshot: Snapshot, command: Command) -> bool:
    """Return whether a command to the car should be sealed and is not."""
    is_sealed = snapshot.opener.seals and not command.by_server
    return is_sealed and not snapshot.seals_commands


def _commands() -> Iterator[tuple[str, str, str]]:
    for spec in COMMANDS:
        yield str(spec.number), f"{spec.name} {usage(spec)}".rstrip(), spec.meaning


def _print_answers(answers: list[Answer], json: bool) -> None:
    if json:
        print_json([_answer_json(answer) for answer in answers])
        return
    if (rows := named_rows(answers, is_whole=not sys.stdout.isatty())) is not None:
        print_table(*rows)
        return
    for answer in answers:
        lines = legible(answer.text).expandtabs().splitlines()
        text = "\n".join(map(printable, lines))
        is_known = answer.result in Result.__members__.values()
        word = Result(answer.result).name.lower() if is_known else str(answer.result)
        print(text if text and answer.result == Result.OK else f"{word} {text}".rstrip())


def _answer_json(answer: Answer) -> dict[str, Any]:
    parameters = list(map(legible, answer.parameters))
    return {"command": answer.number, "result": answer.result, "parameters": parameters}


def _print_message(snapshot: Snapshot, message: Message, json: bool) -> None:
    seen = Seen.of(message, time.time(), snapshot.module)
    if json:
        line = {"code": seen.message.code, **seen.as_json(seen.time)}
        print(msgspec.json.encode(line).decode(), flush=True)
    else:
        print(message_line(seen), flush=True)


def _print_loss(snapshot: Snapshot, json: bool, error: Error, pause: float) -> None:
    """Print that the server is lost; as JSON whether the car is connected is ``null`` then."""
    print_loss(error, pause)
    if json:
        print(msgspec.json.encode(snapshot.as_json(time.time())).decode(), flush=True)


def _print_state(snapshot: Snapshot, message: Message, json: bool) -> None:
    """Print what changed: the vehicle as one JSON line, or the message."""
    if not json:
        _print_message(snapshot, message, json)
    elif not CODES[message.code].is_about_link or message.code == "Z":
        print(msgspec.json.encode(snapshot.as_json(time.time())).decode(), flush=True)


app.command("history")(history)
app.command("utilisation")(utilisation)
