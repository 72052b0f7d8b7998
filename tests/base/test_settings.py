"""Settings: which one wins, and what is said when one is wrong."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from ovms.base.settings import SettingsError, load, read_table


class Mail(BaseModel):
    """A table in the file."""

    host: str = "localhost"
    port: int = 25


class Example(BaseSettings):
    """Settings of every kind that we use."""

    port: int = Field(default=6867, ge=0, le=65535)
    host: list[str] = []
    level: Literal["info", "debug"] = "info"
    paranoid: str = ""
    pin: SecretStr = SecretStr("")
    data: Path = Path("data")
    mail: Mail = Mail()

    @field_validator("paranoid", "pin", mode="before")
    @classmethod
    def _tells(cls, value: str) -> str:
        if value == "hunter2":
            raise ValueError(f"{value} is too short")
        return value


class Needy(BaseSettings):
    """A setting without a default."""

    vehicle_id: str


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the place of a settings file that is not there yet."""
    return tmp_path / "ovms.toml"


def complaint(settings: type[BaseSettings], config: Path | None, **options: object) -> str:
    """Return the line that loading fails with."""
    with pytest.raises(SettingsError) as caught:
        load(settings, config=config, options=options)
    text = str(caught.value)
    assert "\n" not in text
    assert "hunter2" not in text
    assert caught.value.__cause__ is None
    return text


def test_later_sources_win(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options come before variables, these before the file, and that before the defaults."""
    assert load(Example, config=None, options={}).port == 6867
    config.write_text('port = 1\nlevel = "debug"')
    assert load(Example, config=config, options={}).port == 1
    monkeypatch.setenv("OVMS_PORT", "2")
    assert load(Example, config=config, options={"port": None}).port == 2
    settings = load(Example, config=config, options={"port": 0})
    assert (settings.port, settings.level) == (0, "debug")


def test_tables_are_merged(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable for one key of a table leaves the file's other keys."""
    config.write_text('[mail]\nhost = "mail"\nport = 587')
    monkeypatch.setenv("OVMS_MAIL", '{"port": 465}')
    assert load(Example, config=config, options={}).mail == Mail(host="mail", port=465)


@pytest.mark.parametrize("text", ["::1, 127.0.0.1", '["::1", "127.0.0.1"]', "::1,127.0.0.1,"])
def test_lists_in_variables(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is written with commas or as JSON."""
    monkeypatch.setenv("OVMS_HOST", text)
    assert load(Example, config=None, options={}).host == ["::1", "127.0.0.1"]


def test_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable leaves the default, and another program's variables do nothing."""
    monkeypatch.setenv("OVMS_PORT", "")
    monkeypatch.setenv("PORT", "7")
    monkeypatch.setenv("OVMS_PASSWORD", "hunter2")
    assert load(Example, config=None, options={}).port == 6867


def test_result_is_an_ordinary_settings_object(config: Path) -> None:
    """What was set is known, values have their types, and a copy can be changed."""
    config.write_text('data = "elsewhere"')
    settings = load(Example, config=config, options={})
    assert settings.model_fields_set == {"data"}
    assert settings.data == Path("elsewhere")
    assert settings.model_copy(update={"port": 1}).port == 1


def test_unknown_keys_in_the_file_are_named(config: Path) -> None:
    """A key that means nothing is an error that names file and key, also within a table."""
    config.write_text("prot = 1")
    assert complaint(Example, config) == f"{config}: unknown key 'prot' (did you mean 'port'?)"
    config.write_text("[mail]\nsmtp = true")
    assert complaint(Example, config) == f"{config}: unknown key 'mail.smtp'"


def test_wrong_value_is_told_with_its_place(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, variable and option are each named as the operator wrote them."""
    config.write_text("port = 70000\n")
    wrong = "input should be less than or equal to 65535"
    assert complaint(Example, config) == f"{config}: port: {wrong}"
    monkeypatch.setenv("OVMS_PORT", "70001")
    assert complaint(Example, config) == f"OVMS_PORT: {wrong}"
    assert complaint(Example, config, port=70002) == f"--port: {wrong}"


def test_wrong_value_in_a_table(config: Path) -> None:
    """A key within a table is named with its table."""
    config.write_text('[mail]\nport = "x"')
    assert complaint(Example, config).startswith(f"{config}: mail.port: input should be a valid")


def test_wrong_json_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that is neither JSON nor plain text names its variable."""
    monkeypatch.setenv("OVMS_HOST", '["::1"')
    assert complaint(Example, None) == "OVMS_HOST: cannot be understood"


def test_secrets_are_not_quoted(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a validator that quotes its value does not bring a secret into the message."""
    config.write_text('paranoid = "hunter2"')
    assert complaint(Example, config) == f"{config}: paranoid: is not valid"
    monkeypatch.setenv("OVMS_PIN", "hunter2")
    assert complaint(Example, None) == "OVMS_PIN: is not valid"
    config.write_text('paranoid = "hunter2')
    assert "is not TOML" in complaint(Example, config)


def test_missing_setting() -> None:
    """A setting that must be given says how."""
    assert complaint(Needy, None) == (
        "vehicle_id: is not set (option, variable OVMS_VEHICLE_ID or ovms.toml)"
    )


def test_unknown_option_is_our_own_mistake() -> None:
    """An option without a field is refused and not ignored."""
    assert complaint(Example, None, colour="red") == "--colour: extra inputs are not permitted"


def test_files_that_cannot_be_read(config: Path) -> None:
    """A file that is missing, a folder or no text is named with the reason."""
    assert complaint(Example, config) == f"{config}: cannot be read: No such file or directory"
    assert complaint(Example, config.parent).endswith("cannot be read: Is a directory")
    config.write_bytes(b"\xff")
    assert complaint(Example, config) == f"{config}: is not UTF-8"
    config.write_text("port: 1")
    assert complaint(Example, config).startswith(f"{config}: is not TOML: ")


class Modem(BaseModel):
    """A table that its own model describes."""

    line: int
    pin: SecretStr = SecretStr("")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"line": 1}, None),
        ({}, "modem.line: is not set"),
        ({"line": "x"}, "modem.line: input should be a valid integer"),
        ({"lin": 1}, "modem: unknown key 'lin' (did you mean 'line'?)"),
        ({"line": 1, "pin": 5}, "modem.pin: is not valid"),
    ],
)
def test_a_table_of_its_own(values: dict[str, object], problem: str | None) -> None:
    """A table is checked by its model, and what is wrong is one line that names it."""
    if problem is None:
        assert read_table(Modem, values, "modem").line == 1
        return
    with pytest.raises(SettingsError) as caught:
        read_table(Modem, values, "modem")
    assert str(caught.value).startswith(problem)
