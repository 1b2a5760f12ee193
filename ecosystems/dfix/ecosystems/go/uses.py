"""Which functions of Go's standard library and of common modules open, start, read and listen.

A rule is (what, where, extra): what the call does, the arguments that say with what (a number, or
"n+" for that one and all after it), and the mode or the kind of need. Packages are named without
their major version. Methods are keyed by name; they count only in files that import one of the
modules beside them, because the type of a receiver is not known. The argument positions are those
of each package's page on pkg.go.dev, read as https://pkg.go.dev/<import path>.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from dfix.ecosystems.runtime import NeedKind

What = Literal["open", "write", "glob", "start", "env", "listen", "migrate", "zone", "need"]


class Rule(NamedTuple):
    """What a call does and which arguments name it."""

    what: What
    where: str = "0"
    need: NeedKind | None = None
    default: str | None = None  # the value without an argument


_READ = Rule("open")
_WRITE = Rule("write")
_CERTIFICATES = Rule("need", need=NeedKind.CERTIFICATES)
_TEMPORARY = Rule("need", need=NeedKind.TEMPORARY_DIRECTORY)
_USERS = Rule("need", need=NeedKind.USER_DATABASE)
_TEMPLATES = {"ParseFiles": Rule("open", "0+"), "ParseGlob": Rule("glob")}

IMPORTS: Final[dict[str, str]] = {
    # https://github.com/joho/godotenv#usage
    "github.com/joho/godotenv/autoload": ".env",
}
"""Packages that open a file as soon as they are imported, and which."""

FUNCTIONS: Final[dict[str, dict[str, Rule]]] = {
    "os": {
        "Open": _READ,
        "OpenFile": _READ,
        "ReadFile": _READ,
        "ReadDir": _READ,
        "Stat": _READ,
        "Lstat": _READ,
        "DirFS": _READ,
        "OpenRoot": _READ,
        "Readlink": _READ,
        "Chdir": _READ,
        "Create": _WRITE,
        "WriteFile": _WRITE,
        "Mkdir": _WRITE,
        "MkdirAll": _WRITE,
        "Remove": _WRITE,
        "RemoveAll": _WRITE,
        "Rename": Rule("write", "0+"),
        "CreateTemp": _TEMPORARY,
        "MkdirTemp": _TEMPORARY,
        "TempDir": _TEMPORARY,
        "StartProcess": Rule("start"),
        "Getenv": Rule("env"),
        "LookupEnv": Rule("env"),
    },
    "io/ioutil": {
        "ReadFile": _READ,
        "ReadDir": _READ,
        "WriteFile": _WRITE,
        "TempFile": _TEMPORARY,
        "TempDir": _TEMPORARY,
    },
    "path/filepath": {"Glob": Rule("glob"), "Walk": _READ, "WalkDir": _READ},
    "html/template": _TEMPLATES,
    "text/template": _TEMPLATES,
    "net/http": {
        "Dir": _READ,
        "ServeFile": Rule("open", "2"),
        "ListenAndServe": Rule("listen"),
        "ListenAndServeTLS": Rule("listen"),
        "Get": _CERTIFICATES,
        "Head": _CERTIFICATES,
        "Post": _CERTIFICATES,
        "PostForm": _CERTIFICATES,
        "NewRequest": _CERTIFICATES,
        "NewRequestWithContext": _CERTIFICATES,
        "Client": _CERTIFICATES,
        "DefaultClient": _CERTIFICATES,
        "Transport": _CERTIFICATES,
        "DefaultTransport": _CERTIFICATES,
    },
    "net": {"Listen": Rule("listen", "1")},
    "crypto/tls": {
        "LoadX509KeyPair": Rule("open", "0+"),
        "Dial": _CERTIFICATES,
        "Client": _CERTIFICATES,
        "Config": _CERTIFICATES,
        "DialWithDialer": _CERTIFICATES,
        "Listen": Rule("listen", "1"),
    },
    "crypto/x509": {"SystemCertPool": _CERTIFICATES},
    "os/exec": {
        "Command": Rule("start"),
        "CommandContext": Rule("start", "1"),
        "LookPath": Rule("start"),
    },
    "syscall": {
        "Exec": Rule("start"),
        "ForkExec": Rule("start"),
        "StartProcess": Rule("start"),
        "Getenv": Rule("env"),
    },
    "os/user": {
        "Current": _USERS,
        "Lookup": _USERS,
        "LookupId": _USERS,
        "LookupGroup": _USERS,
        "LookupGroupId": _USERS,
    },
    "time": {"LoadLocation": Rule("zone")},
    "runtime": {
        "Caller": Rule("need", need=NeedKind.SOURCE_LOCATIONS),
        "Callers": Rule("need", need=NeedKind.SOURCE_LOCATIONS),
        "CallersFrames": Rule("need", need=NeedKind.SOURCE_LOCATIONS),
    },
    "runtime/debug": {"ReadBuildInfo": Rule("need", need=NeedKind.BUILD_INFO)},
    "plugin": {"Open": Rule("need", need=NeedKind.DYNAMIC_LOADING)},
    "github.com/ebitengine/purego": {"Dlopen": Rule("need", need=NeedKind.DYNAMIC_LOADING)},
    "github.com/joho/godotenv": {
        name: Rule("open", "0+", default=".env") for name in ("Load", "Overload", "Read")
    },
    "github.com/spf13/viper": {
        "SetConfigFile": _READ,
        "AddConfigPath": _READ,
        "BindEnv": Rule("env", "1+"),
    },
    "github.com/golang-migrate/migrate": {
        "New": Rule("migrate"),
        "NewWithDatabaseInstance": Rule("migrate"),
    },
    "github.com/pressly/goose": {
        name: Rule("open", "1")
        for name in ("Up", "UpTo", "Down", "Status", "UpByOne", "Reset", "Version")
    },
    "github.com/labstack/echo": {},
    "github.com/gofiber/fiber": {},
    "github.com/gin-gonic/gin": {"Dir": _READ},
}
"""By import path, by function or type: what its call or its use does."""

_GIN = "github.com/gin-gonic/gin"
_ECHO = "github.com/labstack/echo"
_FIBER = "github.com/gofiber/fiber"
_HTTP = "net/http"
_VIPER = "github.com/spf13/viper"
_TEMPLATE = "html/template"
_TEXT_TEMPLATE = "text/template"

METHODS: Final[dict[str, tuple[tuple[str, Rule], ...]]] = {
    "LoadHTMLGlob": ((_GIN, Rule("glob")),),
    "LoadHTMLFiles": ((_GIN, Rule("open", "0+")),),
    "Static": ((_GIN, Rule("open", "1")), (_ECHO, Rule("open", "1")), (_FIBER, Rule("open", "1"))),
    "StaticFile": ((_GIN, Rule("open", "1")),),
    "File": ((_GIN, Rule("open", "0")), (_ECHO, Rule("open", "0+"))),
    "SendFile": ((_FIBER, Rule("open", "0")),),
    "Run": ((_GIN, Rule("listen", "0", default=":8080")),),
    "RunTLS": ((_GIN, Rule("listen", "0")),),
    "Start": ((_ECHO, Rule("listen", "0")),),
    "Listen": ((_FIBER, Rule("listen", "0")),),
    "ParseFiles": ((_TEMPLATE, Rule("open", "0+")), (_TEXT_TEMPLATE, Rule("open", "0+"))),
    "ParseGlob": ((_TEMPLATE, Rule("glob")), (_TEXT_TEMPLATE, Rule("glob"))),
    "SetConfigFile": ((_VIPER, Rule("open")),),
    "AddConfigPath": ((_VIPER, Rule("open")),),
    "BindEnv": ((_VIPER, Rule("env", "1+")),),
    "ParseMultipartForm": ((_HTTP, Rule("need", need=NeedKind.TEMPORARY_DIRECTORY)),),
    "FormFile": ((_HTTP, Rule("need", need=NeedKind.TEMPORARY_DIRECTORY)),),
}
"""By method name: the module whose import makes it count, and what the call does."""
