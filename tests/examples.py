"""The example firms in data/examples, as the documentation and the golden files use them."""

import datetime as dt
import json

from advisor.cli.advise import read_firms
from advisor.shipped import shipped

DAY = dt.date(2026, 11, 24)
"""The day all expectations are for."""

FIRMS = {path.stem: read_firms(str(path)) for path in sorted((shipped("data") / "examples").glob("*.yaml"))}
"""Facts by name of the file."""


def strict_json(written):
    """Read JSON as every other language reads it: NaN, infinities and a key given twice are refused."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    def once(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"a key stands twice among {keys}"
        return dict(pairs)

    return json.loads(written, parse_constant=refuse, object_pairs_hook=once)
