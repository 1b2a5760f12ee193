"""Which distribution brings a top-level module, where the two names differ.

Each pair is what the distribution's own page on https://pypi.org/project/<name>/ tells to import.
"""

from __future__ import annotations

from typing import Final

from dfix.ecosystems.python.wheels import normalised

DISTRIBUTIONS: Final[dict[str, tuple[str, ...]]] = {
    "OpenSSL": ("pyopenssl",), "PIL": ("pillow",), "Crypto": ("pycryptodome", "pycrypto"), "Xlib":
    ("python-xlib",), "MySQLdb": ("mysqlclient",), "psycopg2": ("psycopg2", "psycopg2-binary"),
    "psycopg": ("psycopg",), "yaml": ("pyyaml",), "bs4": ("beautifulsoup4",), "cv2":
    ("opencv-python", "opencv-python-headless", "opencv-contrib-python",
    "opencv-contrib-python-headless"), "sklearn": ("scikit-learn",), "skimage": ("scikit-image",),
    "dateutil": ("python-dateutil",), "dotenv": ("python-dotenv",), "jose": ("python-jose",), "jwt":
    ("pyjwt",), "multipart": ("python-multipart",), "magic": ("python-magic",), "docx":
    ("python-docx",), "pptx": ("python-pptx",), "git": ("gitpython",), "attr": ("attrs",), "zmq":
    ("pyzmq",), "serial": ("pyserial",), "usb": ("pyusb",), "ldap": ("python-ldap",), "fitz":
    ("pymupdf",), "faiss": ("faiss-cpu",), "telegram": ("python-telegram-bot",), "discord":
    ("discord-py",), "slugify": ("python-slugify",), "markdown": ("markdown",), "nacl": ("pynacl",),
    "rest_framework": ("djangorestframework",), "rest_framework_simplejwt":
    ("djangorestframework-simplejwt",), "corsheaders": ("django-cors-headers",), "environ":
    ("django-environ", "environ-config"), "decouple": ("python-decouple",), "debug_toolbar":
    ("django-debug-toolbar",), "django_filters": ("django-filter",), "storages":
    ("django-storages",), "crispy_forms": ("django-crispy-forms",), "allauth": ("django-allauth",),
    "import_export": ("django-import-export",), "drf_yasg": ("drf-yasg",), "drf_spectacular":
    ("drf-spectacular",), "channels": ("channels",), "celery": ("celery",), "flask_sqlalchemy":
    ("flask-sqlalchemy",), "flask_migrate": ("flask-migrate",), "flask_cors": ("flask-cors",),
    "flask_login": ("flask-login",), "flask_wtf": ("flask-wtf",), "flask_restful":
    ("flask-restful",), "google.protobuf": ("protobuf",), "grpc": ("grpcio",), "grpc_status":
    ("grpcio-status",), "socketio": ("python-socketio",), "engineio": ("python-engineio",),
    "websocket": ("websocket-client",), "snappy": ("python-snappy",), "lz4": ("lz4",),
    "Levenshtein": ("python-levenshtein", "levenshtein"), "umap": ("umap-learn",), "kafka":
    ("kafka-python", "kafka-python-ng"), "confluent_kafka": ("confluent-kafka",), "pika": ("pika",),
    "consul": ("python-consul",), "pkg_resources": ("setuptools",), "setuptools": ("setuptools",),
    "mpl_toolkits": ("matplotlib",), "sentence_transformers": ("sentence-transformers",), "pymongo":
    ("pymongo",), "bson": ("pymongo",), "gridfs": ("pymongo",), "tensorflow": ("tensorflow",
    "tensorflow-cpu"), "dns": ("dnspython",), "ruamel": ("ruamel-yaml",), "pylibmc": ("pylibmc",),
    "Cython": ("cython",), "cairo": ("pycairo",), "gi": ("pygobject",), "lxml": ("lxml",), "pyodbc":
    ("pyodbc",), "psutil": ("psutil",), "uvloop": ("uvloop",), "starlette": ("starlette",),
    "whitenoise": ("whitenoise",), "jinja2": ("jinja2",), "werkzeug": ("werkzeug",),
    "prometheus_client": ("prometheus-client",), "opentelemetry": ("opentelemetry-api",),
    "sentry_sdk": ("sentry-sdk",), "apscheduler": ("apscheduler",), "elasticsearch_dsl":
    ("elasticsearch-dsl",), "graphene_django": ("graphene-django",), "hcl2": ("python-hcl2",),
    "ffmpeg": ("ffmpeg-python",), "wx": ("wxpython",), "speech_recognition": ("speechrecognition",),
    "tesserocr": ("tesserocr",), "pytesseract": ("pytesseract",), "pdf2image": ("pdf2image",),
    "wand": ("wand",), "moviepy": ("moviepy",), "pydub": ("pydub",), "weasyprint": ("weasyprint",),
    "pyzbar": ("pyzbar",), "shapely": ("shapely",), "osgeo": ("gdal",), "fiona": ("fiona",),
    "rasterio": ("rasterio",), "pyproj": ("pyproj",), "box": ("python-box",), "memcache":
    ("python-memcached", "python3-memcached"), "nmap": ("python-nmap",), "pythonjsonlogger":
    ("python-json-logger",), "sqlalchemy_utils": ("sqlalchemy-utils",), "aioredis": ("aioredis",),
    "redis": ("redis",), "rq": ("rq",), "peewee": ("peewee",), "playhouse": ("peewee",), "wtforms":
    ("wtforms",), "email_validator": ("email-validator",), "passlib": ("passlib",),
    "pydantic_settings": ("pydantic-settings",),
}  # fmt: skip
"""By module: the distributions that have it, the usual one first."""


def distributions_of(module: str) -> tuple[str, ...]:
    """The distributions that may bring a dotted module.

    The module's own name where none is listed.
    """
    parts = module.split(".")
    for length in (2, 1):
        named = DISTRIBUTIONS.get(".".join(parts[:length]))
        if named is not None:
            return named
    return (normalised(parts[0]),)
