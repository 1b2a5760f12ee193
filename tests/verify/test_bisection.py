"""The guilty step is found without building more than needed."""

from __future__ import annotations

from swaps import swap

from dfix.verify import bisect
from dfix.verify.values import Said

TEXT = "FROM debian:12\n" + "".join(f"RUN echo {name}\n" for name in "abcdefgh")
BAD = Said("build", "it fails")


def steps(*names):
    return [swap(f"t-{name}", (f"RUN echo {name}", f"RUN printf {name}")) for name in names]


class Asked:
    """Objections to every text that holds one of the words, and how often they were asked for."""

    def __init__(self, *words):
        self.words = words
        self.count = 0

    def __call__(self, variant):
        self.count += 1
        text = variant.files["Dockerfile"]
        return (BAD,) if any(word in text for word in self.words) else ()


def found(project, transforms, asked):
    project.put("Dockerfile", TEXT)
    again = project.again(*transforms)
    return bisect.guilty(again(()), asked, (BAD,), again, ())


def test_the_guilty_one_of_eight_takes_three_questions(project):
    for name in "abcdefgh":
        asked = Asked(f"printf {name}")
        guilty = found(project, steps(*"abcdefgh"), asked)
        assert guilty.transform == f"t-{name}"
        assert asked.count <= 4


def test_a_single_step_is_guilty_without_a_question(project):
    asked = Asked("printf a")
    assert found(project, steps("a"), asked).transform == "t-a"
    assert asked.count == 0


def many(*names):
    return swap("many", *((f"RUN echo {name}", f"RUN printf {name}") for name in names))


def test_the_guilty_part_of_a_step(project):
    guilty = found(project, [many(*"abcd")], Asked("printf c"))
    assert guilty.title == "Swap RUN echo c"
    assert len(guilty.ids) == 1


def test_two_guilty_parts_take_the_step_with_them(project):
    guilty = found(project, [many(*"abcd")], Asked("printf a", "printf d"))
    assert len(guilty.ids) == 4
