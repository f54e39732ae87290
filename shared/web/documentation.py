"""What FastAPI's own OpenAPI document lacks."""

from typing import Any

from fastapi import FastAPI


def complete(app: FastAPI, schemas: dict[str, Any]) -> None:
    """Adds named schemas and the kind of key; takes out FastAPI's form of a mistake, which is never answered."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            content = plain()
            components = content.setdefault("components", {})
            named = {**components.get("schemas", {}), **schemas}
            named.pop("HTTPValidationError", None)
            components["schemas"] = named
            components.setdefault("securitySchemes", {})["key"] = {"type": "http", "scheme": "bearer"}
            app.openapi_schema = content
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
