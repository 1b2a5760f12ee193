"""A proof is kept while all that went into it is the same, and not a moment longer."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from dfix.ecosystems.tree import DiskTree
from dfix.refactor.config import Config
from dfix.refactor.report import Report, Step
from dfix.refactor.transform import Level
from dfix.verify import kept
from dfix.verify.build import plan
from dfix.verify.progress import Ran
from dfix.verify.proof import _known
from dfix.verify.values import Fallen, Layer, Proof, Rebuild, Said, Settings, Side, Trial

BEFORE = "FROM debian:12\nCOPY . .\n"
AFTER = "FROM debian:12-slim\nCOPY . .\n"


class Images:
    """An engine that holds these images."""

    def __init__(self, folder, **settings):
        self.settings = Settings(proofs=str(folder), **settings)
        self.version = "28.5"
        self.held = {"debian:12": "sha256:1", "debian:12-slim": "sha256:2", "alpine:3": "sha256:3"}

    def id_of(self, image):
        return self.held.get(image)


def report(after=AFTER, before=BEFORE, **more):
    step = Step("a@FROM-1", "a", "Do it", Level.SAFE, (), {})
    return Report("Dockerfile", before, after, steps=(step,), **more)


@pytest.fixture
def shop(project):
    project.put("Dockerfile", BEFORE)
    project.put(".dockerignore", "node_modules\n")
    project.put("node_modules/a.js", "a")
    project.put("src/main.py", "print()\n")
    return project


@pytest.fixture
def engine(tmp_path):
    return Images(tmp_path / "proofs")


def key(engine, shop, which=None, **config):
    how = plan(shop.root, DiskTree(shop.root), "Dockerfile", Config(**config))
    return kept.key(engine, how, which or report())


def test_the_same_has_the_same_place(engine, shop):
    assert key(engine, shop) == key(engine, shop)


def test_what_the_builder_is_not_sent_changes_nothing(engine, shop):
    before = key(engine, shop)
    shop.put("node_modules/a.js", "b")
    assert key(engine, shop) == before


@pytest.mark.parametrize("what", ["content", "mode", "new", "link", "ignore"])
def test_another_context_has_another_place(engine, shop, what):
    before = key(engine, shop)
    match what:
        case "content":
            shop.put("src/main.py", "print(1)\n")
        case "mode":
            (shop.root / "src/main.py").chmod(0o755)
        case "new":
            shop.put("src/empty.py", "")
        case "link":
            (shop.root / "link").symlink_to("src")
        case "ignore":
            shop.put(".dockerignore", "node_modules\nsrc\n")
    assert key(engine, shop) != before


def test_another_text_target_setting_or_engine_has_another_place(engine, shop):
    before = key(engine, shop)
    assert key(engine, shop, report(BEFORE + "USER 1\n")) != before
    assert key(engine, shop, report(files={".dockerignore": ("", "src\n")})) != before
    assert key(engine, shop, target="x") != before
    engine.settings = replace(engine.settings, rebuilds=3)
    assert key(engine, shop) != before
    engine.settings = replace(engine.settings, rebuilds=1)
    assert key(engine, shop) == before
    engine.version = "29.0"
    assert key(engine, shop) != before


def test_another_base_image_has_another_place(engine, shop):
    before = key(engine, shop)
    engine.held["debian:12-slim"] = "sha256:9"
    assert key(engine, shop) != before


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:13\n",
        "FROM debian:12\nCOPY --from=other:1 /a /a\n",
        "FROM debian:12\nRUN --mount=from=other:1,target=/a true\n",
        "ARG V\nFROM debian:$V\n",
    ],
)
def test_nothing_is_kept_where_an_image_may_be_another_tomorrow(engine, shop, text):
    assert key(engine, shop, report(text)) is None


def test_images_that_are_copied_from_count(engine, shop):
    text = "FROM debian:12 AS b\nFROM scratch\nCOPY --from=b /a /a\nCOPY --from=alpine:3 /b /b\n"
    before = key(engine, shop, report(text))
    assert before is not None
    engine.held["alpine:3"] = "sha256:8"
    assert key(engine, shop, report(text)) != before


def test_images_that_stay_are_built(tmp_path, shop):
    assert key(Images(tmp_path, keep_images=True), shop) is None


def side(size):
    steps = (Ran("COPY . .", cached=True), Ran("RUN a", cached=False))
    rebuild = Rebuild("source", "src/main.py", steps, (1.0, 2.0))
    return Side(size, (Layer(size, "RUN a"),), steps, 2.5, (rebuild,), ("Rule: words",))


def proof(outcome="proven-in-part"):
    said = Said("files", "it left", "a\nb")
    fallen = (Fallen(("b@RUN-2", "b@RUN-3"), "b", "Drop it", (said,)),)
    return Proof(
        "Dockerfile", outcome, report(), "", Trial(side(2), side(1), (), (said,)), fallen, 7
    )


def test_a_kept_proof_comes_back_whole_and_says_its_day(engine, shop):
    place = key(engine, shop)
    kept.keep(place, proof())
    found = kept.find(place, report())
    assert found.without == ("b@RUN-2", "b@RUN-3")
    assert len(found.proof.kept) == len("2026-01-01")
    assert replace(found.proof, kept="", trials=7) == proof()


def test_the_run_is_made_without_what_fell_out_and_must_write_what_was_proven(engine, shop):
    place = key(engine, shop)
    kept.keep(place, proof())
    asked = []

    def again(without):
        asked.append(without)
        return report()

    assert _known(place, again, report("FROM debian:12\n")).report == report()
    assert asked == [("b@RUN-2", "b@RUN-3")]
    assert _known(place, lambda _: report("FROM debian:12\n"), report()) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"outcome": "proven"}'])
def test_what_cannot_be_read_is_no_proof(engine, shop, content):
    place = key(engine, shop)
    place.file.parent.mkdir()
    place.file.write_text(content)
    assert kept.find(place, report()) is None


def test_a_failure_is_no_proof(engine, shop):
    place = key(engine, shop)
    kept.keep(place, proof("refuted"))
    assert kept.find(place, report()) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(engine, shop, tmp_path):
    (tmp_path / "file").write_text("")
    engine.settings = replace(engine.settings, proofs=str(tmp_path / "file" / "x"))
    place = key(engine, shop)
    kept.keep(place, proof())
    assert kept.find(place, report()) is None


def test_a_proof_that_nobody_asked_for_goes(engine, shop):
    place = key(engine, shop)
    kept.keep(place, proof())
    old = place.file.with_name("old.json")
    old.write_text("{}")
    os.utime(old, (0, 0))
    kept.keep(place, proof())
    assert sorted(place.file.parent.iterdir()) == [place.file]
