"""Image names: do two of them mean the same image?"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_OPEN = re.compile(
    r"\$\{\{.*?\}\}|\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|%[A-Za-z_]+%|<[^<>]*>|\$[A-Za-z_@<?]\w*|\{[\w.]*\}"
)

SERVICES = frozenset(
    [
        "alpine",
        "busybox",
        "postgres",
        "postgresql",
        "postgis",
        "mysql",
        "mariadb",
        "redis",
        "valkey",
        "memcached",
        "mongo",
        "mongodb",
        "rabbitmq",
        "nats",
        "nginx",
        "traefik",
        "caddy",
        "haproxy",
        "httpd",
        "elasticsearch",
        "kibana",
        "logstash",
        "opensearch",
        "zookeeper",
        "kafka",
        "consul",
        "vault",
        "etcd",
        "minio",
        "influxdb",
        "grafana",
        "prometheus",
        "jaeger",
        "loki",
        "node",
        "python",
        "golang",
        "ruby",
        "rust",
        "php",
        "openjdk",
        "eclipse-temurin",
        "maven",
        "gradle",
        "debian",
        "ubuntu",
        "docker",
        "registry",
        "sonarqube",
        "adminer",
        "phpmyadmin",
        "mailhog",
        "mailpit",
        "neo4j",
        "cassandra",
        "couchdb",
        "clickhouse",
        "cockroachdb",
        "wordpress",
        "ghost",
        "keycloak",
        "localstack",
        "selenium",
        "curl",
        "wget",
        "bash",
        "git",
    ]
)
"""Names under which everyone knows another image: a bare one is not taken for the repository's."""


class ImageName(NamedTuple):
    """A reference in parts, None where one is not literal; `namespace` is "" if there is none."""

    base: str | None
    namespace: str | None
    tag: str | None


@lru_cache(maxsize=4096)
def image_name(reference: str) -> ImageName:
    """Take a reference apart; expansions that are left in it are unknown."""
    text = _OPEN.sub("\0", reference[:500].strip().strip("\"'")).partition("@")[0]
    *folders, last = text.split("/")
    base, _, tag = last.partition(":")
    if folders and ("." in folders[0] or ":" in folders[0] or folders[0] in {"localhost", "\0"}):
        opened = folders[0] == "\0"
        folders = folders[1:]
        if opened and not folders:
            return ImageName(_literal(base), None, _literal(tag or "latest"))
    if folders == ["library"]:
        folders = []
    namespace = folders[-1] if folders else ""
    return ImageName(_literal(base), _literal(namespace), _literal(tag or "latest"))


def _literal(text: str) -> str | None:
    return None if "\0" in text else text


def same_image(reference: str, tag: str) -> bool:
    """Does a reference mean the image that is built as `tag`, tags aside?

    A bare name means a bare one only (``FROM redis`` is not ``me/redis``); a name with a namespace
    may be pushed from a bare one.
    """
    one, other = image_name(reference), image_name(tag)
    if not one.base or one.base != other.base:
        return False
    if one.namespace == "":
        return other.namespace == "" or (other.namespace is None and one.base not in SERVICES)
    return not other.namespace or one.namespace is None or one.namespace == other.namespace


def same_tag(reference: str, tag: str) -> bool:
    """Are the tags of both literal and equal?"""
    one, other = image_name(reference), image_name(tag)
    return one.tag is not None and one.tag == other.tag


def foreign(reference: str) -> bool:
    """Is it a name that everyone knows for another image, or none at all?"""
    name = image_name(reference)
    return not reference or (name.base in SERVICES and name.namespace is not None)
