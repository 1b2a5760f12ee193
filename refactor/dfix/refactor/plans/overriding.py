"""What the repository starts in the image instead of its CMD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfix.ecosystems.calls import Role

if TYPE_CHECKING:
    from dfix.ecosystems.service import Service
    from dfix.refactor.context import Context
    from dfix.refactor.model import Stage

# Programs that every base of images.toml with a shell has: coreutils and the shell, or BusyBox.
EVERYWHERE = frozenset(
    "sh echo true false sleep cat ls test [ env exec cd export mkdir chown chmod id".split()
)


def override_against(ctx: Context, stage: Stage, service: Service) -> str | None:
    """The first override that speaks against a split, as half a sentence; None if there is none."""
    del stage
    from dfix.ecosystems import read_call  # noqa: PLC0415 - read when a question needs it

    for override in ctx.project.repository.overrides:
        if override.kind not in ("command", "entrypoint", "healthcheck", "exec"):
            continue
        words = override.words
        if not words:
            continue
        if override.form == "shell" and service.static:
            return f"{override.source} starts {' '.join(words)} through a shell, which a static base lacks"
        call = read_call(words)
        if call is not None and call.role in (
            Role.BUILD,
            Role.INSTALL,
            Role.ADD,
            Role.FETCH,
            Role.PROJECT,
        ):
            return f"{override.source} starts {' '.join(words)}, which builds"
        if service.interpreter is None:
            program = words[0]
            if not any(
                program and live.path.endswith("/" + program.rsplit("/", 1)[-1])
                for live in service.live
            ) and (program not in EVERYWHERE or service.static):
                return f"{override.source} starts {program}, which would leave the image"
    return None
