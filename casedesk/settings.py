"""The desk's settings: `CASEDESK_*` variables and the `.env` file, checked once at the start."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from casedesk.domain.money import MINOR_DIGITS
from casedesk.errors import Unavailable

PREFIX: Final = "CASEDESK_"

#: Beside the package in a checkout; an installed wheel has no such folder, and works where it is called.
_CHECKOUT: Final = Path(__file__).resolve().parents[1]
PROJECT_ROOT: Final = _CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path.cwd()

#: Variables of ours that are not settings of the desk: the start script's port, and what the tests are told.
_OTHERS: Final = re.compile(r"CASEDESK_(PORT|SHARED_DIR|TEST_[A-Z0-9_]+)")

#: A host name or address, or all names under one.
_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?")

#: The drivers that the store is tested with. SQLAlchemy knows more; the desk promises nothing about those.
DRIVERS: Final = (
    "sqlite",
    "sqlite+pysqlite",
    "postgresql+psycopg",
    "mssql+pyodbc",
    "mssql+mssqlpython",
)


#: Whatever is wrong with these, a refusal does not repeat them.
_SECRET: Final = frozenset({"llm_key", "redis_url"})


class BadSettings(Unavailable):
    """A setting is unknown or wrong. The sentence names the variable, what was given and what is allowed."""


class Settings(BaseSettings):
    """What the desk was told at its start; it never changes while the desk runs.

    Each description says, in the words of a refusal, which values are allowed.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True)

    database_url: str = Field(
        default="sqlite:///data/casedesk.db",
        repr=False,  # it may hold a password
        description=f"a URL such as sqlite:///data/casedesk.db that begins with one of {', '.join(DRIVERS)}",
    )
    base_currency: str = Field(default="USD", description="an ISO 4217 code in capital letters such as USD, EUR or GBP")
    auth: Literal["demo", "oidc"] = Field(default="demo", description="demo or oidc")
    user: str = Field(default="", max_length=64, description="a user id of at most 64 characters")
    approval_required: bool = Field(default=True, description="true or false")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="console or json")
    lock_timeout_seconds: int = Field(default=10, ge=1, le=300, description="a whole number from 1 to 300")
    checkpoint_dir: str = Field(
        default="", description="a folder such as /var/lib/casedesk/checkpoints, outside the database server"
    )
    checkpoint_key: str = Field(default="", description="a file such as /etc/casedesk/checkpoint.key")
    checkpoint_public_key: str = Field(default="", description="a file such as /etc/casedesk/checkpoint.key.pub")
    checkpoint_every_events: int = Field(
        default=1000, ge=0, le=1_000_000, description="a whole number from 0, which means never, to 1000000"
    )
    checkpoint_every_seconds: int = Field(
        default=300, ge=0, le=86_400, description="a whole number from 0, which means never, to 86400"
    )
    timestamp_url: str = Field(
        default="", description="the address of an RFC 3161 authority such as https://tsa.example/tsr"
    )
    timestamp_roots: str = Field(default="", description="a PEM file with the root certificates of that authority")
    cache_dir: str = Field(default="", description="a folder such as /var/cache/casedesk that only the desk can write")
    institution: str = Field(
        default="", description="a file such as /etc/casedesk/institution.toml with the institution's profile"
    )
    llm: bool = Field(default=False, description="true or false")
    llm_url: str = Field(
        default="",
        description="the address of an endpoint that speaks OpenAI's protocol, such as http://127.0.0.1:8080/v1",
    )
    llm_model: str = Field(default="", max_length=120, description="a model's name of at most 120 characters")
    llm_key: str = Field(default="", max_length=4096, repr=False, description="a key of at most 4096 characters")
    llm_band: str = Field(default="0.4-0.6", description="two shares from 0 to 1 such as 0.4-0.6, the lower one first")
    llm_timeout_seconds: int = Field(default=20, ge=1, le=300, description="a whole number from 1 to 300")
    llm_price_in: Decimal | None = Field(
        default=None, ge=0, le=100_000, description="a price for a million tokens from 0 to 100000"
    )
    llm_price_out: Decimal | None = Field(
        default=None, ge=0, le=100_000, description="a price for a million tokens from 0 to 100000"
    )
    llm_daily_money: Decimal = Field(
        default=Decimal(5), ge=0, le=1_000_000, description="an amount from 0 to 1000000, in the currency of the prices"
    )
    llm_daily_calls: int = Field(default=500, ge=0, le=1_000_000, description="a whole number from 0 to 1000000")
    redis_url: str = Field(
        default="", repr=False, description="the address of a Redis such as redis://127.0.0.1:6379/0"
    )
    kafka_bootstrap: str = Field(
        default="",
        pattern=r"^([^\s,:/]+:\d{1,5}(,[^\s,:/]+:\d{1,5})*)?$",
        description="one or more addresses such as kafka-1.bank.example:9092, with commas between",
    )
    kafka_properties: str = Field(default="", description="a file such as /etc/casedesk/kafka.properties")
    metrics_host: str = Field(
        default="127.0.0.1",
        pattern=r"^[\w.:-]+$",
        description="an address of this machine such as 127.0.0.1 or 0.0.0.0",
    )
    traces_url: str = Field(
        default="", description="the address of a collector of OpenTelemetry's protocol such as http://127.0.0.1:4318"
    )
    traces_share: float = Field(default=1.0, ge=0, le=1, description="a share from 0 to 1")
    schema_registry_url: str = Field(
        default="", description="the address of a schema registry such as https://registry.bank.example"
    )
    webhook_key: str = Field(default="", description="a file such as /etc/casedesk/webhook.key")
    webhook_hosts: str = Field(
        default="", description="host names with commas between, such as tickets.bank.example,*.ops.bank.example"
    )
    api_rate: int = Field(default=100, ge=1, le=1_000_000, description="a whole number from 1 to 1000000")
    api_listeners: int = Field(default=1000, ge=1, le=100_000, description="a whole number from 1 to 100000")
    api_warm: int = Field(default=1_000_000, ge=0, le=100_000_000, description="a whole number from 0 to 100000000")
    api_scoring_process: bool = Field(default=True, description="true or false")
    page_limit: int = Field(default=25, ge=5, le=500, description="a whole number from 5 to 500")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load_settings` is the only door: pydantic's own reader of the environment passes over names it does not know.
        return (init_settings,)

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("base_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in MINOR_DIGITS:
            raise ValueError
        return value

    @field_validator("checkpoint_dir", "cache_dir")
    @classmethod
    def _a_folder(cls, value: str) -> str:
        path = _chosen(value)
        if path is not None and path.exists() and not path.is_dir():
            raise ValueError
        return value

    @field_validator("llm_band")
    @classmethod
    def _two_shares(cls, value: str) -> str:
        if not re.fullmatch(r"(0|1|0\.\d{1,4})-(0|1|0\.\d{1,4})", value) or Decimal(value.split("-")[0]) > Decimal(
            value.split("-")[1]
        ):
            raise ValueError
        return value

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: str) -> str:
        if value and not re.fullmatch(r"(rediss?|unix)://\S+", value):
            raise ValueError
        return value

    @field_validator("timestamp_url", "schema_registry_url", "llm_url", "traces_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
            raise ValueError
        return value

    @field_validator("webhook_hosts")
    @classmethod
    def _hosts(cls, value: str) -> str:
        if not all(_HOST.fullmatch(name) for name in value.split(",") if value):
            raise ValueError
        return value.lower()

    @field_validator(
        "checkpoint_key", "checkpoint_public_key", "timestamp_roots", "institution", "kafka_properties", "webhook_key"
    )
    @classmethod
    def _a_file(cls, value: str) -> str:
        path = _chosen(value)
        if path is not None and path.is_dir():
            raise ValueError
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        driver, colon, rest = value.partition("://")
        if not colon or driver not in DRIVERS:
            raise ValueError
        return _absolute(driver, rest) if driver.startswith("sqlite") else value

    @property
    def checkpoint_path(self) -> Path | None:
        """The folder of the checkpoints; None for a database server whose operator has named none."""
        return _chosen(self.checkpoint_dir) or self._beside("checkpoints")

    @property
    def key_path(self) -> Path | None:
        """The file of the key that signs checkpoints, whether there is one or not; None as for the folder."""
        return _chosen(self.checkpoint_key) or self._beside("key")

    @property
    def public_key_path(self) -> Path | None:
        """The file of the public keys that checkpoints are checked with: by default that beside the signing key."""
        key = self.key_path
        beside = key.with_name(key.name + ".pub") if key else None
        return _chosen(self.checkpoint_public_key) or beside

    @property
    def timestamp_roots_path(self) -> Path | None:
        """The file of trusted time-stamp authorities; None where no time-stamp is checked."""
        return _chosen(self.timestamp_roots)

    @property
    def cache_path(self) -> Path | None:
        """The folder of what can be made anew at any time, at the cost of time; None as for the checkpoints."""
        return _chosen(self.cache_dir) or self._beside("cache")

    @property
    def llm_shares(self) -> tuple[Decimal, Decimal]:
        """The band of scores in which a language model is asked, if it is switched on."""
        low, _, high = self.llm_band.partition("-")
        return Decimal(low), Decimal(high)

    @property
    def webhook_key_path(self) -> Path | None:
        """The file of the key from which webhooks' secrets are derived; None as for the checkpoints."""
        return _chosen(self.webhook_key) or self._beside("webhook.key")

    @property
    def institution_path(self) -> Path | None:
        """The file of the institution's profile; the demo bank has one of its own, where it can be chosen at all."""
        demo = PROJECT_ROOT / "seeds" / "institution.toml"
        return _chosen(self.institution) or (demo if self.auth == "demo" and demo.exists() else None)

    @property
    def kafka_properties_path(self) -> Path | None:
        """The file of further properties of Kafka's client; None where there are none."""
        return _chosen(self.kafka_properties)

    def _beside(self, suffix: str) -> Path | None:
        """Name a file beside that of an embedded database; another database has other checkpoints."""
        driver, _, path = self.database_url.partition(":///")
        return Path(path.partition("?")[0]).with_suffix(f".{suffix}") if driver.startswith("sqlite") else None

    @property
    def shown_database(self) -> str:
        """The database without user, password and options, fit for a screen or a log."""
        return shown_database(self.database_url)


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``env``, or from the `.env` file and, above it, the process's environment.

    An empty value counts as not given. A relative SQLite path is taken from the project's folder, never from the
    caller's.

    :raises BadSettings: if a `CASEDESK_*` name is unknown or a value is not allowed.
    """
    if env is None:
        in_file = {name: value or "" for name, value in dotenv_values(PROJECT_ROOT / ".env").items()}
        env = in_file | dict(os.environ)
    given: dict[str, Any] = {}
    for variable, value in sorted(env.items()):
        if not variable.upper().startswith(PREFIX) or _OTHERS.fullmatch(variable):
            continue
        field = variable.removeprefix(PREFIX).lower()
        if field not in Settings.model_fields or variable != PREFIX + field.upper():
            raise BadSettings(_unknown(variable))
        if value.strip():
            given[field] = value.strip()
    try:
        return Settings(**given)
    except ValidationError as error:
        raise BadSettings(_refusal(str(error.errors()[0]["loc"][0]), given)) from None


def shown_database(url: str) -> str:
    """Write a database URL without user, password and options: ``postgresql+psycopg://db.bank.example:5432/casedesk``."""
    if url.startswith("sqlite"):
        return url
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url.partition(":")[0]
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _absolute(driver: str, rest: str) -> str:
    """Anchor the file of a SQLite URL to the project. Refuse the forms that name none: every connection would see its own."""
    path, mark, options = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or path in ("", ":memory:"):
        raise ValueError
    return f"{driver}:///{(PROJECT_ROOT / path).as_posix()}{mark}{options}"


def _chosen(path: str) -> Path | None:
    return PROJECT_ROOT / path if path else None


def _refusal(field: str, given: Mapping[str, str]) -> str:
    value = given.get(field, "")
    allowed = Settings.model_fields[field].description
    if field == "database_url":
        # Whatever stands behind the first colon may be a password, also in a URL that is wrong.
        driver = re.match(r"[a-z0-9+_.]{1,40}(?=:)", value)
        if driver and driver[0] in DRIVERS:
            said = f"names the driver {driver[0]} but no database file or server"
        else:
            said = (
                f"begins with “{driver[0]}”"
                if driver
                else "is not a URL (its value is not shown, it may hold a password)"
            )
        return f"{PREFIX}DATABASE_URL {said}; it must be {allowed}."
    if field in _SECRET:
        return (
            f"{PREFIX}{field.upper()} is wrong (its value is not shown, it may hold a password); it must be {allowed}."
        )
    printable = "".join(letter if letter.isprintable() else "?" for letter in value)
    shown = printable if len(printable) <= 60 else printable[:59] + "…"
    return f"{PREFIX}{field.upper()} is “{shown}”; it must be {allowed}."


def _unknown(variable: str) -> str:
    near = difflib.get_close_matches(variable.upper().removeprefix(PREFIX).lower(), Settings.model_fields, n=1)
    known = [PREFIX + field.upper() for field in Settings.model_fields]
    way_out = f"did you mean {PREFIX}{near[0].upper()}?" if near else f"the settings are {', '.join(known)}."
    return f"{variable} is not a setting of the desk; {way_out}"
