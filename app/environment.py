"""Settings from the environment and `.env`.

A setting that is wrong or unknown stops the start; the message names the variable
and never repeats its value.
"""

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.calendly_settings import CalendlySettings
from app.settings import BffSettings, ConfigurationError, Settings


class _Environment(BaseSettings):
    """Reads the variables: `BFF_REDIS_URL` becomes `bff.redis_url`."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="_", env_nested_max_split=1, extra="ignore", hide_input_in_errors=True
    )

    calendly: CalendlySettings = CalendlySettings()
    bff: BffSettings = BffSettings()


def settings_from_environment(env_file: str | None = ".env") -> Settings:
    """What the environment says; what it leaves unsaid, `env_file`.

    Raises `ConfigurationError` with one line for each variable that is wrong.
    """
    try:
        found = _Environment(_env_file=env_file)
    except ValidationError as error:
        raise ConfigurationError(_explained(error)) from None
    return Settings(calendly=found.calendly, bff=found.bff)


def _explained(error: ValidationError) -> str:
    return "\n".join(
        f"{_variable(fault['loc'])}{_reason(fault['type'], fault['msg'])}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _variable(location: tuple[int | str, ...]) -> str:
    of_one = len(location) > 1
    return "_".join(str(part) for part in location[:2]).upper() + ": " if of_one else ""


def _reason(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such setting"
    return message.removeprefix("Value error, ")
