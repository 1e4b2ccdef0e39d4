"""What the interface says it takes: an example body of every POST, every place in it, and every name it declares."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from tests.api.caller import V1


def bodies(described: dict[str, Any]) -> dict[str, Any]:
    """The example body of every POST, by path."""
    schemas = described["components"]["schemas"]
    found: dict[str, Any] = {}
    for path, ways in described["paths"].items():
        asked = ways.get("post", {}).get("requestBody", {}).get("content", {})
        if "application/json" in asked:
            schema = asked["application/json"]["schema"]
            listed = schema.get("type") == "array"
            name = (schema["items"] if listed else schema)["$ref"].rpartition("/")[2]
            example = {**dict.fromkeys(schemas[name]["properties"]), **schemas[name]["examples"][0]}
            whole = {field: value for field, value in example.items() if value is not None}
            found[path.removeprefix(V1)] = [whole] if listed else whole
    return found


def places(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, each in inner for place in places(each, (*here, key)))]


def spoilt(value: Any, place: tuple[str | int, ...], by: Any) -> Any:
    if not place:
        return by
    whole = deepcopy(value)
    target = whole
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = by
    return whole


def names(described: dict[str, Any]) -> set[str]:
    """Every field that any body or answer has."""
    return {name for schema in described["components"]["schemas"].values() for name in schema.get("properties", {})}


def gets(described: dict[str, Any]) -> dict[str, list[str]]:
    """Every list and page that is only asked for, with the parameters of its query."""
    return {
        path: [one["name"] for one in ways["get"].get("parameters", ()) if one["in"] == "query"]
        for path, ways in described["paths"].items()
        if "get" in ways
    }


def objects(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Where the objects in a body are."""
    return (place for place in places(value) if isinstance(at(value, place), dict))


def at(value: Any, place: tuple[str | int, ...]) -> Any:
    """What stands there."""
    for key in place:
        value = value[key]
    return value
