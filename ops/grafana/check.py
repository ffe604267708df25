"""Reads each dashboard with the types that Grafana publishes and writes it again: what Grafana's schema does not know is lost on the way,
a wrong value of a closed list or a wrong type is refused, and either ends the check. Panels must be of kinds that the schema has.

    python check.py FILE...

It needs `grafana-foundation-sdk`, which is made out of Grafana's own schema.
"""

import copy
import enum
import json
import pathlib
import sys
import types
import typing

from grafana_foundation_sdk.cog import plugins, runtime
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

MODELS = "grafana_foundation_sdk.models"


def lost(before, after, at):
    """What stands in the file and not in what was read."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from lost(value, after[key], f"{at}.{key}")
            else:
                yield f"{at}.{key} is not in the schema"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{at}[{number}]")
    elif before != after:
        yield f"{at}: {before!r} is read as {after!r}"


def misfits(value, kind, at):
    """What is of another type than its place, or no value of its list."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind in (typing.Any, object) or isinstance(kind, typing.TypeVar):
        return
    if origin in (typing.Union, types.UnionType):
        tried = [list(misfits(value, one, at)) for one in inner]
        if all(tried):
            yield tried[0][0]
    elif origin is typing.Literal:
        if value not in inner:
            yield f"{at} is {value!r}, and not of {inner}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{at} is no list"
            return
        for number, one in enumerate(value):
            yield from misfits(one, inner[0], f"{at}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{at} is no object"
            return
        for key, one in value.items():
            yield from misfits(one, inner[1], f"{at}.{key}")
    elif kind is None or kind is type(None):
        if value is not None:
            yield f"{at} is not nothing"
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        if value not in [one.value for one in kind] and value not in list(kind):
            yield f"{at} is {value!r}, and not of {[one.value for one in kind]}"
    elif kind is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield f"{at} is {value!r}, and no number"
    elif isinstance(kind, type):
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            yield f"{at} is {value!r}, and no {kind.__name__}"
        elif kind.__module__.startswith(MODELS):
            for name, of in typing.get_type_hints(type(value)).items():
                yield from misfits(getattr(value, name), of, f"{at}.{name}")


def wrong(board):
    """Everything that the schema has against a dashboard."""
    try:
        typed = dashboard.Dashboard.from_json(copy.deepcopy(board))
        read = json.loads(JSONEncoder().encode(typed))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"it cannot be read: {error}"]
    found = [*lost(board, read, "dashboard"), *misfits(typed, dashboard.Dashboard, "dashboard")]
    for panel in board.get("panels", []):
        if runtime.panelcfg_config(panel.get("type", "")) is None and panel.get("type") != "row":
            found.append(f"panel {panel.get('id')}: no panel of Grafana's is called {panel.get('type')!r}")
    return found


def must_be_found(board):
    """The check itself is tried: a fault of each sort, planted into a board that is in order."""
    def planted(work):
        faulty = copy.deepcopy(board)
        work(faulty["panels"][0])
        return wrong(faulty)

    faults = {
        "a key that there is not": lambda panel: panel.update(gridPosition={}),
        "a kind of panel that there is not": lambda panel: panel.update(type="statistic"),
        "a value that the list has not": lambda panel: panel["fieldConfig"]["defaults"].update(
            thresholds={"mode": "abs", "steps": []}
        ),
        "a text for a number": lambda panel: panel["gridPos"].update(w="4"),
    }
    return [name for name, work in faults.items() if not planted(work)]


plugins.register_default_plugins()
for path in map(pathlib.Path, sys.argv[1:]):
    board = json.loads(path.read_text(encoding="utf-8"))
    found = wrong(board)
    if found:
        sys.exit("\n".join(f"{path}: {line}" for line in found))
    unseen = must_be_found(board)
    if unseen:
        sys.exit(f"the check does not notice: {', '.join(unseen)}")
    print(f"{path}: {len(board['panels'])} panels are as Grafana's schema has them")
