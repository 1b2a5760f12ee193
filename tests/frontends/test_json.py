"""What programs read, and its schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import handmade as reports
import jsonschema
import pytest

from dfix.render import json as renderer

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "json.schema.json").read_text())


def document(*given, **options):
    return json.loads("".join(renderer.render(reports.view(*given, **options))))


GIVEN = {
    "nothing": (),
    "everything": (reports.everything(),),
    "a file that does not parse": (reports.unparsable(),),
    "bytes that are no UTF-8": (reports.changed("FROM a\udce9\n", "FROM b\udce9\n"),),
}


@pytest.mark.parametrize("name", GIVEN)
def test_the_document_is_what_the_schema_says(name):
    given = document(*GIVEN[name], problems=[("missing", "there is none")])
    jsonschema.validate(given, SCHEMA)


def test_the_schema_describes_every_field_and_allows_no_other():
    def objects(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for each in schema.values():
                yield from objects(each)
        elif isinstance(schema, list):
            for each in schema:
                yield from objects(each)

    for each in objects(SCHEMA):
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])


def test_the_page_names_every_field():
    page = (DOCS / "json.md").read_text()
    keys = set()

    def collect(value):
        if isinstance(value, dict):
            keys.update(value)
            for each in value.values():
                collect(each)
        elif isinstance(value, list):
            for each in value:
                collect(each)

    collect(document(reports.everything(), reports.unparsable(), problems=[("a", "b")]))
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_an_edit_holds_the_new_text_the_diff_and_the_hash_of_the_old_text():
    edits = document(reports.everything())["projects"][0]["edits"]
    assert [each["path"] for each in edits] == ["Dockerfile", ".dockerignore"]
    assert edits[0]["after"] == "FROM b\n"
    assert edits[0]["before_sha256"] == hashlib.sha256(b"FROM a\n").hexdigest()
    assert edits[1]["before_sha256"] is None
    assert "new file mode" in edits[1]["diff"]
