"""Link programs statically, without the builder's paths and without symbols for debuggers.

## Why
A program that needs no library of its base runs on the smallest one, and a third of a Go program
is symbols and debugging data that nothing in the container reads. Source:
https://pkg.go.dev/cmd/link

## When it holds back
- links-c: the program, or a module that it requires, is compiled with C code or loads libraries;
- unknown-sources: what the program is made of cannot be read;
- build-mode: the command makes no plain program, or asks for a C linker;
- debug-build: the program is compiled for a debugger, or one is in the image;
- not-plain: the build stands where it cannot be edited;
- no-project-files: the project's files are not at hand.

## Level
`review`: names are looked up by Go itself instead of by the C library, and a debugger finds no symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems import ecosystem_of
from dfix.ecosystems.calls import Built, Role
from dfix.ecosystems.facts import Unknown
from dfix.ecosystems.ignore import visible
from dfix.grammar.nodes import Run
from dfix.refactor import edits
from dfix.refactor.catalogue import transform
from dfix.refactor.context import hold_back
from dfix.refactor.model.layout import folder_behind, origin
from dfix.refactor.model.reach import needed
from dfix.refactor.plans.caches import environment
from dfix.refactor.scripts import Edited
from dfix.refactor.transform import Case, Evidence, Finding, Level, Phase, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dfix.ecosystems.calls import Static
    from dfix.ecosystems.facts import Fact
    from dfix.refactor.context import Context
    from dfix.refactor.model import Called, Place

DEBUGGERS = ("dlv", "gdb", "lldb")
GO = {
    "go.mod": "module example.com/a\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("a")\n}\n',
}
CGO = {
    **GO,
    "main.go": 'package main\n\n// int one() { return 1; }\nimport "C"\n\nfunc main() {}\n',
}
HEAD = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\n"
TAIL = '\nFROM debian:12-slim\nCOPY --from=build /app /app\nCMD ["/app"]\n'

CASES = (
    Case.untouched(
        "static and stripped already",
        before=f'{HEAD}RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app .\n{TAIL}',
        project=GO,
    ),
    Case.untouched(
        "a stage that the image does not need",
        before=f"{HEAD}RUN go build -o /app .\n\nFROM debian:12-slim\nRUN true\n",
        project=GO,
    ),
    Case.rewrites(
        "a plain build",
        before=f"{HEAD}RUN go build -o /app .\n{TAIL}",
        after=f'{HEAD}RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app .\n{TAIL}',
        project=GO,
    ),
    Case.rewrites(
        "linker flags that are there stay, a version among them",
        before=f'{HEAD}ARG V\nENV CGO_ENABLED=0\nRUN go build -ldflags "-X main.version=${{V}}" -o /app .\n{TAIL}',
        after=(
            f"{HEAD}ARG V\nENV CGO_ENABLED=0\n"
            f'RUN go build -trimpath -ldflags "-s -w -X main.version=${{V}}" -o /app .\n{TAIL}'
        ),
        project=GO,
    ),
    Case.holds_back(
        "the program is compiled with C code",
        before=f"{HEAD}RUN go build -o /app .\n{TAIL}",
        because="links-c",
        project=CGO,
    ),
    Case.holds_back(
        "the race detector needs a C library",
        before=f"{HEAD}RUN go build -race -o /app .\n{TAIL}",
        because="build-mode",
        project=GO,
    ),
)


@transform(
    group="size",
    ceiling=Level.REVIEW,
    phase=Phase.RESTRUCTURE,
    after=("copy-manifests-first", "split-stages"),
    slugs=(
        "links-c",
        "unknown-sources",
        "build-mode",
        "debug-build",
        "not-plain",
        "no-project-files",
    ),
    cases=CASES,
)
def link_statically(ctx: Context) -> Iterator[Finding]:
    """Give each build of a program that reaches the image its static form."""
    shipped = needed(ctx.model, ctx.config.target)
    for place, called in ctx.calls():
        call = called.call
        assert call is not None  # noqa: S101 - `calls` yields those that have one
        if call.role is not Role.BUILD or place.stage not in shipped:
            continue
        form = _form(ctx, place, called)
        if form is None:
            continue
        if isinstance(form, Unknown):
            yield hold_back(place, form.slug or "unknown-sources", form.why)
            continue
        debugger = _debugger(ctx)
        if debugger is not None:
            yield hold_back(place, "debug-build", debugger)
            continue
        yield _rewrite(place, called, form.value)


def _form(ctx: Context, place: Place, called: Called) -> Fact[Static] | None:
    """The static form of a build, as its ecosystem answers."""
    call, project = called.call, ctx.project
    assert call is not None  # noqa: S101 - the caller looked
    manager = ecosystem_of(call)
    values = environment(place, called)
    image = place.stage.root_image
    built = Built(
        where=place.where,
        directory="",
        texts=tuple(word.text for word in called.command.words[called.offset :]),
        environment=values,
        libc=None if isinstance(image, Unknown) else image.libc,
        release=None if isinstance(image, Unknown) else image.release,
    )
    context = project.context
    if isinstance(context, Unknown):
        asked = manager.static_form(call, project.tree, built)
        return None if asked is None else Unknown(context.why, "no-project-files")
    if isinstance(called.directory, Unknown):
        return Unknown(called.directory.why, "unknown-sources")
    directory = called.directory.value
    folder = origin(directory, place, project.is_folder, project.is_file, project.matching)
    if isinstance(folder, Unknown):
        folder = folder_behind(directory, place, project.is_folder, project.matching)
    if isinstance(folder, Unknown):
        asked = manager.static_form(call, project.tree, built)
        return None if asked is None else Unknown(folder.why, "unknown-sources")
    return manager.static_form(
        call, visible(context.value, project.ignore), built._replace(directory=folder.value)
    )


def _debugger(ctx: Context) -> str | None:
    """The debugger that the file installs or the repository starts, as half a sentence."""
    for place in ctx.model.places():
        node = place.node
        for leaf in getattr(node, "body", node).leaves() if hasattr(node, "body") else ():
            for name in DEBUGGERS:
                if name in leaf.text.replace("/", " ").replace('"', " ").split():
                    return f"line {place.line} has {name}, which reads symbols"
    for override in ctx.project.repository.started:
        words = override.value.split() if isinstance(override.value, str) else override.value
        if any(word in DEBUGGERS for word in words):
            return f"{override.source} starts a debugger, which reads symbols"
    return None


def _rewrite(place: Place, called: Called, static: Static) -> Finding:
    edited = Edited(place)
    if not edited.possible:
        return hold_back(place, "not-plain", "the build stands where it cannot be edited")
    for name, value in static.assign.items():
        edited.assign(called, name, value)
    for index, text in static.replace.items():
        edited.replace_word(called, index, text)
    node = place.node
    assert isinstance(node, Run)  # noqa: S101 - calls stand in RUNs
    words = " ".join(word or "..." for word in called.values[:2])
    return Rewrite(
        node,
        f"let {words} link statically, without symbols"
        if static.assign
        else f"let {words} leave symbols out",
        Level.REVIEW,
        tuple(Evidence(claim, where) for claim, where in static.because),
        (edits.replace(node, edits.bare(node).with_changes(body=edited.body())),),
    )
