"""What is known about a project, and from where.

A fact is `Known(value, source)` or `Unknown(why)`. Unknown is a value like any other: a transform that needs the fact
holds back and shows `why` to the user; it never guesses.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Known(NamedTuple, Generic[T_co]):
    """A fact and where it stands: a path in the project, `path:line`, or the URL of a documented rule."""

    value: T_co
    source: str


class Unknown(NamedTuple):
    """Why a fact is not known, as half a sentence: "package-lock.json is missing".

    `slug` names the kind of reason where the asker's documentation lists kinds; empty for any other.
    """

    why: str
    slug: str = ""


Fact = Known[T_co] | Unknown
