"""scripts/arm_types reads its sources as they are published: run on made-up ones of that form."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.repo.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

Entry = dict[str, Any]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG = {"extensions": {"graph": "br:registry.contoso.com/extensions/microsoftgraph/v1.0:1.2.0"}}
THINGS, PARTS = "Made.Up/things@2026-01-01", "Made.Up/things/parts@2025-06-01"
GROUPS = "Microsoft.Graph/groups@v1.0"
GROUP = f"resource group '{GROUPS}' = {{ name: 'a' }}\n"
PART = f"resource part '{PARTS}' = {{ name: 'big', size: 'a' }}\n"
THING = f"""resource thing '{THINGS}' = {{
  name: 'a', kind: 'Hot', days: 2, on: true, free: {{}}
  list: [{{ list: [] }}]
  tags: {{ a: 'b' }}
}}
"""


def link(place: int, path: str = "") -> dict[str, str]:
    """Return a reference in the form of the sources."""
    return {"$ref": f"{path}#/{place}"}


def kind(named: str, /, **more: object) -> Entry:
    """Return one entry of a file of types."""
    return {"$type": named} | more


def members(**pairs: tuple[int, int]) -> dict[str, Entry]:
    """Return properties, given as place and flags."""
    return {
        name: {"type": link(place), "flags": flags, "description": f"The {name}."}
        for name, (place, flags) in pairs.items()
    }


OF_THINGS = [
    kind("StringType"),
    kind("StringType", sensitive=True, minLength=3, maxLength=24, pattern="^[a-z]+$"),
    kind("StringLiteralType", value="Hot"),
    kind("UnionType", elements=[link(2), link(0)]),
    kind("IntegerType", minValue=1, maxValue=365),
    kind("BooleanType"),
    kind("AnyType"),
    kind("ArrayType", itemType=link(8), minLength=1, maxLength=5),
    kind("ObjectType", name="Item", properties=members(list=(7, 0))),
    kind("ObjectType", name="Tags", properties={}, additionalProperties=link(0)),
    kind(
        "ObjectType",
        name="Made.Up/things",
        properties=members(
            id=(0, 10), name=(1, 1 | 8 | 16), kind=(3, 0), days=(4, 4), on=(5, 2), free=(6, 0)
        )
        | members(list=(7, 0), tags=(9, 0), unused=(11, 1)),
    ),
    kind("ResourceFunctionType", name="listKeys", resourceType="Made.Up/things", output=link(9)),
    kind("ResourceType", name=THINGS, body=link(10), readableScopes=8, writableScopes=8),
]
NODES_OF_THINGS = [
    {"kind": "cut"},
    {
        "kind": "object",
        "props": {"id": [2, 2], "name": [3, 1], "kind": 4, "days": 6, "on": [7, 2], "free": 8}
        | {"list": 9, "tags": 11, "unused": [0, 1]},
    },
    {"kind": "string"},
    {"kind": "string", "min": 3, "max": 24, "pattern": "^[a-z]+$"},
    {"kind": "union", "of": [5, 2]},
    {"kind": "literal", "value": "Hot"},
    {"kind": "int", "min": 1, "max": 365},
    {"kind": "bool"},
    {"kind": "any"},
    {"kind": "array", "min": 1, "max": 5, "item": 10},
    {"kind": "object", "props": {"list": 9}},
    {"kind": "object", "props": {}, "extra": 2},
]

OF_PARTS = [
    kind("StringLiteralType", value="big"),
    kind("StringLiteralType", value="small"),
    kind("StringType"),
    kind("ObjectType", name="Big", properties=members(name=(0, 1), size=(2, 0))),
    kind("ObjectType", name="Small", properties=members(name=(1, 1))),
    kind(
        "DiscriminatedObjectType",
        name="made.up/things/parts",
        discriminator="name",
        baseProperties=members(id=(2, 2)),
        elements={"small": link(4), "big": link(3)},
    ),
    kind("ResourceType", name=PARTS, body=link(5), readableScopes=0, writableScopes=8),
]
NODES_OF_PARTS = [
    {"kind": "cut"},
    {"kind": "tagged", "tag": "name", "props": {"id": [2, 2]}, "cases": {"big": 3, "small": 5}},
    {"kind": "string"},
    {"kind": "object", "props": {"name": [4, 1], "size": 2}},
    {"kind": "literal", "value": "big"},
    {"kind": "object", "props": {"name": [6, 1]}},
    {"kind": "literal", "value": "small"},
]

OF_GROUPS = [
    kind("StringType"),
    kind("ObjectType", name="Microsoft.Graph/groups", properties=members(name=(0, 1))),
    kind("ResourceType", name=GROUPS, body=link(1), readableScopes=1, writableScopes=1),
]


def write(path: Path, content: object) -> Path:
    """Write JSON, in a folder that is made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")
    return path


@dataclass
class World:
    """A repository with our script, and both sources."""

    repository: Path
    azure: Path
    graph: Path

    def run(self, bicep: str) -> subprocess.CompletedProcess[str]:
        """Run the script with this template in infra/."""
        (self.repository / "infra/main.bicep").write_text(bicep, "utf-8")
        command = [sys.executable, "scripts/arm_types", str(self.azure), str(self.graph)]
        return subprocess.run(
            command, cwd=self.repository, capture_output=True, text=True, check=False
        )

    def written(self, bicep: str) -> dict[str, Any]:
        """Return what it writes for this template."""
        done = self.run(bicep)
        assert done.returncode == 0, done.stderr
        path = self.repository / "tests/repo/infra/arm_types.json"
        read: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return read


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Lay out the archive of a commit of one source, and the release folder of the other."""
    repository, azure = tmp_path / "repository", tmp_path / f"bicep-types-az-{COMMIT}/generated"
    write(repository / "infra/access/bicepconfig.json", CONFIG)
    for folder in ("scripts", "tests/repo/infra"):
        (repository / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts/arm_types", repository / "scripts/arm_types")
    things, parts = "made_0/made.up/2026-01-01/types.json", "made_1/made.up/2025-06-01/types.json"
    listed = {THINGS.replace("Made.Up", "made.up"): link(12, things), PARTS: link(6, parts)}
    index = write(azure / "index.json", {"resources": listed, "resourceFunctions": {}})
    os.utime(index, (1_780_000_000, 1_780_000_000))  # 2026-05-28
    write(azure / things, OF_THINGS)
    write(azure / parts, OF_PARTS)
    graph = tmp_path / f"msgraph-bicep-types-{COMMIT}/generated"
    released = graph / "microsoftgraph/microsoft.graph/v1.0/1.2.0"
    write(released / "index.json", {"resources": {GROUPS: link(2, "types.json")}})
    write(released / "types.json", OF_GROUPS)
    return World(repository, azure, graph)


def test_every_kind_is_written_and_what_is_not_named_is_cut(world: World) -> None:
    """Limits, open values, shapes inside themselves and two flags stay; the function isn't read."""
    written = world.written(THING)
    assert written["types"] == {THINGS: 1}
    assert written["nodes"] == NODES_OF_THINGS


def test_a_shape_that_depends_on_a_name_keeps_its_cases(world: World) -> None:
    """Common properties, the deciding property, and a shape for each of its values."""
    written = world.written(PART)
    assert written["types"] == {PARTS: 1}
    assert written["nodes"] == NODES_OF_PARTS


def test_of_known_types_only_the_cases_in_use_are_written(world: World) -> None:
    """Of a site's settings, of which there are a dozen kinds, two are kept."""
    text = json.dumps(OF_PARTS).replace("made.up/things/parts", "microsoft.web/sites/config")
    text = text.replace('"small": {', '"appsettings": {').replace('"big": {', '"logs": {')
    entries = json.loads(text)
    entries[5]["elements"]["authsettingsV2"] = link(4)
    write(world.azure / "made_1/made.up/2025-06-01/types.json", entries)
    [node] = [each for each in world.written(PART)["nodes"] if each["kind"] == "tagged"]
    assert list(node["cases"]) == ["appsettings", "authsettingsV2"]


def test_equal_shapes_of_several_files_are_written_once(world: World) -> None:
    """The types of both sources share their strings, and what is made of them."""
    nodes = world.written(THING + PART + GROUP)["nodes"]
    assert nodes.count({"kind": "string"}) == 1
    assert len(nodes) == len({json.dumps(node) for node in nodes})


def test_a_resource_inside_another_has_its_version(world: World) -> None:
    """It is looked up under both names."""
    nested = "  resource part 'parts' = { name: 'big', size: 'a' }\n"
    done = world.run(THING + nested)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "no shape of Made.Up/things/parts@2026-01-01; the index has 2025-06-01"
    )


def test_archives_are_known_by_their_names(world: World) -> None:
    """The commit is that of the folder, the day that of the index, and the release is told."""
    written = world.written(GROUP)
    of_azure = {"snapshot": "2026-05-28", "commit": COMMIT, "licence": "MIT"}
    assert written["sources"]["Azure/bicep-types-az"] == of_azure
    of_graph = written["sources"]["microsoftgraph/msgraph-bicep-types"]
    assert (of_graph["commit"], of_graph["types"]) == (COMMIT, "v1.0, 1.2.0")
    assert "The above copyright notice" in written["licence"][2]


def committed(folder: Path, *what: str) -> str:
    """Make a repository of a folder, commit files of it on a known day, and return the commit."""
    late = os.environ | {"GIT_COMMITTER_DATE": "2026-06-30T12:00:00Z"}
    commit = ["-c", "user.name=Adele", "-c", "user.email=adele@contoso.com", "commit", "-q"]
    for words in (["init", "-q"], ["add", *what], [*commit, "--allow-empty", "-m", "Update"]):
        subprocess.run(["git", *words], cwd=folder, env=late, check=True, capture_output=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()


def test_checkouts_are_known_by_git(world: World, tmp_path: Path) -> None:
    """Commit and day are those of the last commit."""
    world.azure = world.azure.parent.rename(tmp_path / "bicep-types-az") / "generated"
    commit = committed(world.azure.parent, "generated")
    about = {"snapshot": "2026-06-30", "commit": commit, "licence": "MIT"}
    assert world.written(THING)["sources"]["Azure/bicep-types-az"] == about


def test_sources_of_no_known_commit_are_refused(world: World, tmp_path: Path) -> None:
    """Nothing is written that can't be traced, not with the commit of a repository around it."""
    world.azure = world.azure.parent.rename(tmp_path / "bicep-types-az") / "generated"
    committed(tmp_path, "repository/scripts")
    done = world.run(THING)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{world.azure} is of no known commit: give a checkout" in done.stderr
    assert not (world.repository / "tests/repo/infra/arm_types.json").exists()


def test_a_release_that_the_source_lacks_is_named(world: World) -> None:
    """The folder is told that bicepconfig.json asks for."""
    text = json.dumps(CONFIG).replace("1.2.0", "9.0.0")
    write(world.repository / "infra/access/bicepconfig.json", json.loads(text))
    assert "v1.0/9.0.0/index.json is missing: give the folder" in world.run(GROUP).stderr


def test_a_kind_that_nobody_knows_is_named(world: World) -> None:
    """A new kind in the sources is told with its place, not passed over."""
    entries = [*OF_GROUPS]
    entries[0] = kind("NullType")
    released = world.graph / "microsoftgraph/microsoft.graph/v1.0/1.2.0"
    write(released / "types.json", entries)
    assert "types.json#/0 is a NullType: teach it" in world.run(GROUP).stderr
