"""The tables of packages: each row says where it is from, and the readers can take it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import dfix.ecosystems.runtime as values
from dfix.ecosystems.python.wheels import normalised
from dfix.ecosystems.tables import compiled

FOLDER = Path(values.__file__).parent
KINDS = {kind.value for kind in values.PurityKind}


def _read(name):
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _is_cited(source):
    return source.startswith("https://") or source.endswith("(tried)")


@pytest.mark.parametrize("name", ["python/packages", "node/packages", "go/cgo"])
def test_the_compiled_table_is_fresh(name):
    toml = FOLDER / f"{name}.toml"
    assert toml.with_suffix(".table").read_bytes() == compiled(toml.read_bytes())


@pytest.mark.parametrize("name", ["python/packages.toml", "node/packages.toml"])
def test_every_row_has_a_kind_and_a_source(name):
    data = _read(name)
    for row in (*data["plain"], *data["package"]):
        assert row["kind"] in KINDS, row
        assert _is_cited(row["source"]), row
    assert len(values.purities_of(data)) > 50


def test_plain_rows_are_only_of_what_needs_nothing_of_the_system():
    assert {row["kind"] for row in _read("python/packages.toml")["plain"]} <= {"pure", "bundled"}


@pytest.mark.parametrize("name", ["python/packages.toml", "node/packages.toml"])
def test_a_row_that_is_not_plain_says_what_it_needs(name):
    for row in _read(name)["package"]:
        needs = {"libraries", "programs", "elsewhere"} & row.keys()
        assert needs or row["kind"] in {"source-only", "bundled"}, row


@pytest.mark.parametrize("name", ["python/packages.toml", "node/packages.toml"])
def test_no_name_stands_twice(name):
    data = _read(name)
    names = [name for row in data["plain"] for name in row["names"]]
    names += [row["name"] for row in data["package"]]
    assert len(names) == len(set(names))


def test_names_of_distributions_are_normalised():
    data = _read("python/packages.toml")
    names = [name for row in data["plain"] for name in row["names"]]
    names += [row["name"] for row in data["package"]]
    for name in names:
        assert normalised(name.partition("[")[0]) == name.partition("[")[0]


def test_modules_that_compile_c_are_cited_and_stand_once():
    rows = _read("go/cgo.toml")["module"]
    paths = [row["path"] for row in rows]
    assert len(paths) == len(set(paths))
    for row in rows:
        assert row["when"] in {"always", "optional"}
        assert _is_cited(row["source"])


@pytest.mark.parametrize(
    ("table", "name", "kind", "needs"),
    [
        ("python", "polars", "bundled", ()),
        ("python", "lz4", "bundled", ()),
        ("python", "pygithub", "bundled", ()),  # by what it depends on
        ("python", "pysocks", "pure", ()),
        ("python", "python3-saml", "bundled", ("xmlsec",)),
        ("node", "styled-components", "pure", ()),
        ("node", "ssh2", "bundled", ()),
        ("node", "@tailwindcss/oxide", "bundled", ()),
        ("node", "node-pty", "source-only", ()),
        ("node", "kerberos", "libraries", ("libgssapi-krb5-2",)),
        ("node", "phantomjs-prebuilt", "libraries", ("libfontconfig1",)),
        ("node", "pdf2pic", "programs", ("ghostscript", "graphicsmagick")),
        ("node", "@playwright/browser-chromium", "elsewhere", ("~/.cache/ms-playwright",)),
    ],
)
def test_what_a_package_needs(table, name, kind, needs):
    found = values.purities_of(_read(f"{table}/packages.toml"))[name]
    assert found.kind.value == kind
    assert (*found.libraries, *found.programs, *found.elsewhere, *found.brings) == needs


@pytest.mark.parametrize("name", ["torch", "dbt-core", "nodeenv", "py4j", "databricks-sdk"])
def test_what_starts_programs_is_not_called_plain(name):
    rows = _read("python/packages.toml")
    assert name not in {each for row in rows["plain"] for each in row["names"]}
