"""The image that only runs what another one built."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dfix.ecosystems import counterparts, images
from dfix.ecosystems.facts import Unknown
from dfix.refactor.transform import Evidence

if TYPE_CHECKING:
    from dfix.ecosystems.images import Image
    from dfix.ecosystems.service import Service
    from dfix.refactor.context import Context
    from dfix.refactor.model import Stage

# Where a static binary needs a shell or a package beside it, any release will do.
STATIC_ON = {"glibc": "debian:12-slim", "musl": "alpine:3"}
STATIC_BASE = "gcr.io/distroless/static-debian12"
DISTROLESS = "https://github.com/GoogleContainerTools/distroless/blob/main/base/README.md"


class Chosen(NamedTuple):
    """The text for FROM, what is known of that image, and why it was chosen."""

    written: str
    image: Image
    because: tuple[Evidence, ...]
    relation: str  # "same image", "runtime counterpart", "static base"


class NoBase(NamedTuple):
    """Why there is none: slug, sentence and the setting that would answer."""

    slug: str
    sentence: str
    setting: str | None = None


class Wants(NamedTuple):
    """What the run-time stage needs of its base beside the service's own needs: reasons, None where it does not."""

    shell: str | None
    packages: tuple[str, ...]
    steps: str | None  # a RUN of the run-time stage


def choose(ctx: Context, stage: Stage, service: Service, wants: Wants) -> Chosen | NoBase:
    """The base for the run-time stage of a split."""
    image = stage.root_image
    if isinstance(image, Unknown):
        return NoBase("unknown-base", image.why)
    shell = wants.shell or wants.steps or (wants.packages[0] if wants.packages else None)
    if service.static:
        return _for_static(ctx, image, shell)
    native = any(live.native for live in service.live)
    found = counterparts.counterparts(image, "runtime")
    if isinstance(found, counterparts.NoCounterpart):
        if found.slug == "no-counterpart" and service.interpreter is not None:
            return Chosen(stage.node.image.text, image, (), "same image")
        if (
            found.slug == "unknown-suite"
            and ctx.config.split.suite is not None
            and image.libc == "glibc"
        ):
            return _named(
                f"debian:{ctx.config.split.suite}-slim",
                "the suite is named in the configuration",
                "[split] suite",
            )
        return NoBase(
            found.slug,
            found.why,
            '[tool.dfix.split] suite = "bookworm"' if found.slug == "unknown-suite" else None,
        )
    best = found[0]
    if best.floats and native and service.interpreter is None:
        return NoBase(
            "unknown-suite",
            f"the release below {image.name} is not known",
            '[tool.dfix.split] suite = "bookworm"',
        )
    claim = f"{best.written} has the same version and release of what {image.name} runs"
    return Chosen(best.written, best.image, (Evidence(claim, best.source),), "runtime counterpart")


def _for_static(ctx: Context, image: Image, shell: str | None) -> Chosen | NoBase:
    wanted = ctx.config.split.runtime
    if wanted == "scratch" and shell is None:
        return _named("scratch", "a static binary needs no base", DISTROLESS, "static base")
    if shell is None and wanted in ("auto", "distroless"):
        return _named(
            STATIC_BASE,
            "a static binary needs certificates, time zones and /tmp, and no shell",
            DISTROLESS,
            "static base",
        )
    written = STATIC_ON["musl" if wanted == "alpine" else image.libc or "glibc"]
    found = counterparts.counterparts(image, "runtime")
    if not isinstance(found, counterparts.NoCounterpart) and wanted == "auto":
        written = found[0].written
    return _named(written, f"a shell or a package is needed ({shell})", shell or "", "static base")


def _named(
    written: str, claim: str, where: str, relation: str = "runtime counterpart"
) -> Chosen | NoBase:
    image = images.image(written)
    if isinstance(image, Unknown):
        return NoBase("unknown-base", image.why)
    return Chosen(written, image, (Evidence(claim, where),), relation)
