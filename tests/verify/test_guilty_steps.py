"""Steps that break what only a build can show are found and left out; the others are kept."""

from __future__ import annotations

import pytest
from swaps import SMALL, swap

pytestmark = pytest.mark.engine

DOCKERFILE = f"""\
{SMALL}ENV GREETING=hello
RUN echo one > /one
RUN install -d -o 1000 -g 1000 /srv/data
COPY main.txt /app/
RUN echo two > /two
CMD ["sh", "-c", "echo $GREETING; cat /app/main.txt; ls -d /bin"]
"""
FIRST = swap("a-first", ("RUN echo one > /one", "RUN echo one >/one"))
LAST = swap("z-last", ("RUN echo two > /two", "RUN echo two >/two"))


@pytest.fixture
def shop(project, engine):
    project.put("Dockerfile", DOCKERFILE)
    project.put("main.txt", "for sale\n")
    return project


def kept(proof):
    return [step.transform for step in proof.report.steps]


def left_out(proof):
    return [fallen.transform for fallen in proof.fallen]


def said(proof):
    return " ".join(each.sentence for fallen in proof.fallen for each in fallen.objections)


def test_steps_that_change_nothing_are_proven(shop):
    proof = shop.prove(FIRST, LAST)
    assert proof.outcome == "proven", proof
    assert kept(proof) == ["a-first", "z-last"]
    assert proof.trial.after.size == proof.trial.before.size
    assert shop.dockerfile == DOCKERFILE


def test_what_is_proven_is_not_built_again_until_something_changes(shop, tmp_path):
    drops = swap("drop-path", ("COPY main.txt /app/", "COPY main.txt /other/"))
    first = shop.prove(FIRST, drops, proofs=str(tmp_path / "proofs"))
    assert (first.outcome, first.kept, left_out(first)) == ("proven-in-part", "", ["drop-path"])
    again = shop.prove(FIRST, drops, proofs=str(tmp_path / "proofs"))
    assert (again.outcome, again.trials, left_out(again)) == ("proven-in-part", 0, ["drop-path"])
    assert again.kept
    assert again.report.after == first.report.after
    assert again.trial == first.trial
    shop.put("main.txt", "sold\n")
    assert shop.prove(FIRST, drops, proofs=str(tmp_path / "proofs")).trials > 0


def test_a_lost_shared_library_is_found_by_who_needs_it(shop):
    drops = swap(
        "drop-library",
        ("RUN echo two > /two", "RUN echo two > /two && rm /lib/*/libselinux.so.1"),
    )
    proof = shop.prove(FIRST, drops)
    assert proof.outcome == "proven-in-part", proof
    assert (left_out(proof), kept(proof)) == (["drop-library"], ["a-first"])
    assert "the library libselinux.so.1 left the image, and is needed by: /bin/cp" in said(proof)


def test_a_lost_owner_is_found(shop):
    loses = swap(
        "lose-owner", ("RUN install -d -o 1000 -g 1000 /srv/data", "RUN install -d /srv/data")
    )
    proof = shop.prove(FIRST, loses, LAST)
    assert (left_out(proof), kept(proof)) == (["lose-owner"], ["a-first", "z-last"])
    assert said(proof) == "the owner was 1000:1000 and is 0:0: /srv/data"


def test_a_lost_variable_is_found_in_the_image_although_the_step_declares_it(shop):
    loses = swap("lose-variable", ("ENV GREETING=hello", None), may={"ENV"})
    proof = shop.prove(FIRST, loses, LAST)
    assert (left_out(proof), kept(proof)) == (["lose-variable"], ["a-first", "z-last"])
    assert "ENV GREETING is gone, it was hello" in said(proof)
    assert "GREETING" in proof.report.after


@pytest.mark.parametrize(
    ("reads", "command", "sentence"),
    [
        ("cp /store/lib /app/", "/app/lib", "a rebuild fails: RUN --mount"),
        ("cp -r /store /app/", "/app/store/lib", "a rebuild lacks 1 files: /app/store/lib is one"),
    ],
)
def test_a_cache_mount_over_a_store_is_found_by_pruning_the_cache(
    reads, command, sentence, project, engine
):
    project.put(
        "Dockerfile",
        f"{SMALL}"
        "RUN mkdir -p /store && echo lib > /store/lib\n"
        "COPY main.txt /app/\n"
        f"RUN {reads}\n"
        "RUN echo two > /two\n"
        f'CMD ["cat", "{command}"]\n',
    )
    project.put("main.txt", "for sale\n")
    mount = "--mount=type=cache,target=/store"
    moves = swap(
        "mount-store",
        ("RUN mkdir -p /store && echo lib > /store/lib", f"RUN {mount} echo lib > /store/lib"),
        (f"RUN {reads}", f"RUN {mount} {reads}"),
    )
    proof = project.prove(moves, LAST)
    assert (set(left_out(proof)), kept(proof)) == ({"mount-store"}, ["z-last"])
    assert f"once cache mounts are pruned, {sentence}" in said(proof)


def test_the_guilty_one_of_several_parts_is_left_out_alone(shop):
    both = swap(
        "both",
        ("RUN echo one > /one", "RUN echo one >/one"),
        ("RUN echo two > /two", "RUN false"),
    )
    proof = shop.prove(both)
    assert proof.outcome == "proven-in-part", proof
    assert len(proof.fallen[0].ids) == 1
    assert "echo one >/one" in proof.report.after
    assert "RUN echo two > /two" in proof.report.after


def test_other_behaviour_is_an_objection(shop):
    other = swap(
        "say-more",
        ("COPY main.txt /app/", "COPY main.txt /app/other.txt"),
    )
    proof = shop.prove(other)
    assert proof.outcome == "refuted"
    assert (
        "output: was hello for sale /bin and is hello /bin cat: /app/main.txt: No such file"
        in said(proof)
    )


def test_a_source_edit_runs_less_again_where_the_step_says_so(project, engine):
    project.put(
        "Dockerfile",
        f"{SMALL}COPY . /app\nRUN cp /app/package.json /manifest\n",
    )
    project.put("package.json", "{}\n")
    project.put("main.py", "print()\n")
    first = swap(
        "copy-first",
        ("COPY . /app", "COPY package.json /app/"),
        ("RUN cp /app/package.json /manifest", "RUN cp app/package.json /manifest\nCOPY ./ /app"),
    )
    proof = project.prove(first, rebuilds=2)
    assert proof.outcome == "proven", proof
    counts = {
        edit.edit: (len(was.ran), len(edit.ran), len(edit.steps))
        for was, edit in zip(proof.trial.before.rebuilds, proof.trial.after.rebuilds, strict=True)
    }
    assert counts == {"none": (0, 0, 5), "source": (2, 1, 5), "manifest": (2, 3, 5)}
