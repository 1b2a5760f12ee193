"""`dfix parse`."""

from __future__ import annotations

from dfix import grammar
from dfix.grammar import parse


def test_a_tree_is_shown_with_its_tokens(dfix, put):
    put("Dockerfile", "FROM scratch\n")
    shown = dfix("parse").stdout
    assert "  From\n" in shown
    assert "Token('WORD', 'scratch', before=' ')" in shown


def test_roundtrip_is_silent_for_files_that_print_as_they_were(dfix, put):
    put("Dockerfile", b"\xef\xbb\xbf# syntax=x\r\nRUN a \\\r\n\r\n # c\r\n b\xff\r\nENV\r\n")
    result = dfix("parse", "--roundtrip")
    assert (result.exit_code, result.output) == (0, "")


def test_roundtrip_names_each_file_that_differs(dfix, put, monkeypatch):
    put("a/Dockerfile", "FROM a\n")
    put("b/Dockerfile", "FROM b\n")
    monkeypatch.setattr(grammar, "parse", lambda data: parse(data.replace(b"FROM b", b"FROM c")))
    result = dfix("parse", "--roundtrip")
    assert (result.exit_code, result.stdout) == (1, "b/Dockerfile\n")


def test_what_does_not_parse_is_shown_and_exits_with_four(dfix, put):
    put("Dockerfile", "FROM a\nENV\n")
    result = dfix("parse")
    assert result.exit_code == 4
    assert "Dockerfile:2:" in result.stderr


def test_a_missing_file_and_one_that_is_no_text_are_named(dfix, put):
    put("Dockerfile", "FROM a\n".encode("utf-16"))
    assert dfix("parse", "--roundtrip").exit_code == 4
    assert dfix("parse", "--roundtrip", "missing").exit_code == 2
