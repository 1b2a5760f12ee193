"""Settings: where they are found, what they may hold, and what happens if they do not."""

from __future__ import annotations

import json
import tomllib

import jsonschema
import pytest

from dfix.cli import loading
from dfix.cli.schema import schema
from dfix.cli.settings import SETTINGS, WHOLE_RUN, SettingsError, flattened
from dfix.refactor.config import Config, SplitConfig

CHANGING = "FROM scratch\nMAINTAINER ann\n"


@pytest.fixture
def settings(here):
    def load(path="Dockerfile"):
        loading._in_folder.cache_clear()
        file = here / path
        return loading.settings_for(
            str(file), str(here), loading.source_for(str(file.parent), str(here))
        )

    return load


def test_without_a_file_every_setting_has_its_default(settings):
    assert settings().config == Config()
    assert settings().source == ""


def test_every_field_of_the_configuration_has_a_setting_and_every_setting_a_home():
    own = {*Config._fields} - {"split"}
    split = {f"split.{name}" for name in SplitConfig._fields}
    named = {name.replace("-", "_") for name in SETTINGS}
    assert named == own | split | {
        "level",
        "only",
        "skip",
        *(n.replace("-", "_") for n in WHOLE_RUN),
    }


def test_the_defaults_that_are_words_are_among_the_words():
    assert Config().declare_syntax in SETTINGS["declare-syntax"].words
    assert SplitConfig().runtime in SETTINGS["split.runtime"].words


def test_a_dfix_toml_is_read(settings, put):
    put(
        "dfix.toml", 'builder = "kaniko"\nlevel = "safe"\n[split]\nruntime = "slim"\npure = ["a"]\n'
    )
    assert settings().config == Config(
        builder="kaniko", split=SplitConfig(runtime="slim", pure=("a",))
    )
    assert settings().level == "safe"


def test_a_pyproject_is_read_and_dfix_toml_wins(settings, put):
    put("pyproject.toml", '[tool.dfix]\nbuilder = "kaniko"\n')
    assert settings().config.builder == "kaniko"
    put("dfix.toml", 'builder = "buildah"\n')
    assert settings().config.builder == "buildah"


def test_a_pyproject_of_other_tools_is_passed_by(settings, put):
    put("dfix.toml", 'builder = "kaniko"\n')
    put("web/pyproject.toml", '[project]\nname = "about-dfix"\n')
    assert settings("web/Dockerfile").config.builder == "kaniko"


def test_the_nearest_folder_counts_and_files_are_not_merged(settings, put):
    put("dfix.toml", 'builder = "kaniko"\ntarget = "prod"\n')
    put("web/dfix.toml", 'builder = "buildah"\n')
    assert settings("web/Dockerfile").config == Config(builder="buildah")
    assert settings("api/Dockerfile").config.target == "prod"


def test_nothing_above_the_project_is_read(put, here):
    put("dfix.toml", 'builder = "kaniko"\n')
    loading._in_folder.cache_clear()
    assert loading.source_for(str(here / "web"), str(here / "web")) == loading.NONE


def test_overrides_hold_for_their_paths_the_last_one_wins(settings, put):
    put(
        "dfix.toml",
        'builder = "kaniko"\n[[overrides]]\npaths = ["legacy/**"]\nbuilder = "docker"\nskip = ["a"]\n'
        '[[overrides]]\npaths = ["*.dev"]\nbuilder = "buildah"\n',
    )
    assert settings("Dockerfile").config.builder == "kaniko"
    assert settings("legacy/x/Dockerfile").config.builder == "docker"
    assert settings("legacy/x/Dockerfile").words("skip") == ("a",)
    assert settings("legacy/Dockerfile.dev").config.builder == "buildah"


def test_the_context_is_relative_to_the_configuration(settings, put):
    put("web/dfix.toml", 'context = ".."\n')
    assert settings("web/docker/Dockerfile").config.context == "."
    put("web/dfix.toml", 'context = "../.."\n')
    with pytest.raises(SettingsError, match="outside the project"):
        settings("web/docker/Dockerfile")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("levle = 1", "there is no setting levle: did you mean level?"),
        ("declare_syntax = 'auto'", "did you mean declare-syntax?"),
        ("[split]\nartifacts = []", "did you mean split.artefacts?"),
        ("[spilt]\npure = []", "did you mean split?"),
        ("zzz = 1", "dfix config schema lists those that exist"),
        ("level = 'reckless'", "level must be one of safe, review, bold, not 'reckless'"),
        ("only = 'a'", "only must be a list of strings, not 'a'"),
        ("only = [1]", "only must be a list of strings"),
        ("builder = 1", "builder must be a string, not 1"),
        ("force-exclude = 'yes'", "force-exclude must be true or false"),
        ("oldest-engine = 'new'", 'oldest-engine must be a version such as "23.0"'),
        ("base-images = 1", "base-images must be a table of strings"),
        ("split = 1", "there is no setting split"),
        ("[[overrides]]\nlevel = 'safe'", 'an [[overrides]] table needs paths = ["..."]'),
        ("[[overrides]]\npaths = ['a']\nexclude = ['b']", "exclude holds for a whole run"),
        ("level = ", "dfix.toml: "),
    ],
)
def test_what_means_nothing_is_an_error_that_names_the_cure(settings, put, text, words):
    put("dfix.toml", text)
    with pytest.raises(SettingsError) as raised:
        settings()
    assert words in str(raised.value)
    assert "dfix.toml" in str(raised.value)


GOOD = """
level = "safe"
only = ["a"]
exclude = ["x"]
oldest-engine = "24.0"
base-images = { "acme/py" = "python:3.12" }
[split]
runtime = "slim"
shell = false
[[overrides]]
paths = ["a"]
target = "prod"
"""


def test_the_schema_takes_what_the_reader_takes():
    table = tomllib.loads(GOOD)
    jsonschema.validate(table, schema())
    table.pop("overrides")
    assert flattened(table, "x")["split.runtime"] == "slim"


@pytest.mark.parametrize(
    "text", ["levle = 1", "level = 'x'", "[split]\nx = 1", "[[overrides]]\nlevel = 'safe'"]
)
def test_the_schema_refuses_what_the_reader_refuses(text):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), schema())


def test_a_bad_setting_is_named_once_a_file_and_other_projects_go_on(dfix, put):
    put("a/dfix.toml", "levle = 1")
    put("a/Dockerfile", CHANGING)
    put("b/Dockerfile", CHANGING)
    result = dfix("--check")
    assert result.exit_code == 2
    assert result.stderr.count("did you mean level?") == 1


def test_the_command_line_wins_over_settings(dfix, put):
    put("dfix.toml", 'skip = ["shout-maintainer"]\nlevel = "bold"\n')
    put("Dockerfile", "FROM scratch\nCMD old\nMAINTAINER ann\n")
    assert "MAINTAINER ANN" not in dfix("--diff").stdout
    assert "CMD new" in dfix("--diff").stdout
    assert "CMD new" not in dfix("--diff", "--level", "safe").stdout
    assert "MAINTAINER ANN" in dfix("--diff", "--isolated").stdout


def test_a_named_configuration_is_read_instead(dfix, put):
    put("dfix.toml", 'skip = ["shout-maintainer"]\n')
    put("other.toml", 'level = "safe"\n')
    put("Dockerfile", CHANGING)
    assert dfix("--check", "--config", "other.toml").exit_code == 1
    assert dfix("--check", "--config", "missing.toml").exit_code == 2


def test_a_transform_in_the_settings_that_does_not_exist_is_an_error(dfix, put):
    put("dfix.toml", 'skip = ["shout-maintainr"]\n')
    put("Dockerfile", CHANGING)
    result = dfix("--check")
    assert result.exit_code == 2
    assert "did you mean shout-maintainer?" in result.stderr


def test_excluded_files_are_left_out_unless_named_and_then_if_forced(dfix, put):
    put("dfix.toml", 'exclude = ["old/"]\n')
    put("old/Dockerfile", CHANGING)
    assert dfix("--check").exit_code == 0
    assert dfix("--check", "old/Dockerfile").exit_code == 1
    assert dfix("--check", "--force-exclude", "old/Dockerfile").exit_code == 0


def test_config_show_prints_what_holds_as_toml(dfix, put):
    put("dfix.toml", GOOD)
    shown = dfix("config", "show", "a").stdout
    assert shown.startswith("# ")
    values = tomllib.loads(shown)
    assert (values["target"], values["split"]["runtime"]) == ("prod", "slim")
    assert values["base-images"] == {"acme/py": "python:3.12"}


def test_config_schema_prints_the_schema(dfix):
    assert json.loads(dfix("config", "schema").stdout) == schema()


def test_a_context_outside_the_project_is_an_error(dfix, put):
    put("Dockerfile", CHANGING)
    result = dfix("--context", "..")
    assert result.exit_code == 2
    assert "outside the project" in result.stderr
