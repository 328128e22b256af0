"""advisor train, advisor evaluate, advisor model: the learned stage, its making, its figures, its card."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any


def train(arguments: argparse.Namespace) -> int:
    """Train a stage model and print its card."""
    from advisor.service.advisor import make_advisor
    from advisor.service.learning import train_model
    from advisor.terminal.model import print_card, progress

    adviser = make_advisor(arguments.rules, model=None)
    with progress(arguments.lang) as tell:
        card = train_model(
            arguments.files, arguments.out, adviser,
            force=arguments.force, sources=arguments.source, limits=arguments.limit, elsewhere=arguments.elsewhere, progress=tell,
        )  # fmt: skip
    print_card(card, arguments.lang)
    print(f"写好模型：{arguments.out}" if arguments.lang == "zh" else f"Model written: {arguments.out}")
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Judge a stage model and print its figures."""
    from advisor.classifier.evaluation import Asked
    from advisor.service.advisor import make_advisor
    from advisor.service.learning import evaluate_model
    from advisor.terminal.model import print_evaluation, progress

    adviser = make_advisor(arguments.rules, model=None)
    with progress(arguments.lang) as tell:
        found = evaluate_model(
            arguments.files,
            adviser,
            asked=Asked(arguments.tier, arguments.blank, arguments.answers_error),
            folder=arguments.model,
            folds=arguments.folds,
            trained=arguments.as_trained,
            until=arguments.until,
            since=arguments.since,
            plots=arguments.plots,
            lang=arguments.lang,
            progress=tell,
        )
    if found["note"] is not None:
        print(found["note"][arguments.lang], file=sys.stderr)
    if arguments.format == "json":
        return _as_json(found)
    print_evaluation(found, adviser.rules.stages, arguments.lang)
    return 0


def card(arguments: argparse.Namespace) -> int:
    """Print the card of a model."""
    from advisor.service.learning import model_card
    from advisor.terminal.model import print_card

    found = model_card(arguments.model)
    if arguments.format == "json":
        return _as_json(found)
    print_card(found, arguments.lang)
    return 0


def _as_json(found: Mapping[str, Any]) -> int:
    import orjson

    sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
    return 0
