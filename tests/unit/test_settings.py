"""Settings are read once; what is missing, unsafe or contradictory is named."""

import pytest

from signpost.problems import Misconfigured
from signpost.settings import read

KEY = "k" * 32
WORKFLOW = "https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual?sig=secret"
GOOD = {
    "SIGNPOST_BASE_URL": "https://signpost.contoso.com",
    "SIGNPOST_SIGNING_KEYS": KEY,
    "SIGNPOST_LEDGER": "sqlite:ledger.db",
    "AZURE_OPENAI_ENDPOINT": "https://contoso.openai.azure.com/",
    "AZURE_OPENAI_DEPLOYMENT": "gpt",
    "TEAMS_CHANNEL_WEBHOOK_URL": WORKFLOW,
}
LOCAL = GOOD | {"SIGNPOST_ENVIRONMENT": "local"}


def refused(env: dict[str, str]) -> Misconfigured:
    """Give the problem that reading an environment ends in."""
    with pytest.raises(Misconfigured) as error:
        read(env)
    return error.value


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"AZURE_OPENAI_ENDPOINT"}))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_setting_is_named(name: str, value: str | None) -> None:
    """Whoever sets it up learns which setting is missing."""
    env = {key: text for key, text in GOOD.items() if key != name}
    error = refused(env if value is None else env | {name: value})
    assert error.field == name
    assert name in error.detail


def test_no_model_at_all_is_named() -> None:
    """Without Azure OpenAI another URL is asked for."""
    env = {name: value for name, value in GOOD.items() if "OPENAI" not in name}
    assert refused(env).field == "MODEL_BASE_URL"


def test_two_models_contradict() -> None:
    """It would be unclear which of the two writes the drafts."""
    assert refused(GOOD | {"MODEL_BASE_URL": "http://localhost/v1"}).field == "MODEL_BASE_URL"


@pytest.mark.parametrize("keys", ["short", f"{KEY},", f"{KEY},short", "k" * 31])
def test_short_keys_are_refused(keys: str) -> None:
    """Each key has to be long, the old ones too."""
    error = refused(GOOD | {"SIGNPOST_SIGNING_KEYS": keys})
    assert error.field == "SIGNPOST_SIGNING_KEYS"


def test_problems_do_not_tell_secrets() -> None:
    """A key that is refused does not show up in the answer or the log."""
    error = refused(GOOD | {"SIGNPOST_SIGNING_KEYS": "hunter2hunter2"})
    assert "hunter2" not in str(error.document())


def test_webhook_problems_do_not_tell_secrets() -> None:
    """A webhook's URL holds a signature, so it is not repeated."""
    error = refused(GOOD | {"TEAMS_CHANNEL_WEBHOOK_URL": "https://evil.com/?sig=hunter2"})
    assert "hunter2" not in str(error.document())


def test_settings_are_not_printed() -> None:
    """A stray print or log line shows none of the secrets."""
    shown = repr(read(GOOD)) + str(read(GOOD))
    assert KEY not in shown
    assert "secret" not in shown


def test_azure_openai_is_called_keyless() -> None:
    """On Azure there is no model key, and the path is that of the v1 API."""
    config = read(GOOD)
    assert config.model_api_key is None
    assert config.model_base_url == "https://contoso.openai.azure.com/openai/v1"


def test_another_model_is_called_as_it_stands() -> None:
    """Any OpenAI-compatible URL replaces Azure OpenAI."""
    env = {name: value for name, value in LOCAL.items() if "OPENAI" not in name}
    config = read(env | {"MODEL_BASE_URL": "http://127.0.0.1:1/v1/", "MODEL_NAME": "small"})
    assert (config.model_base_url, config.model_name) == ("http://127.0.0.1:1/v1", "small")


def test_links_name_the_functions_host() -> None:
    """On Azure the platform's own name is used unless another is set."""
    env = {name: value for name, value in GOOD.items() if name != "SIGNPOST_BASE_URL"}
    config = read(env | {"WEBSITE_HOSTNAME": "signpost.azurewebsites.net"})
    assert config.base_url == "https://signpost.azurewebsites.net"


@pytest.mark.parametrize(
    "url", ["signpost", "ftp://x.com", "javascript:alert(1)", "https://", "http://x.com"]
)
def test_links_need_a_web_address(url: str) -> None:
    """Links that nobody could open, or that travel in the clear, are refused at the start."""
    assert refused(GOOD | {"SIGNPOST_BASE_URL": url}).field == "SIGNPOST_BASE_URL"


def test_azure_openai_is_called_over_tls() -> None:
    """The app's token for the model does not travel in the clear."""
    error = refused(GOOD | {"AZURE_OPENAI_ENDPOINT": "http://contoso.openai.azure.com"})
    assert error.field == "AZURE_OPENAI_ENDPOINT"


@pytest.mark.parametrize(
    "where",
    [
        "sqlite:/var/ledger.db",
        "tables:https://contoso.table.core.windows.net",
        "tables:https://contoso.table.core.windows.net/",
        "tables:https://contoso.table.core.chinacloudapi.cn",
        "tables:https://contoso.table.core.usgovcloudapi.net",
    ],
)
def test_ledgers_are_files_and_tables(where: str) -> None:
    """A file, or the tables of an account in any of Azure's clouds, opened without a key."""
    assert read(GOOD | {"SIGNPOST_LEDGER": where}).ledger == where


@pytest.mark.parametrize(
    "where",
    [
        "postgres://x",
        "ledger.db",
        "sqlite:",
        "tables:",
        "tables:contoso",
        "tables:http://contoso.table.core.windows.net",
        "tables:https://contoso.table.core.windows.net.evil.com",
        "tables:https://evil.com/contoso.table.core.windows.net",
        "tables:https://contoso.table.core.windows.net?sv=1&sig=hunter2",
        "tables:https://contoso.blob.core.windows.net",
        "tables:https://a@contoso.table.core.windows.net",
    ],
)
def test_ledger_of_unknown_kind_is_refused(where: str) -> None:
    """A typing mistake does not end in a file of that name, nor in another host."""
    for env in (GOOD, LOCAL):
        error = refused(env | {"SIGNPOST_LEDGER": where})
        assert error.field == "SIGNPOST_LEDGER"
        assert "hunter2" not in error.detail


@pytest.mark.parametrize(
    "connection",
    [
        "UseDevelopmentStorage=true",
        "AccountName=contoso;AccountKey=hunter2;TableEndpoint=http://127.0.0.1:10002/contoso",
        "TableEndpoint=https://contoso.table.core.windows.net;SharedAccessSignature=sig=hunter2",
    ],
)
def test_account_keys_are_for_one_machine(connection: str) -> None:
    """Elsewhere a key is refused with what to do instead, and not repeated."""
    setting = {"SIGNPOST_LEDGER": f"tables:{connection}"}
    assert read(LOCAL | setting).ledger == f"tables:{connection}"
    error = refused(GOOD | setting)
    assert error.field == "SIGNPOST_LEDGER"
    assert "role Storage Table Data Contributor" in error.detail
    assert "hunter2" not in error.detail


def test_keys_are_in_order() -> None:
    """The newest key signs, the others are still believed."""
    assert read(GOOD | {"SIGNPOST_SIGNING_KEYS": f" {'n' * 32} , {KEY}"}).signing_keys == (
        "n" * 32,
        KEY,
    )


def test_settings_are_frozen() -> None:
    """Nothing changes them after they were checked."""
    with pytest.raises(AttributeError):
        read(GOOD).ledger = "sqlite:another"  # type: ignore[misc] # which is what is proved


UNSAFE = [
    "http://prod.logic.azure.com/x",
    "ftp://prod.logic.azure.com/x",
    "file:///etc/passwd",
    "//prod.logic.azure.com/x",
    "prod.logic.azure.com/x",
    "https://",
    "https:///x",
    "https://logic.azure.com/x",
    "https://.logic.azure.com/x",
    "https://prod.logic.azure.com./x",
    "https://prodlogic.azure.com/x",
    "https://prod.logic.azure.com.evil.com/x",
    "https://evil.com/prod.logic.azure.com",
    "https://evil.com?.logic.azure.com",
    "https://evil.com#.logic.azure.com",
    "https://evil.com;.logic.azure.com",
    "https://prod.logic.azure.com#@evil.com/x",
    "https://prod.logic.azure.com/x#",
    "https://evil.com\\.logic.azure.com",
    "https://evil.com\\@prod.logic.azure.com",
    "https://prod.logic.azure.com\\@evil.com",
    "https://prod.logic.azure.com@evil.com",
    "https://user@prod.logic.azure.com",
    "https://user:pass@prod.logic.azure.com",
    "https://:pass@prod.logic.azure.com",
    "https://@prod.logic.azure.com",
    "https://evil.com%2f.logic.azure.com",
    "https://evil.com%00.logic.azure.com",
    "https://evil.com%23.logic.azure.com",
    "https://evil com.logic.azure.com",
    "https://evil.com\t.logic.azure.com",
    "https://evil.com\n.logic.azure.com",
    "https://evil.com\r\n.logic.azure.com",
    "https://prod.logic.azure\u3002com/x",
    "https://prod.logic.azur\u0435.com/x",
    "https://\u2460.logic.azure.com/x",
    "https://prod.logic.azure.com:8443/x",
    "https://prod.logic.azure.com:99999/x",
    "https://prod.logic.azure.com:x/x",
    "https://prod.logic.azure.com:0/x",
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://[::1]/x",
    "https://[::1.logic.azure.com/x",
    "https://[::ffff:169.254.169.254]/x",
    "https://169.254.169.254/metadata/identity",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://10.0.0.1/x",
    "https://metadata.internal/x",
    "data:text/plain,x",
    "https://a,b.logic.azure.com/x",
]
NOT_EVEN_LOCALLY = [
    "file://localhost/etc/passwd",
    "ftp://127.0.0.1/x",
    "http://127.0.0.1@evil.com/x",
    "http://user@127.0.0.1/x",
    "http://localhost.evil.com/x",
    "http://127.0.0.1.evil.com/x",
    "http://169.254.169.254/x",
    "http://0.0.0.0/x",
    "http://127.0.0.1\\@evil.com/x",
    "http://localhost:99999/x",
    "http://[::1/x",
]


def test_the_table_of_unsafe_urls_is_long() -> None:
    """The bar is 40 variants."""
    assert len(set(UNSAFE)) >= 40


@pytest.mark.parametrize("name", ["TEAMS_CHANNEL_WEBHOOK_URL", "TEAMS_CHAT_WEBHOOK_URL"])
@pytest.mark.parametrize("url", [*UNSAFE, *NOT_EVEN_LOCALLY], ids=ascii)
def test_only_workflows_are_sent_to(name: str, url: str) -> None:
    """A webhook can't point the app at another host, inwards least of all."""
    assert refused(GOOD | {name: url}).field == name


@pytest.mark.parametrize("url", NOT_EVEN_LOCALLY, ids=ascii)
def test_locally_only_loopback_is_added(url: str) -> None:
    """On one machine loopback may be sent to as well, and nothing that only looks like it."""
    assert refused(LOCAL | {"TEAMS_CHANNEL_WEBHOOK_URL": url}).field == "TEAMS_CHANNEL_WEBHOOK_URL"


@pytest.mark.parametrize("host", ["127.0.0.1:7072", "localhost", "[::1]:1"])
def test_loopback_is_for_one_machine(host: str) -> None:
    """The same URL that is good locally is refused elsewhere."""
    webhook = {"TEAMS_CHANNEL_WEBHOOK_URL": f"http://{host}/channel"}
    assert read(LOCAL | webhook).channel_webhook_url == webhook["TEAMS_CHANNEL_WEBHOOK_URL"]
    assert refused(GOOD | webhook).field == "TEAMS_CHANNEL_WEBHOOK_URL"


@pytest.mark.parametrize(
    "url", [WORKFLOW, "https://default1.2a.environment.api.powerplatform.com:443/powerautomate/x"]
)
def test_workflow_urls_are_taken(url: str) -> None:
    """Both hosts that Teams' Workflows show are known."""
    assert read(GOOD | {"TEAMS_CHANNEL_WEBHOOK_URL": url}).channel_webhook_url == url


TENANT = "aaaaaaaa-0000-0000-0000-00000000000a"
ENTRA = GOOD | {
    "SIGNPOST_SIGN_IN": "on",
    "SIGNPOST_TENANT_ID": TENANT,
    "WEBSITE_AUTH_ENABLED": "True",
}
SWITCH = LOCAL | {"SIGNPOST_SIGN_IN": "local"}


@pytest.mark.parametrize("value", [None, "", " ", "off"])
def test_nobody_signs_in_unless_told(value: str | None) -> None:
    """Keys and links are what is checked at first."""
    config = read(GOOD if value is None else GOOD | {"SIGNPOST_SIGN_IN": value})
    assert (config.sign_in, config.tenant_id, config.operators) == ("off", None, ())


@pytest.mark.parametrize("mode", ["on", "required"])
def test_sign_in_believes_one_tenant(mode: str) -> None:
    """Whose people sign in is told, and kept in lower case for comparing."""
    env = ENTRA | {"SIGNPOST_SIGN_IN": mode, "SIGNPOST_TENANT_ID": TENANT.upper()}
    config = read(env)
    assert (config.sign_in, config.tenant_id) == (mode, TENANT)


@pytest.mark.parametrize("mode", ["On", "true", "entra", "on;required"])
def test_unknown_ways_to_sign_in_are_refused(mode: str) -> None:
    """A typing mistake doesn't switch signing in off."""
    error = refused(ENTRA | {"SIGNPOST_SIGN_IN": mode})
    assert error.field == "SIGNPOST_SIGN_IN"
    assert "off, on, required, local" in error.detail


@pytest.mark.parametrize("mode", ["on", "required"])
@pytest.mark.parametrize("value", ["", "False", "0", "yes"])
def test_a_header_that_anybody_can_send_is_not_believed(mode: str, value: str) -> None:
    """Without the platform's authentication nothing takes forged headers out."""
    error = refused(ENTRA | {"SIGNPOST_SIGN_IN": mode, "WEBSITE_AUTH_ENABLED": value})
    assert error.field == "SIGNPOST_SIGN_IN"
    assert "forge" in error.detail


@pytest.mark.parametrize("tenant", ["", "contoso.onmicrosoft.com", "common", f"{TENANT}0", "*"])
def test_the_tenant_is_told_by_id(tenant: str) -> None:
    """A domain's name or `common` would not say whose people are meant."""
    assert refused(ENTRA | {"SIGNPOST_TENANT_ID": tenant}).field == "SIGNPOST_TENANT_ID"


def test_the_switch_is_for_one_machine() -> None:
    """Saying who one is counts only where the developer is alone."""
    assert read(SWITCH).sign_in == "local"
    assert read(SWITCH | {"WEBSITE_HOSTNAME": "localhost:7071"}).sign_in == "local"
    assert refused(GOOD | {"SIGNPOST_SIGN_IN": "local"}).field == "SIGNPOST_SIGN_IN"


@pytest.mark.parametrize(
    "host", ["signpost.azurewebsites.net", "localhost.evil.com", "x@localhost", "[::1"]
)
def test_the_switch_does_not_travel_to_azure(host: str) -> None:
    """Local settings that were published with an app by mistake open nothing."""
    assert refused(SWITCH | {"WEBSITE_HOSTNAME": host}).field == "SIGNPOST_SIGN_IN"


def test_operators_are_people_and_ids() -> None:
    """They are split as *Assigned To* is, nobody twice."""
    named = f"adele@contoso.com; {TENANT};Adele@contoso.com;"
    assert read(GOOD | {"SIGNPOST_OPERATORS": named}).operators == ("adele@contoso.com", TENANT)


@pytest.mark.parametrize("named", ["Editors", "adele@contoso.com, alex@contoso.com", "a@x;adele"])
def test_operators_who_are_nobody_are_refused(named: str) -> None:
    """A list or a wrong separator doesn't end as an operator who never comes."""
    error = refused(GOOD | {"SIGNPOST_OPERATORS": named})
    assert error.field == "SIGNPOST_OPERATORS"
    assert not any(part in error.detail for part in ("Editors", "adele", "a@x"))
