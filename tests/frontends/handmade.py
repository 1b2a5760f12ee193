"""Reports made by hand."""

from __future__ import annotations

from dfix.api.unite import unite
from dfix.refactor.report import Dropped, Ending, Offered, Part, Refusal, Report, Step
from dfix.refactor.transform import Evidence, Level, Question
from dfix.render.view import Group, Problem, View

EVIDENCE = (Evidence("it is quiet", "Dockerfile:1"),)


def changed(before="FROM a\n", after="FROM b\n", path="Dockerfile", files=None):
    files = files or {}
    step = Step(
        "t@FROM-1",
        "some-transform",
        "Do it",
        Level.SAFE,
        (Part("t@FROM-1", 1, "Do it", EVIDENCE),),
        {path: after, **{name: new for name, (_, new) in files.items()}},
    )
    return Report(path, before, after, steps=(step,), files=files)


def everything():
    report = changed(files={".dockerignore": (None, ".git\n")})
    return Report(
        report.path,
        report.before,
        report.after,
        steps=report.steps,
        offered=(Offered("o", "other", "More", Level.BOLD, 1, "level", EVIDENCE),),
        held_back=(
            Refusal("third", "no-lockfile", "there is no lock file", 1, Question("a = 1", "so")),
            Refusal("third", "unknown-base", "the base is not known", 0),
        ),
        dropped=(Dropped("d", "fourth", 1, "contract", "USER differs"),),
        files=report.files,
        notes=("no builder is shown",),
    )


def unparsable():
    from dfix.grammar.nodes import Diagnostic

    why = Diagnostic(2, 4, "unexpected end of line", ("'='",), "ENV")
    ending = Ending("unparsable", "2:4: unexpected end of line")
    return Report("Bad", "FROM a\nENV\n", "FROM a\nENV\n", ending=ending, diagnostics=(why,))


def view(*reports, problems=(), **options):
    problems = tuple(Problem(*each) for each in problems)
    return View((Group("/p", unite(reports)),), problems=problems, **options)
