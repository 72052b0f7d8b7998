"""Settings from defaults, a TOML file, ``OVMS_…`` variables and options; the later wins.

Every failure is a :class:`SettingsError`: one line with the place, the key and the problem. It
never contains a value, because that might be a secret.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pydantic_settings
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from ovms.base.logs import is_secret

PREFIX = "OVMS_"
NOT_SET = "is not set"

S = TypeVar("S", bound=BaseSettings)
M = TypeVar("M", bound=BaseModel)
Values = dict[str, Any]


class SettingsError(Exception):
    """A setting that cannot be used."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def load(settings: type[S], *, config: Path | None, options: Mapping[str, object]) -> S:
    """Return the settings of that class, whose fields must have no aliases.

    ``config`` must exist if given. An option of value ``None`` was not given, an empty variable
    is not set, and a list in a variable is JSON or separated by commas.
    Raises :class:`SettingsError`.
    """
    file = _read(config, settings) if config else {}
    environment = _VariableSource(settings).read()
    given = {name: value for name, value in options.items() if value is not None}
    values = _merge(_merge(file, environment), given)
    result = settings.__new__(settings)
    try:
        # BaseSettings.__init__ would read the environment again, in its own way.
        BaseModel.__init__(result, **values)
    except ValidationError as error:
        raise _explain(settings, error, config, environment, given) from None
    return result


def read_table(model: type[M], values: Values, where: str) -> M:
    """Return a table of settings that its own model describes; ``where`` names the table.

    Raises :class:`SettingsError`.
    """
    _refuse_unknown(values, model, where, "")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        path, message = _first(model, error)
        raise SettingsError(".".join([where, *path]), message) from None


def _read(path: Path, settings: type[BaseModel]) -> Values:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(str(path), "is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(path), f"is not TOML: {error}") from None
    _refuse_unknown(values, settings, str(path), "")
    return values


def _refuse_unknown(values: Values, model: type[BaseModel], where: str, above: str) -> None:
    fields = model.model_fields
    for key, value in values.items():
        if key not in fields:
            raise SettingsError(where, f"unknown key {above + key!r}{_guess(key, list(fields))}")
        inner = fields[key].annotation
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel):
            _refuse_unknown(value, inner, where, f"{above}{key}.")


def _guess(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class _VariableSource(EnvSettingsSource):
    """The variables of the environment; lists may be separated by commas."""

    def __init__(self, settings: type[BaseSettings]) -> None:
        super().__init__(settings, env_prefix=PREFIX, env_ignore_empty=True)

    def read(self) -> Values:
        """Return the values of the variables that are set. Raises :class:`SettingsError`."""
        try:
            return self()
        except pydantic_settings.SettingsError as error:
            name = str(error).split('"')[1]  # error parsing value for field "…" from …
            raise SettingsError(_variable(name), "cannot be understood") from None

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Decode JSON; read other text as a list separated by commas."""
        if isinstance(value, str) and not value.lstrip().startswith(("[", "{")):
            return [part.strip() for part in value.split(",") if part.strip()]
        return super().decode_complex_value(field_name, field, value)


def _merge(low: Mapping[str, Any], high: Mapping[str, Any]) -> Values:
    """Return ``low`` with the values of ``high``, tables within tables."""
    merged = dict(low)
    for key, value in high.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _explain(
    settings: type[BaseSettings],
    error: ValidationError,
    config: Path | None,
    environment: Values,
    options: Values,
) -> SettingsError:
    """Return an error for pydantic's first complaint, with the place to look at."""
    path, message = _first(settings, error)
    path = path or ["settings"]
    if message == NOT_SET:
        key = ".".join(path)
        return SettingsError(key, f"{message} (option, variable {_variable(key)} or ovms.toml)")
    return SettingsError(_place(path, config, environment, options), message)


def _first(model: type[BaseModel], error: ValidationError) -> tuple[list[str], str]:
    """Return the path and the text of pydantic's first complaint."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    if first["type"] == "missing":
        return path, NOT_SET
    secret = any(is_secret(part) for part in path) or _hides(model, path[0] if path else "")
    return path, "is not valid" if secret else _lower(first["msg"])


def _place(path: list[str], config: Path | None, environment: Values, options: Values) -> str:
    for values, named in ((options, _option), (environment, _variable)):
        if path[0] in values:
            return ".".join([named(path[0]), *path[1:]])
    return ": ".join([str(config), ".".join(path)] if config else [".".join(path)])


def _hides(settings: type[BaseModel], name: str) -> bool:
    field = settings.model_fields.get(name)
    return field is not None and "Secret" in str(field.annotation)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _lower(text: str) -> str:
    """Return pydantic's sentence so that it can follow a colon."""
    text = text.removeprefix("Value error, ").replace("\n", " ")
    return text[:1].lower() + text[1:]
