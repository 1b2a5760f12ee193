"""Where calls of uv install, and whether the image's own Python is what they install for."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dfix.ecosystems.facts import Fact, Known, Unknown
from dfix.ecosystems.python.places import PREFIX
from dfix.ecosystems.python.pyproject import read_pyproject
from dfix.ecosystems.python.specs import refused

if TYPE_CHECKING:
    from dfix.ecosystems.knowledge import Knowledge
    from dfix.ecosystems.service import Did, Request

RULE = "https://docs.astral.sh/uv/concepts/projects/config/#project-environment-path"
SYSTEM_RULE = "https://docs.astral.sh/uv/pip/environments/"
# Variables and flags that choose a Python, or link what is installed into the cache.
_CHOOSES = (
    "UV_PYTHON",
    "UV_MANAGED_PYTHON",
    "UV_PYTHON_PREFERENCE",
    "UV_LINK_MODE",
    "UV_TOOL_BIN_DIR",
)
_HARMLESS = {
    "UV_LINK_MODE": {"copy", "hardlink", "clone"},
    "UV_PYTHON_PREFERENCE": {"only-system", "system"},
}
_FALSE = frozenset({"", "0", "false", "no", "off"})


def environment(knowledge: Knowledge, did: Did, request: Request) -> Fact[str]:
    """The prefix below which a call installs."""
    call, env = did.call, did.environment
    for name in _CHOOSES:
        value = env.get(name, "")
        if value != "" and value not in _HARMLESS.get(name, ()):
            return Unknown(f"{name} may choose another Python, or link into the cache")
    effects = {knowledge.flags[name].effect for name, _ in call.flags if name}
    if effects & {"python", "link-mode"}:
        return Unknown("a flag chooses the Python, or how files are linked")
    if any(
        each.call.verb == "python install" for each in request.did if each.call.ecosystem == "uv"
    ):
        return Unknown("uv installs a Python of its own")
    if call.verb == "sync":
        return _project(did, request)
    if call.verb not in {"pip install", "pip sync"}:
        return Unknown(f"where uv {call.verb} installs is not known")
    if call.outputs:
        return Unknown("a flag names the folder to install into")
    said = env.get("UV_SYSTEM_PYTHON", "")
    if said is None:
        return Unknown("UV_SYSTEM_PYTHON is not literal")
    if call.everywhere or said.lower() not in _FALSE:
        return Known(PREFIX, SYSTEM_RULE)
    return _active(did, request)


def _active(did: Did, request: Request) -> Fact[str]:
    """VIRTUAL_ENV, or the .venv that an earlier call makes where this one runs."""
    named = did.environment.get("VIRTUAL_ENV", "")
    if named is None:
        return Unknown("VIRTUAL_ENV is not literal")
    if named:
        return Known(posixpath.normpath(posixpath.join(did.directory, named)), SYSTEM_RULE)
    wanted = posixpath.join(did.directory, ".venv")
    for each in request.did[: request.did.index(did)]:
        made = [
            posixpath.normpath(posixpath.join(each.directory, one)) for one in each.call.outputs
        ]
        if each.call.verb == "venv" and not each.call.unknown and wanted in made:
            return Known(wanted, SYSTEM_RULE)
    return Unknown("no virtual environment is known for it")


def _project(did: Did, request: Request) -> Fact[str]:
    """The environment of a project, made for the Python of the image."""
    call, env = did.call, did.environment
    if call.unknown:
        return Unknown(f"uv sync has {call.unknown[0]}, which is not understood")
    if "--active" in call.words:
        return Unknown("uv sync --active takes the environment that is active")
    here = posixpath.normpath(posixpath.join(did.directory, call.directory))
    inside = posixpath.relpath(here, request.root)
    if inside.startswith(".."):
        return Unknown("uv sync works outside of the project")
    folder = posixpath.normpath(posixpath.join(request.folder or ".", inside))
    chosen = _chosen(request, "" if folder == "." else folder)
    if chosen is not None:
        return chosen
    named = env.get("UV_PROJECT_ENVIRONMENT", "")
    if named is None:
        return Unknown("UV_PROJECT_ENVIRONMENT is not literal")
    return Known(posixpath.normpath(posixpath.join(here, named or ".venv")), RULE)


def _chosen(request: Request, folder: str) -> Unknown | None:
    """Why uv may take, or download, another Python than that of the image.

    https://docs.astral.sh/uv/concepts/python-versions/#discovery-of-python-versions: a managed one only where none of
    the system fits.
    """
    release = request.base.release
    if release is None or len(release) < 2:  # noqa: PLR2004 - X.Y
        return Unknown("the version of Python in the image is not known")
    tree = request.tree
    if tree.is_file(posixpath.join(folder, "uv.toml")):
        return Unknown("uv.toml may choose another Python")
    pinned = tree.read(posixpath.join(folder, ".python-version"))
    if isinstance(pinned, Known):
        wanted = pinned.value.split("\n")[0].strip()
        if wanted != ".".join(map(str, release[:2])):
            return Unknown(f".python-version asks for {wanted or 'a Python'}")
    manifest = read_pyproject(tree, folder)
    if isinstance(manifest, Unknown):
        return manifest
    settings = manifest.value.table("tool", "uv")
    odd = [key for key in settings if key.startswith("python") or key in {"link-mode", "managed"}]
    if odd:
        return Unknown(f"[tool.uv] {odd[0]} may choose another Python")
    return refused(manifest.value, release)
