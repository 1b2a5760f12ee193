"""What is compared of two images, without an engine."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import pytest

from dfix.refactor.report import Step
from dfix.refactor.transform import Level
from dfix.verify import archive, compare, config, elf, probe, tree
from dfix.verify.archive import Files, Node
from dfix.verify.elf import Elf
from dfix.verify.probe import Answers

# configuration


def image(**parts):
    return config.read({"Config": parts, "Size": 1})


def sentences(found):
    return [said.sentence for said in found]


def test_one_thing_spelled_in_two_ways_is_no_difference():
    before = image(User="", WorkingDir="", Cmd=["a"], Labels=None)
    after = image(User="root", WorkingDir="/", StopSignal="SIGTERM", Cmd=["a"], Labels={})
    assert compare.compare(before, after) == ([], [])


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ({"Cmd": ["a"]}, {"Cmd": ["b"]}, "CMD was ['a'] and is ['b']"),
        ({"User": "app"}, {}, "USER was app and is root"),
        ({"Env": ["A=1"]}, {}, "ENV A is gone, it was 1"),
        ({"ExposedPorts": {"80/tcp": {}}}, {}, "EXPOSE 80/tcp is gone"),
        ({"Volumes": {"/data": {}}}, {}, "VOLUME /data is gone"),
        ({"Labels": {"a": "1"}}, {"Labels": {"a": "2"}}, "LABEL a was 1 and is 2"),
        ({"StopSignal": "SIGQUIT"}, {}, "STOPSIGNAL was SIGQUIT and is SIGTERM"),
        ({"WorkingDir": "/app"}, {}, "WORKDIR was /app and is /"),
        (
            {"Healthcheck": {"Test": ["CMD", "a"]}},
            {},
            "HEALTHCHECK is gone, it was Test=['CMD', 'a']",
        ),
    ],
)
def test_what_is_lost_or_changed_is_an_objection(before, after, sentence):
    objections, _ = compare.compare(image(**before), image(**after))
    assert sentences(objections) == [sentence]


def test_what_is_new_is_a_note():
    objections, notes = compare.compare(image(), image(Env=["A=1"], Labels={"b": "2"}))
    assert objections == []
    assert sentences(notes) == ["ENV A is new: 1", "LABEL b is new: 2"]


def test_a_value_of_the_tool_chain_may_go_with_its_base_only():
    before, after = image(Env=["GOPATH=/go", "LANG=C.UTF-8"]), image(Env=["LANG=C.UTF-8"])
    own = compare.own("FROM golang:1.23-bookworm\n", "Dockerfile")
    assert compare.compare(before, after, own=own)[0] != []
    assert compare.compare(before, after, own=own, may=frozenset({"base"}))[0] == []


def test_a_label_may_go_with_its_base_unless_the_file_declares_it():
    before, after = image(Labels={"base": "1", "ours": "2"}), image()
    own = compare.own("FROM nginx:1.22\nLABEL ours=2\n", "Dockerfile")
    found = compare.compare(before, after, own=own, may=frozenset({"base"}))[0]
    assert sentences(found) == ["LABEL ours is gone, it was 2"]


def step(level, *may):
    return Step("t@RUN-1", "t", "T", level, (), {}, frozenset(may))


def test_a_step_may_change_what_it_names_and_a_bold_one_whole_kinds():
    assert compare.allowed([step(Level.REVIEW, "ENV", "ENV A", "base")]) == {"ENV A", "base"}
    assert compare.allowed([step(Level.BOLD, "USER")]) == {"USER"}


def test_path_may_lose_folders_without_programs():
    before, after = image(Env=["PATH=/go/bin:/bin"]), image(Env=["PATH=/bin"])
    bare = files({"/go/bin": FOLDER, "/bin": FOLDER})
    full = files({"/go/bin": FOLDER, "/go/bin/x": node(mode=0o755), "/bin": FOLDER})
    assert compare.compare(before, after, files=bare)[0] == []
    assert sentences(compare.compare(before, after, files=full)[0]) == [
        "PATH has lost /go/bin, where programs are"
    ]


# files

FOLDER = Node("folder", 0o755, 0, 0)


def node(mode=0o644, uid=0, gid=0, **more):
    return Node("file", mode, uid, gid, **more)


def link(target):
    return Node("link", 0o777, 0, 0, target=target)


def files(nodes, texts=None):
    parents = {
        "/" + "/".join(path.strip("/").split("/")[:depth]): FOLDER
        for path in nodes
        for depth in range(1, path.count("/"))
    }
    return Files({**parents, **nodes}, texts or {})


def program(*needed, interpreter=None, paths=()):
    return node(mode=0o755, elf=Elf(64, 62, interpreter, needed, paths))


PLAIN = config.read({"Config": {}})


def objections(before, after, image=PLAIN, base=None):
    return sentences(tree.compare(files(before), files(after), image, lambda: base)[0])


def test_links_are_followed_as_the_kernel_does():
    found = files({"/usr/lib/x": node(), "/lib": link("usr/lib"), "/a/b": link("../lib/x")})
    assert found.resolve("/a/b") == "/usr/lib/x"
    assert files({"/a": link("b"), "/b": link("a")}).resolve("/a") is None
    assert found.resolve("/lib/../lib/y") is None


def test_what_leaves_and_is_needed_by_nothing_is_a_note():
    found, notes = tree.compare(files({"/doc/a": node(size=7)}), files({}), PLAIN, lambda: None)
    assert found == []
    assert sentences(notes) == ["1 files of 7 bytes left the image"]


def test_safe_steps_may_lose_caches_alone():
    before = files({"/app/a": node(), "/root/.npm/b": node(), "/usr/share/doc/c": node()})
    found, _ = tree.compare(before, files({}), PLAIN, lambda: None, losses="caches")
    assert sentences(found) == ["what no step may take left the image: /app/a"]


def test_what_left_the_working_directory_is_named():
    image_in_app = image(WorkingDir="/app")
    before = files({"/app/a": node(), "/b": node()})
    _, notes = tree.compare(before, files({}), image_in_app, lambda: None)
    assert sentences(notes)[1] == "1 of them from /app: /app/a"


def test_a_library_that_left_is_an_objection_where_it_was_found():
    before = {"/app/run": program("libx.so.1"), "/usr/lib/libx.so.1": program()}
    after = {"/app/run": program("libx.so.1"), "/usr/lib/other": node()}
    sentence = "the library libx.so.1 left the image, and is needed by: /app/run"
    assert objections(before, after) == [sentence]
    never = {"/app/run": program("libx.so.1")}
    assert objections(never, never) == []


def test_a_library_beside_its_program_is_found_by_origin():
    run = program("liby.so", paths=("$ORIGIN/../lib",))
    there = {"/app/bin/run": run, "/app/lib/liby.so": program()}
    assert objections(there, there) == []
    assert objections(there, {"/app/bin/run": run, "/app/lib/z": node()}) != []


def test_a_library_of_another_machine_does_not_count():
    foreign = node(mode=0o755, elf=Elf(32, 3, None, (), ()))
    before = {"/app/run": program("libx.so.1"), "/usr/lib/libx.so.1": program()}
    after = {"/app/run": program("libx.so.1"), "/usr/lib/libx.so.1": foreign}
    assert objections(before, after) != []


def test_a_gap_that_the_base_image_has_itself_is_a_note():
    tk = program("libtk.so")
    before = {"/usr/local/lib/_tk.so": tk, "/usr/lib/libtk.so": program()}
    after = {"/usr/local/lib/_tk.so": tk, "/usr/lib/other": node()}
    assert objections(before, after) != []
    assert objections(before, after, base=files(after)) == []


def test_an_interpreter_that_left():
    before = {"/app/run": program(interpreter="/lib/ld.so"), "/lib/ld.so": program()}
    after = {"/app/run": program(interpreter="/lib/ld.so")}
    assert objections(before, after) == [
        "the interpreter /lib/ld.so left the image, and is needed by: /app/run"
    ]


def test_a_script_whose_interpreter_left():
    script = node(mode=0o755, script=("/usr/bin/env", "python3"))
    env = program()
    before = {"/app/tool": script, "/usr/bin/env": env, "/usr/local/bin/python3": program()}
    after = {"/app/tool": script, "/usr/bin/env": env}
    assert objections(before, after) == [
        "python3 left the image, and is the interpreter of: /app/tool"
    ]
    system = {"/usr/bin/tool": script}
    rest = {path: each for path, each in before.items() if path != "/app/tool"}
    assert objections({**rest, **system}, {"/usr/bin/env": env, **system}) == []


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"Cmd": ["/app/run"]}, "CMD starts /app/run, which left the image"),
        ({"Cmd": ["run"], "Env": ["PATH=/app"]}, "CMD starts run, which left the image"),
        ({"Cmd": ["/bin/x", "run"], "WorkingDir": "/app"}, "CMD names run, which left the image"),
        ({"Cmd": ["/bin/x", "-c", "exec /app/run"]}, "CMD names /app/run, which left the image"),
        (
            {"Healthcheck": {"Test": ["CMD", "/app/run"]}},
            "HEALTHCHECK starts /app/run, which left the image",
        ),
    ],
)
def test_a_start_command_that_left(parts, sentence):
    before = {"/app/run": node(mode=0o755), "/bin/x": program()}
    found = objections(before, {"/bin/x": program(), "/app/y": node()}, image(**parts))
    assert found == [sentence]


def test_a_link_to_what_left():
    before = {"/app/link": link("/opt/x"), "/opt/x": node()}
    assert objections(before, {"/app/link": link("/opt/x")}) == [
        "a link leads to what left the image: /app/link"
    ]


def test_owners_count_by_number_or_by_name():
    before = files({"/srv/a": node(uid=999)}, {"/etc/passwd": "app:x:999:0::/:\n"})
    same_name = files({"/srv/a": node(uid=998)}, {"/etc/passwd": "app:x:998:0::/:\n"})
    other = files({"/srv/a": node(uid=998)})
    assert tree.compare(before, same_name, PLAIN, lambda: None)[0] == []
    found = tree.compare(before, other, PLAIN, lambda: None)[0]
    assert sentences(found) == ["the owner was app:0 and is 998:0: /srv/a"]


def test_a_mode_may_gain_and_not_lose():
    assert objections({"/srv/a": node(0o644)}, {"/srv/a": node(0o755)}) == []
    assert objections({"/srv/a": node(0o755)}, {"/srv/a": node(0o644)}) == [
        "the mode was 0755 and is 0644: /srv/a"
    ]
    assert objections({"/usr/share/a": node(0o755)}, {"/usr/share/a": node(0o644)}) == []


# reading


def tar(*entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for name, content, more in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in more.items():
                setattr(info, key, value)
            out.addfile(info, io.BytesIO(content))
    stream.seek(0)
    return stream


def test_a_tar_stream_is_read_without_what_the_engine_puts_in():
    found = archive.read(
        tar(
            (".dockerenv", b"", {}),
            ("proc/x", b"", {}),
            ("etc/passwd", b"ann:x:7:7::/:\n", {}),
            ("app/run", b"#!/usr/bin/env -S python3 -u\n", {"mode": 0o755, "uid": 7}),
            ("app/other", b"", {"type": tarfile.LNKTYPE, "linkname": "app/run"}),
            ("app/link", b"", {"type": tarfile.SYMTYPE, "linkname": "run"}),
        )
    )
    assert sorted(found.nodes) == ["/app/link", "/app/other", "/app/run", "/etc/passwd"]
    assert found.nodes["/app/run"].script == ("/usr/bin/env", "-S", "python3", "-u")
    assert found.nodes["/app/other"] == found.nodes["/app/run"]
    assert found.users == {7: "ann"}


def test_a_tar_stream_that_is_cut_is_no_whole_image():
    whole = tar(("app/run", b"x" * 5000, {})).getvalue()
    with pytest.raises(tarfile.TarError):
        archive.read(io.BytesIO(whole[:2000]))


def test_a_program_says_what_it_needs():
    data = Path(sys.executable).resolve().read_bytes()
    if not data.startswith(elf.MAGIC):
        pytest.skip("this system's programs are no ELF files")
    found = elf.read(data)
    assert found.interpreter.startswith("/lib")
    assert any(name.startswith("libc.") for name in found.needed)


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", elf.MAGIC + b"\2\1" + b"\xff" * 100])
def test_what_is_no_program_says_nothing(data):
    assert elf.read(data) is None


# answers


def test_the_same_answer_is_a_note():
    one = Answers({"state": "runs"}, "")
    assert probe.compare(one, one, None)[0] == []


def test_another_answer_is_an_objection_with_the_log():
    [found], _ = probe.compare(
        Answers({"GET / on 80/tcp": "200 hello"}, ""),
        Answers({"GET / on 80/tcp": "500 oh"}, "no such file"),
        Answers({"GET / on 80/tcp": "200 hello"}, ""),
    )
    assert found.sentence == "GET / on 80/tcp: was 200 hello and is 500 oh"
    assert found.detail == "no such file"


def test_what_differs_from_start_to_start_is_not_compared():
    found, notes = probe.compare(
        Answers({"output": "at 10:01"}, ""),
        Answers({"output": "at 10:03"}, ""),
        Answers({"output": "at 10:02"}, ""),
    )
    assert found == []
    assert sentences(notes) == ["output: not compared, it differs from start to start"]
