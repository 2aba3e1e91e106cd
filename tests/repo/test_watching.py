"""Alerts and workbook ask for what the app tells, in tables and columns that there are."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest
import yaml

from signpost.contracts import DeliveryState, Drafted
from signpost.model.outcomes import Kind
from signpost.telemetry.names import METRICS, SPANS
from tests.repo.sources import read

ALERTS = "infra/modules/alerts.yaml"
WORKBOOK = "infra/modules/workbook.json"
# https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics, and its neighbours.
COMMON = {"AppRoleInstance", "AppRoleName", "OperationId", "OperationName", "ParentId"}
COMMON |= {"ItemCount", "Measurements", "Properties", "TimeGenerated"}
CALLS = {"DurationMs", "Id", "Name", "PerformanceBucket", "ResultCode", "Success"}
COLUMNS = {
    "AppDependencies": COMMON | CALLS | {"Data", "DependencyType", "Target"},
    "AppExceptions": COMMON | {"ExceptionType", "InnermostType", "Method", "ProblemId"},
    "AppMetrics": COMMON | {"Max", "Min", "Name", "Sum"},
    "AppRequests": COMMON | CALLS | {"Source", "Url"},
    "AppTraces": COMMON | {"Message", "SeverityLevel"},
}
WORDS = {"and", "by", "desc", "extend", "false", "has", "in", "or", "order", "project", "summarize"}
WORDS |= {"top", "union", "where"}
FUNCTIONS = {"arg_max", "bin", "coalesce", "count", "iff", "in", "max", "now", "percentilew"}
FUNCTIONS |= {"round", "strcat", "sum", "toint", "tostring"}
TOKEN = re.compile(r'"[^"]*"|[.]?\b[A-Za-z_]\w*(?:\s*=(?![=~]))?(?:\()?')
# The windows and frequencies of log search alerts that are used here, in minutes.
MINUTES = {"PT15M": 15, "PT30M": 30, "PT1H": 60, "PT2H": 120}
TIME = re.compile(r"\{TimeRange(:grain)?\}")


class Query(NamedTuple):
    """A query in KQL and where it stands."""

    name: str
    text: str

    @property
    def tables(self) -> set[str]:
        """Return the tables it reads: the names before the first pipe."""
        return set(re.findall(r"\bApp\w+", self.text.split("|")[0]))

    @property
    def told(self) -> set[str]:
        """Return the names of ours that it asks for."""
        return set(re.findall(r'"(signpost\.[\w.]+)"', self.text))

    def unknown(self) -> set[str]:
        """Return the words that are neither columns of its tables nor names it gives itself."""
        words = TOKEN.findall(TIME.sub("", self.text))
        given = {word.rstrip(" =") for word in words if word.endswith("=")}
        known = WORDS | given | self.tables | {f"{name}(" for name in FUNCTIONS}
        known = known.union(*(COLUMNS.get(table, set()) for table in self.tables))
        return {word for word in words if word[0] not in '".' and not word.endswith("=")} - known


def rules() -> list[dict[str, Any]]:
    """Return the rules of all alerts."""
    return [rule for some in yaml.safe_load(read(ALERTS)).values() for rule in some]


def tiles() -> list[dict[str, Any]]:
    """Return the workbook's items that ask for something."""
    return [item for item in json.loads(read(WORKBOOK))["items"] if item["type"] == 3]


def queries() -> list[Query]:
    """Return all queries, of alerts and workbook."""
    return [
        *(Query(f"alert {rule['name']}", rule["query"]) for rule in rules()),
        *(Query(f"tile {tile['name']}", tile["content"]["query"]) for tile in tiles()),
    ]


def each_query() -> pytest.MarkDecorator:
    """Run a test with each query."""
    return pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)


@each_query()
def test_queries_ask_real_columns(query: Query) -> None:
    """A query reads known tables, and of them only columns that they have."""
    assert query.tables
    assert query.tables <= COLUMNS.keys()
    assert query.unknown() == set()


@each_query()
def test_queries_ask_for_what_the_app_tells(query: Query) -> None:
    """Each name is that of a metric, or of a span with its attributes."""
    told = {metric.name for metric in METRICS} | {span.name for span in SPANS}
    told |= {attribute for span in SPANS for attribute in span.told}
    assert query.told <= told


@each_query()
def test_metrics_are_split_as_they_are_told(query: Query) -> None:
    """A query splits and filters a metric only by attributes that its points carry."""
    known = {key for metric in METRICS if metric.name in query.told for key in metric.by}
    asked = set(re.findall(r"Properties\.(\w+)", query.text)) - {"Category"}
    assert asked <= known


@each_query()
def test_spans_are_split_as_they_are_told(query: Query) -> None:
    """A query asks of a span only attributes that it has."""
    known = {key for span in SPANS if span.name in query.told for key in span.told}
    assert set(re.findall(r'Properties\["([\w.]+)"\]', query.text)) <= known


@each_query()
def test_queries_compare_with_values_that_occur(query: Query) -> None:
    """An outcome, state or kind that no point carries would never be found."""
    ended = get_args(get_args(get_type_hints(Drafted)["outcome"])[0])
    values = {"outcome": ended, "state": get_args(DeliveryState), "kind": get_args(Kind)}
    for key, told in values.items():
        compared = re.findall(rf'\.{key}["\])]* (?:==|in) (\([^)]*\)|"[^"]*")', query.text)
        assert set(re.findall(r'"([^"]+)"', "".join(compared))) <= set(told)


def test_alerts_bring_the_columns_that_they_ask_for() -> None:
    """Where a table is not there yet, the empty one beside it has what the query names."""
    brought = dict(
        re.findall(r"^  (App\w+): '(.+)'$", read("infra/modules/alerts.bicep"), re.MULTILINE)
    )
    for rule in rules():
        table = rule["query"].split("\n")[0]
        asked = set(re.findall(r"\w+", rule["query"])) & COLUMNS[table]
        assert asked | {"TimeGenerated"} <= set(re.findall(r"(\w+):", brought[table]))


def test_workbook_shows_every_metric() -> None:
    """Nothing is counted that nobody can look at."""
    shown = set().union(*(Query("", tile["content"]["query"]).told for tile in tiles()))
    assert {metric.name for metric in METRICS} - shown == set()


def test_workbook_is_one() -> None:
    """The portal reads this version, and tells items apart by their names."""
    workbook = json.loads(read(WORKBOOK))
    names = [item["name"] for item in workbook["items"]]
    assert workbook["version"] == "Notebook/1.0"
    assert f"version: '{workbook['version']}'" in read("infra/modules/workbook.bicep")
    assert len(set(names)) == len(names)


def test_tiles_ask_the_workspace_in_the_chosen_time() -> None:
    """Every tile follows the time that is chosen above, and asks where the tables are."""
    for content in (tile["content"] for tile in tiles()):
        assert content["version"] == "KqlItem/1.0"
        assert content["timeContextFromParameter"] == "TimeRange"
        assert content["resourceType"] == "microsoft.operationalinsights/workspaces"


def test_workbook_gets_its_workspace() -> None:
    """The one placeholder in it is what the module replaces."""
    assert re.findall(r"<\w+>", read(WORKBOOK)) == ["<workspaceId>"]
    assert "'<workspaceId>', workspaceId)" in read("infra/modules/workbook.bicep")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["name"])
def test_rules_are_whole(rule: dict[str, Any]) -> None:
    """A rule has all that the module reads, and looks back further than to its last look."""
    used = set(re.findall(r"\brule\.(\w+)", read("infra/modules/alerts.bicep")))
    assert rule.keys() == used
    assert 0 <= rule["severity"] <= 4
    assert MINUTES[rule["window"]] > MINUTES[rule["frequency"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["name"])
def test_rows_of_alerts_have_a_time(rule: dict[str, Any]) -> None:
    """What an alert counts says when it happened."""
    assert re.search(r"\| (project|extend) TimeGenerated\b", rule["query"].splitlines()[-1])


def test_rules_have_names_of_their_own() -> None:
    """Two rules of one name would be one resource."""
    names = [rule["name"] for rule in rules()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("wrong", ["AppMetrics | where Nam == 1", "AppTraces | where Sum > 0"])
def test_wrong_columns_are_seen(wrong: str) -> None:
    """The check itself finds a column that is misspelt, or another table's."""
    assert Query("wrong", wrong).unknown()
