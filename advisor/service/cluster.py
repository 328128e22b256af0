"""Screening on Spark as a use case: firms from any place that Spark reads, results to any that it writes."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from advisor.domain.errors import InputError, Place, Problem
from advisor.domain.firm import usable_day
from advisor.domain.ruleset import InForce
from advisor.domain.text import Text
from advisor.screening.cluster import Adding, Counted, screen_on_cluster
from advisor.screening.mapping import Mapping, map_headers
from advisor.screening.run import Summary
from advisor.screening.screen import TOP, Tally
from advisor.service.advisor import Advisor
from advisor.service.screening import given_columns, refuse_nothing_known

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REFUSALS = {
    "PATH_NOT_FOUND": ("no_such_table", Text("没有这个文件", "there is no such file")),
    "UNABLE_TO_INFER_SCHEMA": ("no_such_table", Text("文件夹里没有 .parquet 文件", "the folder holds no .parquet file")),
    "PATH_ALREADY_EXISTS": (
        "folder_not_empty",
        Text("结果文件夹已经有了，请换一个新的", "the folder for the results exists; name a new one"),
    ),
}
"""What Spark refuses and how we say it."""
LONGEST_REASON = 400
LAUNCHED = "PYSPARK_GATEWAY_PORT"
"""Set where spark-submit has started this process."""


class ClusterScreening:
    """Firms on a cluster whose columns are understood, ready to be screened."""

    def __init__(
        self, adviser: Advisor, source: str, as_of: dt.date | None = None, *, columns: Path | None = None, top: int = TOP, wide: bool = False
    ) -> None:
        """Open what Spark calls `source`: CSV by its ending, with a header, else Parquet. The session is the one there is.

        `columns` is a YAML file that says what each column holds. Raises InputError, also where pyspark or Java is missing.
        """
        self._source, self._top, self._wide, self._model = source, top, wide, adviser.model
        self.given = given_columns(columns)
        self.day = adviser.today() if as_of is None else usable_day(as_of)
        self.rules: InForce = adviser.rules.as_of(self.day)
        with _quiet():
            self._session = _session()
        with _in_words(source):
            self._frame = _read(self._session, source)
        self.mapping: Mapping = map_headers(self._frame.columns, self.rules.catalogue, self.given)
        refuse_nothing_known(self.mapping, source)

    def write(self, target: str) -> Summary:
        """Screen every firm and write the results, in ids: a folder of CSV files by its ending, else of Parquet files.

        Raises InputError where the folder is there already or Spark fails; then the results are not complete, and Spark
        leaves no file named `_SUCCESS` in the folder.
        """
        started = time.monotonic()
        zero = Counted(Tally(tuple(one.id for one in self.rules.instruments)))
        adding: Any = Adding()
        with _in_words(target), _quiet():
            counted = self._session.sparkContext.accumulator(zero, adding)
            found = screen_on_cluster(
                self._frame, self.rules.ruleset, self.day,
                given=self.given, top=self._top, wide=self._wide, model=self._model, count=counted.add,
            )  # fmt: skip
            _write(found, target)
        cover = {"input": self._source, "rules_version": self.rules.ruleset.version, "as_of": self.day.isoformat()}
        return Summary(counted.value.tally, self.mapping, counted.value.issues, time.monotonic() - started, 0, cover, (target,), listed=False)


def _session() -> SparkSession:
    """Return the session of spark-submit or of this process, else a new one as Spark's settings have it."""
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        zh = "没有安装 Spark：请执行 pip install 'relay-advisor[spark]'"
        raise InputError([Problem("no_spark", Text(zh, "Spark is not installed: run pip install 'relay-advisor[spark]'"))]) from error
    if LAUNCHED not in os.environ:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the workers are the first python3 of the path
    try:
        return SparkSession.builder.appName("advisor").getOrCreate()
    except PySparkRuntimeError as error:
        if error.getCondition() != "JAVA_GATEWAY_EXITED":
            raise
        zh = "Spark 要用 Java 17 以上，没有找到或启动不了：请安装 Java，并把 JAVA_HOME 设为它的文件夹"
        en = "Spark needs Java 17 or newer, which was not found or did not start: install Java and set JAVA_HOME to its folder"
        raise InputError([Problem("no_java", Text(zh, en))]) from error


def _read(session: SparkSession, source: str) -> DataFrame:
    if _is_csv(source):  # a cell may hold line breaks; a row with other columns than the header stops the run
        return session.read.csv(source, header=True, escape='"', multiLine=True, mode="FAILFAST")
    return session.read.parquet(source)


def _write(found: DataFrame, target: str) -> None:
    if _is_csv(target):
        found.write.csv(target, header=True, escape='"')
    else:
        found.write.parquet(target)


def _is_csv(place: str) -> bool:
    """Return whether a place holds CSV, else Parquet. Raises InputError for what Spark does not read."""
    ending = PurePosixPath(place).suffix.lower()
    if ending in (".xlsx", ".xls", ".xlsm"):
        zh, en = "在集群上只读写 Parquet 和 CSV", "a cluster reads and writes Parquet and CSV only"
        raise InputError([Problem("unknown_format", Text(zh, en), Place(place))])
    return ending == ".csv"


@contextmanager
def _in_words(place: str) -> Iterator[None]:
    """Turn what Spark raises into InputError; the whole of it stands in Spark's log."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        condition = error.getCondition() or ""
        if condition in REFUSALS:
            code, text = REFUSALS[condition]
            raise InputError([Problem(code, text, Place(place))]) from error
        lines = str(error).strip().splitlines() or [condition]
        raise _failed(place, lines[-1 if condition == "PYTHON_EXCEPTION" else 0]) from error
    except Py4JJavaError as error:
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        raise _failed(place, str(cause.getMessage()).partition("\n")[0]) from error


def _failed(place: str, why: str) -> InputError:
    zh, en = f"Spark 没有做完：{why[:LONGEST_REASON]}", f"Spark did not finish: {why[:LONGEST_REASON]}"
    return InputError([Problem("spark_failed", Text(zh, en), Place(place))])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pyspark's doubts about new versions of pandas to itself: no pandas frame is made here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield
