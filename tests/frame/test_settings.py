"""Settings: what is wrong is named in one sentence, and nothing is passed over in silence."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from casedesk.bootstrap import budget_of, open_desk
from casedesk.settings import PROJECT_ROOT, BadSettings, Settings, load_settings


def refusal(**given: str) -> str:
    with pytest.raises(BadSettings) as caught:
        load_settings({f"CASEDESK_{name}": value for name, value in given.items()})
    return str(caught.value)


def test_nothing_given_gives_the_defaults():
    settings = load_settings({})
    assert settings.base_currency == "USD"
    assert settings.auth == "demo"
    assert settings.approval_required is True
    assert settings.database_url == f"sqlite:///{PROJECT_ROOT.as_posix()}/data/casedesk.db"


def test_each_setting_is_read_from_its_variable():
    settings = load_settings(
        {
            "CASEDESK_DATABASE_URL": "postgresql+psycopg://u:p@db:5432/desk",
            "CASEDESK_BASE_CURRENCY": "EUR",
            "CASEDESK_AUTH": "oidc",
            "CASEDESK_USER": "mara",
            "CASEDESK_APPROVAL_REQUIRED": "false",
            "CASEDESK_LOG_LEVEL": "debug",
            "CASEDESK_LOG_FORMAT": "json",
            "CASEDESK_LOCK_TIMEOUT_SECONDS": "3",
            "CASEDESK_CACHE_DIR": "/var/cache/casedesk",
            "CASEDESK_CHECKPOINT_DIR": "/var/lib/casedesk/checkpoints",
            "CASEDESK_CHECKPOINT_KEY": "/etc/casedesk/desk.key",
            "CASEDESK_CHECKPOINT_PUBLIC_KEY": "keys/desk.pub",
            "CASEDESK_CHECKPOINT_EVERY_EVENTS": "50",
            "CASEDESK_CHECKPOINT_EVERY_SECONDS": "0",
            "CASEDESK_TIMESTAMP_URL": "https://tsa.bank.example/tsr",
            "CASEDESK_TRACES_URL": "http://127.0.0.1:4318",
            "CASEDESK_TRACES_SHARE": "0.25",
            "CASEDESK_TIMESTAMP_ROOTS": "/etc/casedesk/tsa.pem",
            "CASEDESK_INSTITUTION": "/etc/casedesk/institution.toml",
            "CASEDESK_LLM": "true",
            "CASEDESK_LLM_URL": "http://127.0.0.1:8080/v1",
            "CASEDESK_LLM_MODEL": "small-1",
            "CASEDESK_LLM_KEY": "sk-1",
            "CASEDESK_LLM_BAND": "0.45-0.5",
            "CASEDESK_LLM_TIMEOUT_SECONDS": "7",
            "CASEDESK_LLM_PRICE_IN": "2.50",
            "CASEDESK_LLM_PRICE_OUT": "0",
            "CASEDESK_LLM_DAILY_MONEY": "1.25",
            "CASEDESK_LLM_DAILY_CALLS": "9",
            "CASEDESK_REDIS_URL": "redis://:p@cache:6379/0",
            "CASEDESK_API_RATE": "5",
            "CASEDESK_KAFKA_BOOTSTRAP": "kafka-1:9092,kafka-2:9092",
            "CASEDESK_KAFKA_PROPERTIES": "/etc/casedesk/kafka.properties",
            "CASEDESK_METRICS_HOST": "0.0.0.0",
            "CASEDESK_SCHEMA_REGISTRY_URL": "https://registry.bank.example",
            "CASEDESK_API_LISTENERS": "7",
            "CASEDESK_API_WARM": "0",
            "CASEDESK_API_SCORING_PROCESS": "false",
            "CASEDESK_WEBHOOK_KEY": "/etc/casedesk/webhook.key",
            "CASEDESK_WEBHOOK_HOSTS": "tickets.bank.example,*.Ops.bank.example,10.0.0.7",
            "CASEDESK_PAGE_LIMIT": "100",
        }
    )
    assert settings.model_dump() == {
        "database_url": "postgresql+psycopg://u:p@db:5432/desk",
        "base_currency": "EUR",
        "auth": "oidc",
        "user": "mara",
        "approval_required": False,
        "log_level": "DEBUG",
        "log_format": "json",
        "lock_timeout_seconds": 3,
        "cache_dir": "/var/cache/casedesk",
        "checkpoint_dir": "/var/lib/casedesk/checkpoints",
        "checkpoint_key": "/etc/casedesk/desk.key",
        "checkpoint_public_key": "keys/desk.pub",
        "checkpoint_every_events": 50,
        "checkpoint_every_seconds": 0,
        "timestamp_url": "https://tsa.bank.example/tsr",
        "traces_url": "http://127.0.0.1:4318",
        "traces_share": 0.25,
        "timestamp_roots": "/etc/casedesk/tsa.pem",
        "institution": "/etc/casedesk/institution.toml",
        "llm": True,
        "llm_url": "http://127.0.0.1:8080/v1",
        "llm_model": "small-1",
        "llm_key": "sk-1",
        "llm_band": "0.45-0.5",
        "llm_timeout_seconds": 7,
        "llm_price_in": Decimal("2.50"),
        "llm_price_out": Decimal(0),
        "llm_daily_money": Decimal("1.25"),
        "llm_daily_calls": 9,
        "redis_url": "redis://:p@cache:6379/0",
        "api_rate": 5,
        "kafka_bootstrap": "kafka-1:9092,kafka-2:9092",
        "kafka_properties": "/etc/casedesk/kafka.properties",
        "metrics_host": "0.0.0.0",
        "schema_registry_url": "https://registry.bank.example",
        "api_listeners": 7,
        "api_warm": 0,
        "api_scoring_process": False,
        "webhook_key": "/etc/casedesk/webhook.key",
        "webhook_hosts": "tickets.bank.example,*.ops.bank.example,10.0.0.7",
        "page_limit": 100,
    }
    assert settings.public_key_path == PROJECT_ROOT / "keys" / "desk.pub"
    assert Settings(**json.loads(settings.model_dump_json())) == settings  # as another process is told of them


def test_checkpoints_lie_beside_an_embedded_database_and_nowhere_for_a_server():
    embedded = load_settings({"CASEDESK_DATABASE_URL": "sqlite:////srv/desk.db"})
    assert embedded.checkpoint_path == Path("/srv/desk.checkpoints")
    assert (embedded.key_path, embedded.public_key_path) == (Path("/srv/desk.key"), Path("/srv/desk.key.pub"))
    server = load_settings({"CASEDESK_DATABASE_URL": "postgresql+psycopg://u:p@db:5432/desk"})
    assert (server.checkpoint_path, server.key_path, server.public_key_path) == (None, None, None)


def test_every_field_is_covered_by_a_wrong_value_below():
    assert {name.lower() for name, *_ in WRONG} == set(Settings.model_fields)


WRONG = [
    ("DATABASE_URL", "mysql://db/desk", "“mysql”", "postgresql+psycopg"),
    ("BASE_CURRENCY", "usd", "“usd”", "ISO 4217"),
    ("AUTH", "odic", "“odic”", "demo or oidc"),
    ("USER", "m" * 65, "“mmm", "at most 64 characters"),
    ("APPROVAL_REQUIRED", "perhaps", "“perhaps”", "true or false"),
    ("LOG_LEVEL", "LOUD", "“LOUD”", "DEBUG, INFO, WARNING or ERROR"),
    ("LOG_FORMAT", "xml", "“xml”", "console or json"),
    ("LOCK_TIMEOUT_SECONDS", "0", "“0”", "a whole number from 1 to 300"),
    ("CACHE_DIR", "README.md", "“README.md”", "a folder"),
    ("CHECKPOINT_DIR", "README.md", "“README.md”", "a folder"),
    ("CHECKPOINT_KEY", "docs", "“docs”", "a file"),
    ("CHECKPOINT_PUBLIC_KEY", "docs", "“docs”", "a file"),
    ("CHECKPOINT_EVERY_EVENTS", "-1", "“-1”", "a whole number from 0"),
    ("CHECKPOINT_EVERY_SECONDS", "1 h", "“1 h”", "to 86400"),
    ("TIMESTAMP_URL", "tsa.bank.example", "“tsa.bank.example”", "RFC 3161"),
    ("TRACES_URL", "127.0.0.1:4318", "“127.0.0.1:4318”", "OpenTelemetry"),
    ("TRACES_SHARE", "1.5", "“1.5”", "a share from 0 to 1"),
    ("TIMESTAMP_ROOTS", "docs", "“docs”", "a PEM file"),
    ("INSTITUTION", "docs", "“docs”", "institution's profile"),
    ("LLM", "perhaps", "“perhaps”", "true or false"),
    ("LLM_URL", "http://user:word@host/v1", "“http", "OpenAI's protocol"),
    ("LLM_MODEL", "m" * 121, "“mmm", "at most 120 characters"),
    ("LLM_KEY", "k" * 4097, "is not shown", "at most 4096 characters"),
    ("LLM_BAND", "0.6-0.4", "“0.6-0.4”", "two shares from 0 to 1"),
    ("LLM_TIMEOUT_SECONDS", "301", "“301”", "a whole number from 1 to 300"),
    ("LLM_PRICE_IN", "-1", "“-1”", "a price for a million tokens"),
    ("LLM_PRICE_OUT", "nan", "“nan”", "a price for a million tokens"),
    ("LLM_DAILY_MONEY", "inf", "“inf”", "an amount from 0"),
    ("LLM_DAILY_CALLS", "1.5", "“1.5”", "a whole number from 0"),
    ("REDIS_URL", "http://:word@cache", "is not shown", "the address of a Redis"),
    ("API_RATE", "0", "“0”", "a whole number from 1 to 1000000"),
    ("KAFKA_BOOTSTRAP", "kafka-1", "“kafka-1”", "kafka-1.bank.example:9092"),
    ("KAFKA_PROPERTIES", "docs", "“docs”", "a file"),
    ("METRICS_HOST", "this machine", "“this machine”", "an address of this machine"),
    ("SCHEMA_REGISTRY_URL", "registry:8081", "“registry:8081”", "a schema registry"),
    ("API_WARM", "-1", "“-1”", "a whole number from 0 to 100000000"),
    ("API_SCORING_PROCESS", "maybe", "“maybe”", "true or false"),
    ("API_LISTENERS", "0", "“0”", "a whole number from 1 to 100000"),
    ("WEBHOOK_KEY", "docs", "“docs”", "a file"),
    ("WEBHOOK_HOSTS", "https://tickets.bank.example", "“https://", "host names with commas between"),
    ("PAGE_LIMIT", "2.5", "“2.5”", "a whole number from 5 to 500"),
]


@pytest.mark.parametrize(("name", "value", "shown", "allowed"), WRONG)
def test_a_wrong_value_is_refused_in_one_sentence(name: str, value: str, shown: str, allowed: str):
    sentence = refusal(**{name: value})
    assert sentence.startswith(f"CASEDESK_{name} ")
    assert shown in sentence
    assert allowed in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:hunter2@db/desk",
        "postgres//desk:hunter2@db/desk",
        "desk:hunter2@db",
        "hunter2",
        "mssql+pyodbc:hunter2",
        "mysql+pymysql://desk:hunter2@db/desk?password=hunter2",
        "sqlite://hunter2",
    ],
)
def test_no_part_of_a_wrong_database_url_that_may_be_a_password_is_repeated(url: str):
    sentence = refusal(DATABASE_URL=url)
    assert "hunter2" not in sentence
    assert sentence.startswith("CASEDESK_DATABASE_URL ")


def test_a_language_model_is_off_and_switched_on_it_needs_its_address_and_prices():
    settings = load_settings({})
    assert (settings.llm, budget_of(settings)) == (False, None)
    for missing in ("URL", "MODEL", "PRICE_IN", "PRICE_OUT"):
        given = {"URL": "http://127.0.0.1:9/v1", "MODEL": "m", "PRICE_IN": "0", "PRICE_OUT": "0"}
        del given[missing]
        with pytest.raises(BadSettings, match=f"CASEDESK_LLM_{missing} is not set"):
            open_desk(load_settings({"CASEDESK_LLM": "true", **{f"CASEDESK_LLM_{k}": v for k, v in given.items()}}))


def test_a_language_model_without_the_client_that_speaks_to_one_is_a_sentence(monkeypatch):
    given = {"": "true", "_URL": "http://127.0.0.1:9/v1", "_MODEL": "m", "_PRICE_IN": "0", "_PRICE_OUT": "0"}
    monkeypatch.setattr("casedesk.bootstrap.find_spec", lambda name: None)
    with pytest.raises(BadSettings, match="installed without the extra “llm”"):
        open_desk(load_settings({f"CASEDESK_LLM{name}": value for name, value in given.items()}))


def test_settings_shown_to_a_person_hold_no_password():
    settings = load_settings({"CASEDESK_DATABASE_URL": "postgresql+psycopg://desk:hunter2@db:5433/desk?sslkey=hunter2"})
    assert settings.shown_database == "postgresql+psycopg://db:5433/desk"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CASEDESK_DATABSE_URL", "CASEDESK_DATABASE_URL"),
        ("CASEDESK_LOGLEVEL", "CASEDESK_LOG_LEVEL"),
        ("casedesk_auth", "CASEDESK_AUTH"),
    ],
)
def test_a_mistyped_variable_is_refused_with_the_one_that_was_meant(variable: str, meant: str):
    with pytest.raises(BadSettings, match=f"^{variable} is not a setting of the desk; did you mean {meant}\\?$"):
        load_settings({variable: "x"})


def test_a_variable_like_no_setting_is_refused_with_the_list():
    assert "CASEDESK_BASE_CURRENCY" in refusal(ZZZ="x")


def test_variables_of_the_start_and_of_the_tests_pass():
    load_settings({"CASEDESK_PORT": "1", "CASEDESK_SHARED_DIR": "x", "CASEDESK_TEST_MSSQL_URL": "x", "PATH": "/bin"})


def test_an_empty_value_counts_as_not_given():
    assert load_settings({"CASEDESK_AUTH": " "}).auth == "demo"


def test_a_relative_sqlite_file_lies_in_the_project_whatever_the_caller_s_folder(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"CASEDESK_DATABASE_URL": "sqlite:///elsewhere/x.db?timeout=3"})
    assert settings.database_url == f"sqlite:///{PROJECT_ROOT.as_posix()}/elsewhere/x.db?timeout=3"


def test_an_absolute_sqlite_file_stays_where_it_is(tmp_path: Path):
    url = f"sqlite:///{tmp_path.as_posix()}/with a space.db"
    assert load_settings({"CASEDESK_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str):
    assert "no database file" in refusal(DATABASE_URL=url)


def test_the_environment_stands_above_the_env_file(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("CASEDESK_AUTH=oidc\nCASEDESK_BASE_CURRENCY=EUR\n")
    monkeypatch.setattr("casedesk.settings.PROJECT_ROOT", tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CASEDESK_{name.upper()}", raising=False)
    monkeypatch.setenv("CASEDESK_BASE_CURRENCY", "GBP")
    settings = load_settings()
    assert (settings.auth, settings.base_currency) == ("oidc", "GBP")


def test_a_typo_in_the_env_file_is_refused(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("CASEDESK_AUHT=oidc\n")
    monkeypatch.setattr("casedesk.settings.PROJECT_ROOT", tmp_path)
    with pytest.raises(BadSettings, match="CASEDESK_AUHT"):
        load_settings()


def test_settings_cannot_be_changed_while_the_desk_runs():
    settings = load_settings({})
    with pytest.raises(ValidationError):
        settings.approval_required = False


def test_every_setting_is_described_in_the_guide(root: Path):
    guide = (root / "docs" / "guide" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`CASEDESK_{name.upper()}`" not in guide] == []
