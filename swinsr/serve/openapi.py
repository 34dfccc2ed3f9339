"""The description of the server for programs, `/openapi.json`, and for people, `/docs`."""

import html
from typing import Any

from swinsr.serve.options import RESTORE, UPSCALE, Option
from swinsr.version import __version__

_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_PICTURE: dict[str, Any] = {
    "image/*": {"schema": {"type": "string", "format": "binary"}},
}
_STATUSES = {
    "400": "an option or model that there is not, or no picture",
    "401": "the token is missing or wrong",
    "408": "the upload stopped",
    "413": "too many bytes or pixels",
    "422": "no picture that can be read",
    "429": "too many requests wait; Retry-After says when to come back",
    "503": "not enough memory, or the server is ending",
    "504": "it took longer than a job may",
    "507": "the server's folder is full",
}


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SwinSR",
            "version": __version__,
            "description": "Pictures in, larger or restored pictures out: the bytes of "
            "`swinsr upscale` and `swinsr restore` with the same options.",
        },
        "paths": {
            "/v1/upscale": {"post": _operation("Enlarge a picture.", UPSCALE)},
            "/v1/restore": {"post": _operation("Take noise or JPEG artefacts out.", RESTORE)},
            "/v1/models": {"get": _plain("List the models.", "application/json")},
            "/healthz": {"get": _plain("Tell whether the server works.", "application/json")},
            "/metrics": {"get": _plain("Give numbers for Prometheus.", "text/plain")},
        },
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": {"error": {"type": "string"}},
                    "required": ["error"],
                }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(summary: str, options: dict[str, Option]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    fields = {name: _schema(option) for name, option in options.items()}
    name = Option("string", "what the picture is called; its suffix tells the result's format")
    return {
        "summary": summary,
        "security": [{"token": []}, {}],
        "parameters": [
            {
                "name": key,
                "in": "query",
                "required": key == "task",
                "description": option.text,
                "schema": _schema(option),
            }
            for key, option in {**options, "name": name}.items()
        ],
        "requestBody": {
            "required": True,
            "content": {
                **_PICTURE,
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": file, **fields},
                        "required": ["file"],
                    }
                },
            },
        },
        "responses": {
            "200": {
                "description": "the picture; the header Swinsr-Record tells what was done",
                "content": _PICTURE,
            },
            **{
                status: {"description": text, "content": _ERROR}
                for status, text in _STATUSES.items()
            },
        },
    }


def _schema(option: Option) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": option.kind, "description": option.text}
    return schema | {"enum": list(option.among)} if option.among else schema


def _plain(summary: str, kind: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": "", "content": {kind: {}}}}}


def page() -> str:
    """The same for people, in one file that fetches nothing."""
    found = document()
    parts = [f"<h1>SwinSR {html.escape(__version__)}</h1>"]
    parts.append(f"<p>{html.escape(found['info']['description'])} ")
    parts.append('For programs: <a href="openapi.json">openapi.json</a>.</p>')
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>")
            parts.append(f"<p>{html.escape(operation['summary'])}</p>")
            parts.append(_rows(operation))
    style = (
        "body{font:16px/1.5 system-ui;max-width:50em;margin:2em auto;padding:0 1em;"
        "color-scheme:light dark}td{padding:.1em 1em .1em 0;vertical-align:top}"
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>SwinSR</title>'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style>'
        + "".join(parts)
    )


def _rows(operation: dict[str, Any]) -> str:
    rows = [
        (p["name"], p["schema"]["type"], p["description"]) for p in operation.get("parameters", ())
    ]
    rows += [(status, "", answer["description"]) for status, answer in
             operation["responses"].items() if answer["description"]]  # fmt: skip
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"
