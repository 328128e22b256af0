"""advisor road: what opens and closes for a firm in the years ahead, by day."""

from __future__ import annotations

import argparse
import json


def run(arguments: argparse.Namespace) -> int:
    """Look ahead for one firm and print the road."""
    from advisor.cli.advise import read_one_firm
    from advisor.domain.road import road
    from advisor.service.advisor import SHIPPED, make_advisor
    from advisor.service.road import road_view
    from advisor.terminal.road import print_road

    given = read_one_firm(arguments.file)
    adviser = make_advisor(arguments.rules, model=arguments.model or SHIPPED)
    firm, day = adviser.read(given, arguments.as_of)
    found = road(firm, day, adviser.rules, adviser.model, arguments.years, arguments.growth)
    if arguments.format == "json":
        print(json.dumps(road_view(found, arguments.lang), ensure_ascii=False, indent=1))
    else:
        print_road(found, arguments.lang)
    return 0
