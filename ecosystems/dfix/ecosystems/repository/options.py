"""Options of a command line, by which of them take a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfix.ecosystems.repository.shown import Word

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILD = _names(
    "--add-host --allow --annotation --attest --build-arg --build-context --builder --cache-from "
    "--cache-to --call --cgroup-parent -c --cpu-period --cpu-quota --cpu-shares --cpuset-cpus "
    "--cpuset-mems -f --file --iidfile --isolation --label -m --memory --memory-swap "
    "--metadata-file --network --no-cache-filter -o --output --platform --policy --progress "
    "--provenance --sbom --secret --security-opt --shm-size --ssh -t --tag --target --ulimit "
    # podman and buildah
    "--arch --authfile --build-arg-file --cap-add --cap-drop --creds --device --dns --env --format "
    "--from --hooks-dir --ignorefile --jobs --manifest --os --pid --retry --runtime "
    "--signature-policy --timestamp --userns -v --volume --variant --log-level --cache-ttl "
    "--storage-driver"
)
"""Options of ``docker build`` and those who speak like it, with a value."""

ACR = BUILD | _names("-r --registry -g --resource-group --image --subscription")

KANIKO = _names(
    "--context -c --dockerfile -f --destination -d --build-arg --cache-repo --target "
    "--context-sub-path --custom-platform --customPlatform --cache-dir --snapshotMode "
    "--snapshot-mode --verbosity -v --digest-file --registry-mirror --cache-ttl --git "
    "--ignore-path --label --tar-path --tarPath --kaniko-dir"
)

BUILDCTL = _names(
    "--frontend --local --opt --output -o --import-cache --export-cache --secret --ssh --progress "
    "--addr --metadata-file"
)

GCLOUD = _names(
    "-t --tag --config --project --substitutions --timeout --region --machine-type --ignore-file "
    "--gcs-source-staging-dir --gcs-log-dir --account --service-account --source --image --platform "
    "--set-env-vars --update-env-vars --set-secrets --memory --cpu --port --min-instances "
    "--max-instances --concurrency --env-vars-file --format"
)

FLY = _names(
    "-a --app -c --config --dockerfile --build-arg --build-target -e --env -i --image --strategy "
    "--region -r --build-secret --image-label --org -o --vm-size --wait-timeout"
)

COMPOSE_GLOBALS = _names(
    "-f --file -p --project-name --profile --project-directory --env-file --ansi --progress "
    "--parallel -H --host -c --context"
)
"""Options of compose before its command, with a value."""

COMPOSE_RUN = _names(
    "-e --env -v --volume -p --publish -u --user -w --workdir --name --entrypoint -l --label "
    "--cap-add --cap-drop --env-from-file --pull --index"
)
"""Options of ``compose run`` and ``compose exec`` with a value."""

RUN_FLAGS = _names(
    "-d --detach -i --interactive -t --tty --rm --init --privileged --read-only -P --publish-all "
    "--no-healthcheck --oom-kill-disable --sig-proxy -q --quiet --use-api-socket --replace "
    "--tls-verify --rmi"
)
"""Options of ``docker run`` without a value; all others have one."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options, in order, each with its value (of a flag: its own name), and the other words."""

    named: tuple[tuple[str, Word], ...]
    positional: tuple[Word, ...]

    def all(self, *names: str) -> tuple[Word, ...]:
        """The values of all options with one of these names."""
        return tuple(word for name, word in self.named if name in names)

    def last(self, *names: str) -> Word | None:
        """The value that counts: the last one."""
        found = self.all(*names)
        return found[-1] if found else None


def parsed(
    words: Sequence[Word],
    valued: Collection[str] | None,
    *,
    flags: Collection[str] = (),
    letters: str = "",
    stop: bool = False,
) -> Options:
    """Read options. With `valued`, those take a value; with None all do except `flags`.

    `letters` are flags that may stand together (``-it``). `stop`: options end at the first word.
    """
    named: list[tuple[str, Word]] = []
    positional: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        text = word.text
        at += 1
        if text == "--":
            positional.extend(words[at:])
            break
        if not text.startswith("-") or text == "-":
            positional.append(word)
            if stop:
                positional.extend(words[at:])
                break
            continue
        name, equals, value = text.partition("=")
        if equals and name.startswith("--"):
            named.append((name, Word(value, word.known)))
        elif not text.startswith("--") and len(text) > len("-f"):
            at = _short(word, words, at, named, letters, valued)
        elif (text in valued if valued is not None else text not in flags) and at < len(words):
            named.append((text, words[at]))
            at += 1
        else:
            named.append((text, word))
    return Options(tuple(named), tuple(positional))


def _short(
    word: Word,
    words: Sequence[Word],
    at: int,
    named: list[tuple[str, Word]],
    letters: str,
    valued: Collection[str] | None,
) -> int:
    """Several short flags, the last of which may take a word; or one with its value attached."""
    text = word.text
    if text[1] not in letters and (valued is None or text[:2] in valued):
        named.append((text[:2], Word(text[2:].removeprefix("="), word.known)))
        return at
    named.extend((f"-{letter}", word) for letter in text[1:-1])
    last = f"-{text[-1]}"
    takes = last in valued if valued is not None else text[-1] not in letters
    if takes and at < len(words):
        named.append((last, words[at]))
        return at + 1
    named.append((last, word))
    return at
