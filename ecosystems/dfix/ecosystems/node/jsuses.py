"""Which functions of Node.js and of common packages open, start and listen.

Positions are those of each function's page: https://nodejs.org/api/fs.html,
https://nodejs.org/api/child_process.html, https://nodejs.org/api/worker_threads.html, and of
packages on https://www.npmjs.com/package/<name>.
"""

from __future__ import annotations

from typing import Final

BUILTIN: Final = frozenset(
    # https://nodejs.org/api/module.html#modulebuiltinmodules
    {
        "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants",
        "crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2",
        "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process", "punycode",
        "querystring", "readline", "repl", "sea", "sqlite", "stream", "string_decoder", "sys",
        "test", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi",
        "worker_threads", "zlib",
    }
)  # fmt: skip

_FILES: Final = frozenset({"fs", "fs/promises", "fs-extra", "graceful-fs", "mz/fs"})

_READ = (
    "access", "createReadStream", "exists", "existsSync", "lstat", "open", "opendir", "openAsBlob",
    "pathExists", "readFile", "readJson", "readJSON", "readdir", "readlink", "realpath", "stat",
    "statfs", "watch", "watchFile", "glob",
)  # fmt: skip
_WRITE = (
    "appendFile", "chmod", "chown", "createWriteStream", "emptyDir", "ensureDir", "ensureFile",
    "mkdir", "mkdirp", "mkdtemp", "outputFile", "outputJson", "remove", "rename", "rm", "rmdir",
    "truncate", "unlink", "utimes", "writeFile", "writeJson",
)  # fmt: skip

READS: Final = frozenset(name for base in _READ for name in (base, f"{base}Sync"))
WRITES: Final = frozenset(name for base in _WRITE for name in (base, f"{base}Sync"))
COPIES: Final = frozenset(
    {"copyFile", "copyFileSync", "cp", "cpSync", "copy", "copySync", "move", "moveSync"}
)

SHELL_STARTS: Final = {
    "child_process": frozenset({"exec", "execSync"}),
    "execa": frozenset({"execaCommand", "execaCommandSync", "command", "commandSync"}),
    "shelljs": frozenset({"exec"}),
}
"""A whole command line, given to a shell or split at blanks: its first word is the program."""

PROGRAM_STARTS: Final = {
    "child_process": frozenset({"spawn", "spawnSync", "execFile", "execFileSync"}),
    "execa": frozenset({"execa", "execaSync", "default", "sync", "execaNode"}),
    "cross-spawn": frozenset({"default", "spawn", "sync"}),
    "node-pty": frozenset({"spawn"}),
}
"""The first argument is the program."""

SCRIPT_STARTS: Final = {
    "child_process": frozenset({"fork"}),
    "worker_threads": frozenset({"Worker"}),
    "pm2": frozenset({"start"}),
    "piscina": frozenset({"default"}),
}
"""The first argument is a JavaScript file of the project."""

DIRECTORIES: Final = {
    "express": frozenset({"static"}),
    "serve-static": frozenset({"default"}),
    "koa-static": frozenset({"default"}),
    "serve-favicon": frozenset({"default"}),
    "hono": frozenset(),
}
"""The first argument is a path that is served."""

METHODS: Final = frozenset({"sendFile", "sendfile", "download", "serveStatic", "addStatic"})
"""Methods of a web framework's objects whose first argument is a path that is read."""

VIEW_ENGINES: Final = {"views": "views", "public": "public", "static": "static"}
"""Keys of app.set(key, directory)."""

BROWSERS: Final = frozenset(
    { "puppeteer", "puppeteer-core", "puppeteer-extra", "playwright", "playwright-core",
    "playwright-chromium", "playwright-firefox", "playwright-webkit", "selenium-webdriver",
    "chrome-launcher" },
)  # fmt: skip


def normalised(module: str) -> str:
    """The module that a specifier means for these tables: `node:fs/promises` is fs."""
    plain = module.removeprefix("node:")
    if plain in _FILES:
        return "fs"
    return plain
