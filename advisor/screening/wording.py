"""Results in words: ids become names, headers become titles, in the language of whoever reads the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from advisor.domain import words
from advisor.domain.ruleset import InForce
from advisor.domain.stage import STAGES
from advisor.domain.text import Lang, Text
from advisor.screening.screen import MISSING, MOST_TOP, SEPARATOR

TITLES: Mapping[str, Text] = {
    "stage": Text("阶段", "Stage"),
    "stage_source": Text("阶段依据", "Stage told by"),
    "size_class": Text("企业规模", "Size class"),
    "fund_chain": Text("资金链", "Money chain"),
    "eligible": Text("条件相符的工具数", "Instruments whose conditions are met"),
    "blocked": Text("其中暂缓申请的", "Of these, held back"),
    "undetermined": Text("还不能判断的工具数", "Instruments not yet known"),
    "gates": Text("暂缓申请的原因", "Why held back"),
    "issues": Text("没读懂的格数", "Cells not understood"),
    **{f"top{rank}": Text(f"第{rank}推荐", f"Choice {rank}") for rank in range(1, MOST_TOP + 1)},
    **{f"top{rank}_fit": Text(f"第{rank}推荐的适合度", f"Suitability of choice {rank}") for rank in range(1, MOST_TOP + 1)},
    **{f"missing{rank}": Text(f"最该补的第{rank}项", f"Fact to ask {rank}") for rank in range(1, MISSING + 1)},
}
ISSUE_TITLES: Mapping[str, Text] = {
    "row": Text("行", "Row"), "column": Text("列", "Column"), "fact": Text("指标", "Fact"), "code": Text("代码", "Code"),
    "value": Text("原值", "Value"), "message": Text("说明", "Message"),
}  # fmt: skip
THE_FIRMS_ANSWERS = Text("企业的回答", "the firm's answers")
NOT_NAMED = Text("没有定", "not named")


class Wording:
    """Says the columns of a screening in a language."""

    def __init__(self, rules: InForce, lang: Lang) -> None:
        self.lang = lang
        stages = rules.ruleset.stages.labels
        self.instruments = {one.id: one.name[lang] + (PROPOSED[lang] if one.status == "proposed" else "") for one in rules.instruments}
        facts = {name: fact.label[lang] for name, fact in rules.catalogue.facts.items()}
        gates = {gate.id: gate.reason[lang] for gate in rules.ruleset.gates.gates}
        self.gates = gates
        self.facts = facts
        self._titles = {
            **{name: text[lang] for name, text in TITLES.items()},
            **{f"p_{stage}": Text(f"{stages[stage].zh}的概率", f"Probability of {stages[stage].en}")[lang] for stage in STAGES},
            **self.instruments,
        }
        levels = {level: text[lang] for level, text in words.LEVEL.items() if level is not None}
        self._words: dict[str, Mapping[str, str]] = {
            "stage": {stage: stages[stage][lang] for stage in STAGES},
            "stage_source": {witness: text[lang] for witness, text in {**words.WITNESS, "answers": THE_FIRMS_ANSWERS}.items()},
            "size_class": {size: text[lang] for size, text in rules.catalogue["size_class"].options.items()},
            "fund_chain": levels,
            **{f"top{rank}": self.instruments for rank in range(1, MOST_TOP + 1)},
            **{f"missing{rank}": facts for rank in range(1, MISSING + 1)},
        }

    def title(self, column: str) -> str:
        """Return the header of a result column; any other column keeps its own."""
        return self._titles.get(column, column)

    def word(self, column: str, word: str) -> str:
        """Return a word of a result column."""
        return self._words[column][word]

    def say(self, frame: pl.DataFrame, results: int) -> pl.DataFrame:
        """Return a frame whose last `results` columns are results, with words in place of ids."""
        columns = frame.get_columns()
        carried, found = columns[: len(columns) - results], columns[len(columns) - results :]
        return pl.DataFrame([*carried, *(self._say(column) for column in found)])

    def _say(self, column: pl.Series) -> pl.Series:
        if column.name == "gates":
            return _mapped(column, lambda joined: SEPARATOR.join(self.gates[gate] for gate in joined.split(SEPARATOR) if gate) or None)
        if column.name in self._words:
            return _mapped(column, self._words[column.name].__getitem__)
        if column.dtype == pl.Float64:
            return column.round(4)
        return column

    def headers(self, columns: list[str], results: int) -> list[str]:
        """Return the headers in words; a result whose words are taken keeps its id behind them."""
        carried = columns[: len(columns) - results]
        taken = set(carried)
        headers = list(carried)
        for column in columns[len(columns) - results :]:
            title = self.title(column)
            title = title if title not in taken else f"{title} ({column})"
            taken.add(title)
            headers.append(title)
        return headers


PROPOSED = Text("（只有提议，尚无办法）", " (proposed only)")


def _mapped(column: pl.Series, say: Callable[[str], str | None]) -> pl.Series:
    """Return a column of few words, each said once."""
    distinct = column.cast(pl.String).unique().drop_nulls().to_list()
    return column.cast(pl.String).replace_strict({word: say(word) for word in distinct}, return_dtype=pl.String)
