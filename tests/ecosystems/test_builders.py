"""Builders: what is claimed has a source, and what is not known is not claimed."""

from __future__ import annotations

import pytest

from dfix.ecosystems import builders
from dfix.ecosystems.builders import CAPABILITIES, Builder, builder
from dfix.ecosystems.facts import Known, Unknown
from dfix.ecosystems.tables import table


def _known(name: str) -> Builder:
    found = builder(name)
    assert isinstance(found, Builder)
    return found


@pytest.mark.parametrize("name", builders.builders())
def test_each_row_says_only_what_the_schema_knows(name) -> None:
    row = table(builders.__file__, "builders")[name]
    assert row["source"]["*"].startswith("https://")
    assert set(row) <= {*CAPABILITIES, "source", "like"}
    assert set(row["source"]) <= {*CAPABILITIES, "*"}
    assert "like" in row or set(CAPABILITIES) <= set(row)
    assert all(row[each] in (True, False, "unknown") for each in CAPABILITIES if each in row)
    for fact in _known(name).facts.values():
        assert "https://" in (fact.source if isinstance(fact, Known) else fact.why)


def test_another_builder_is_unknown() -> None:
    assert builder("nobody") == Unknown("what nobody can build is not known")


def test_current_buildkit_has_what_dockerfiles_use() -> None:
    shown = _known("buildkit")
    assert all(shown.capability(each) for each in CAPABILITIES if each != "persistent_cache")
    assert shown.capability("persistent_cache") is None


@pytest.mark.parametrize(
    "name",
    [
        "docker-legacy",
        "docker-20",
        "kaniko",
        "cloudbuild-docker",
        "cloud-run",
        "acr",
        "railway",
        "heroku",
        "caprover",
    ],
)
def test_these_fail_at_a_cache_mount(name) -> None:
    assert _known(name).capability("cache_mount") is False


def test_podman_and_buildah_are_one_builder() -> None:
    assert [_known("podman").capability(each) for each in CAPABILITIES] == [
        _known("buildah").capability(each) for each in CAPABILITIES
    ]
    assert _known("podman").capability("syntax_pull") is False


def test_kaniko_skips_what_a_heredoc_says() -> None:
    assert _known("kaniko").capability("heredoc") is False
    assert _known("kaniko-osscontainertools").capability("heredoc") is True
    assert _known("kaniko-osscontainertools").capability("cache_mount") is None
    assert _known("kaniko-osscontainertools").capability("bind_mount") is False


def test_an_older_engine_has_mounts_only_with_buildkit() -> None:
    with_it, without = _known("docker-20-buildkit"), _known("docker-20")
    assert (with_it.capability("cache_mount"), without.capability("cache_mount")) == (True, False)
    assert with_it.capability("heredoc") is with_it.capability("link") is False


@pytest.mark.parametrize("name", ["codebuild", "openshift", "digitalocean", "drone-docker"])
def test_of_these_no_source_says_it(name) -> None:
    assert _known(name).capability("cache_mount") is None


@pytest.mark.parametrize("name", ["depot", "docker-build-cloud"])
def test_these_keep_their_caches(name) -> None:
    assert _known(name).capability("persistent_cache") is True


def test_a_capability_has_one_name() -> None:
    with pytest.raises(KeyError):
        _known("buildkit").capability("cache-mount")
