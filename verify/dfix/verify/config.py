"""The configuration of an image: what its engine is told to do with a container of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SHELL_WORDS = 3  # ["/bin/sh", "-c", "text"]


class Image(NamedTuple):
    """What `docker image inspect` says, with every spelling of one thing made the same."""

    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    env: Mapping[str, str]
    ports: frozenset[str]
    user: str
    workdir: str
    volumes: frozenset[str]
    labels: Mapping[str, str]
    stopsignal: str
    healthcheck: Mapping[str, Any]
    shell: tuple[str, ...]
    onbuild: tuple[str, ...]
    size: int  # bytes

    @property
    def path(self) -> tuple[str, ...]:
        """The folders of PATH."""
        return tuple(part for part in self.env.get("PATH", DEFAULT_PATH).split(":") if part)

    @property
    def starts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The commands that the image starts, each with what declares it."""
        main = (*self.entrypoint, *self.cmd)
        test = tuple(self.healthcheck.get("Test") or ())
        found = [("ENTRYPOINT" if self.entrypoint else "CMD", main)] if main else []
        if test[:1] == ("CMD",):
            found.append(("HEALTHCHECK", test[1:]))
        elif test[:1] == ("CMD-SHELL",):
            found.append(("HEALTHCHECK", ("/bin/sh", "-c", *test[1:])))
        return tuple(found)


def read(inspected: Json) -> Image:
    """Read an answer of `docker image inspect`."""
    config: Json = inspected.get("Config") or {}
    env = dict(each.partition("=")[::2] for each in config.get("Env") or ())
    user = config.get("User") or ""
    return Image(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        env=env,
        ports=frozenset(config.get("ExposedPorts") or ()),
        user="root" if user in ("", "0", "0:0", "root:root") else user,
        workdir=config.get("WorkingDir") or "/",
        volumes=frozenset(config.get("Volumes") or ()),
        labels=config.get("Labels") or {},
        stopsignal=config.get("StopSignal") or "SIGTERM",
        healthcheck=config.get("Healthcheck") or {},
        shell=tuple(config.get("Shell") or ()),
        onbuild=tuple(config.get("OnBuild") or ()),
        size=int(inspected.get("Size") or 0),
    )
