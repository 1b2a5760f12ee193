"""The web application; gunicorn binds to PORT by itself."""

from flask import Flask, render_template

server = Flask(__name__)
POSTCARDS = ["lighthouse", "harbour"]


@server.get("/")
def index() -> str:
    return render_template("index.html", postcards=POSTCARDS)


@server.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
