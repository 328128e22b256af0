"""Spark: what a cluster says of each firm is what one machine says, under the rules that were sent to it."""

import datetime as dt
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.domain.errors import InputError
from advisor.population.firms import firms as synthetic_firms
from advisor.rulefiles.folder import read_rules
from advisor.screening.cluster import screen_on_cluster
from advisor.screening.columns import Columns, Graph
from advisor.screening.portfolio import PortfolioScreen
from advisor.service.advisor import Advisor
from advisor.service.cluster import ClusterScreening
from tests.examples import DAY
from tests.properties.test_columns import FACTS, alike, engine_form, said
from tests.properties.trees import CATALOGUE, trees
from tests.properties.trees import DAY as TREES_DAY
from tests.properties.trees import firms as random_firms
from tests.rulefiles.written import LEASE, replace_in, small_copy_of_the_rules

ROOT = Path(__file__).parents[2]
FIRMS = 5_000
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    """A session of two workers in processes of their own; the tests that need it are passed over where there is no Spark."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("no Java was found")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.files.openCostInBytes": "128m",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "700",
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.executorEnv.PYTHONPATH": str(ROOT),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def firms(rules):
    """Synthetic firms as a file has them, each with its number."""
    (made,) = synthetic_firms(FIRMS, rules.catalogue, DAY, chunk=FIRMS)
    return made.with_columns(pl.col(pl.Enum).cast(pl.String)).with_row_index("no").cast({"no": pl.Int64})


@pytest.fixture(scope="module")
def few(firms):
    """Firms enough to see what is done with them."""
    return firms.head(600)


@pytest.fixture(scope="module")
def as_spark_has(spark, tmp_path_factory):
    """Returns firms as a DataFrame of Spark in five partitions."""

    def table(firms):
        folder = tmp_path_factory.mktemp("firms")
        for number, part in enumerate(firms.iter_slices(-(-firms.height // 5))):
            part.write_parquet(folder / f"{number}.parquet")
        return spark.read.parquet(str(folder))

    return table


@pytest.fixture(scope="module")
def portfolio(as_spark_has, few):
    """The few firms."""
    return as_spark_has(few)


def collected(found):
    """A DataFrame of Spark as one of Polars, the firms in their order."""
    return pl.from_arrow(found.toArrow()).sort("no")


def alone(firms, rules, **more):
    """What one machine says, its codes as words and its numbers as Spark has them."""
    frame = PortfolioScreen(rules.as_of(DAY), DAY, firms.columns, **more)(firms, 1).frame
    return frame.with_columns(pl.col(pl.Enum).cast(pl.String), pl.col(pl.UInt16).cast(pl.Int32))


def table(spark, **columns):
    """A table of Spark with one row, from expressions of SQL."""
    return spark.sql("SELECT " + ", ".join(f"{written} AS `{name}`" for name, written in columns.items()))


# ---------------------------------------------------------------- the same as one machine


@pytest.mark.parametrize("more", [{}, {"top": 2, "wide": True}], ids=["usual", "wide"])
def test_a_cluster_says_of_every_firm_what_one_machine_says(as_spark_has, firms, rules, more):
    found = screen_on_cluster(as_spark_has(firms), rules, DAY, **more)
    assert found.rdd.getNumPartitions() == 5
    assert collected(found).equals(alone(firms, rules, **more))


def test_the_schema_is_told_before_anything_is_worked_out(portfolio, rules):
    schema = screen_on_cluster(portfolio, rules, DAY, top=1, wide=True).schema
    kinds = {field.name: field.dataType.simpleString() for field in schema}
    assert kinds["no"] == "bigint"
    assert [kinds[name] for name in ("firm_id", "stage", "p_growth", "eligible", "top1", "top1_fit", "gates", "missing1", "issues")] == [
        "string", "string", "double", "int", "string", "double", "string", "string", "int",
    ]  # fmt: skip
    assert {kinds[one.id] for one in rules.as_of(DAY).instruments} == {"tinyint"}


def test_a_table_without_firms_gives_a_table_without_rows(portfolio, rules):
    found = screen_on_cluster(portfolio.limit(0), rules, DAY)
    assert found.collect() == []
    assert "stage" in found.columns


def test_executors_have_the_rules_of_the_driver(portfolio, few, tmp_path):
    folder = small_copy_of_the_rules(tmp_path)
    before = read_rules(folder)
    replace_in(folder, LEASE, "years_established >= 1", "years_established >= 30")
    after = read_rules(folder)
    found = {name: collected(screen_on_cluster(portfolio, some, DAY, wide=True)) for name, some in (("before", before), ("after", after))}
    assert found["before"].equals(alone(few, before, wide=True))
    assert found["after"].equals(alone(few, after, wide=True))
    assert found["after"]["direct_lease"].sum() < found["before"]["direct_lease"].sum()


def test_rules_that_have_advised_before_are_sent_as_well(spark, rules):
    used = replace(rules, _editions={}, _tests={})
    facts = {"region": "chongqing", "revenue_cny": 18_000_000}
    Advisor(used).advise(facts, DAY)
    found = screen_on_cluster(table(spark, region="'chongqing'", revenue_cny="18000000"), used, DAY)
    assert pl.from_arrow(found.toArrow()).equals(alone(pl.DataFrame([facts]), used))


def test_rules_are_those_of_the_day(portfolio, rules):
    days = {one.validity.last for one in rules.instruments if one.validity.last is not None and one.validity.last > DAY}
    later = max(days) + dt.timedelta(days=1)
    now, then = (set(screen_on_cluster(portfolio, rules, day, wide=True).columns) for day in (DAY, later))
    assert now - then


def test_cells_that_cannot_be_read_are_counted(as_spark_has, few, rules):
    spoilt = few.with_columns(
        employees=pl.when(pl.col("no") % 7 == 0).then(pl.lit("many")).otherwise(pl.col("employees").cast(pl.String)),
        region=pl.when(pl.col("no") % 11 == 0).then(pl.lit("Atlantis")).otherwise("region"),
    )
    found = collected(screen_on_cluster(as_spark_has(spoilt), rules, DAY))
    assert found.equals(alone(spoilt, rules))
    assert found["issues"].to_list() == [(no % 7 == 0) + (no % 11 == 0) for no in range(few.height)]


@given(st.lists(trees, min_size=10, max_size=20, unique=True), st.lists(random_firms, min_size=10, max_size=20))
@settings(max_examples=4)
def test_conditions_read_by_executors_say_what_walking_the_tree_says(spark, nodes, known):
    facts = engine_form(known)
    signed = {name: {pl.UInt8: pl.Int16, pl.UInt64: pl.Int64}.get(dtype, dtype) for name, dtype in facts.schema.items()}
    sent = spark.createDataFrame(facts.cast(signed).with_row_index("no").cast({"no": pl.Int64}).to_arrow(compat_level=pl.CompatLevel.oldest()))
    outputs = {f"o{number}": node for number, node in enumerate(nodes)}

    def read(batches):
        graph = Graph(CATALOGUE, TREES_DAY, set(FACTS))
        columns = Columns({name: graph.part(node) for name, node in outputs.items()}, graph)
        for batch in batches:
            frame = pl.from_arrow(batch)
            found = columns(frame.select(FACTS).cast(facts.schema))
            for row, number in enumerate(frame["no"]):
                answers = [repr(column[row if len(column) > 1 else 0]) for column in found]
                yield pa.RecordBatch.from_pydict({"no": [number], "answers": [answers]})

    found = dict(tuple(row) for row in sent.repartition(2).mapInArrow(read, "no BIGINT, answers ARRAY<STRING>").collect())
    assert sorted(found) == list(range(len(known)))
    for number, firm in enumerate(known):
        for node, got in zip(nodes, found[number], strict=True):
            assert alike(eval(got), said(node, firm)), (node, firm, got)  # a yes, a number or None


# ---------------------------------------------------------------- what tables of a warehouse hold


def test_columns_of_a_warehouse_are_read_as_they_are_meant(spark, rules):
    found = screen_on_cluster(
        table(
            spark,
            established_date="TIMESTAMP'2020-03-01 00:30:00'",  # February still, in UTC
            revenue_cny="CAST(18000000.5 AS DECIMAL(20, 2))",
            purposes="ARRAY('equipment', 'rd')",
            employees="CAST(30 AS SMALLINT)",
            blacklisted="FALSE",
        ),
        rules,
        DAY,
    )
    alike_on_paper = pl.DataFrame(
        {"established_date": ["2020-03-01"], "revenue_cny": ["18000000.5"], "purposes": ["equipment;rd"], "employees": ["30"], "blacklisted": ["no"]}
    )
    assert pl.from_arrow(found.toArrow()).equals(alone(alike_on_paper, rules))
    assert found.collect()[0]["issues"] == 0


def test_columns_that_hold_no_fact_are_carried_through_with_their_types(spark, rules):
    carried = {
        "branch": "'江北'",
        "limit.cny": "CAST(1.20 AS DECIMAL(10, 2))",
        "seen": "TIMESTAMP'2026-11-24 08:00:00'",
        "tags": "ARRAY(1, NULL)",
        "scores": "MAP('a', 1.5D)",
        "raw": "X'0F'",
    }
    firms = table(spark, region="'chongqing'", **carried)
    found = screen_on_cluster(firms, rules, DAY)
    assert [(field.name, field.dataType) for field in found.schema][: len(carried)] == [(field.name, field.dataType) for field in firms.schema][1:]
    assert found.collect()[0][: len(carried)] == firms.collect()[0][1:]


@pytest.mark.parametrize("name", ["span", "employees", "firm_id"])
def test_spans_of_months_become_text_that_is_carried_or_counted_as_not_read(spark, rules, name):
    row = screen_on_cluster(table(spark, region="'chongqing'", **{name: "INTERVAL '1-2' YEAR TO MONTH"}), rules, DAY).collect()[0].asDict()
    assert row["issues"] == (name == "employees")
    assert name == "employees" or "1-2" in row[name]


def test_a_carried_column_named_like_a_result_is_renamed_whatever_its_case(spark, rules):
    row = screen_on_cluster(table(spark, region="'chongqing'", Stage="'B'", Gates="1"), rules, DAY).collect()[0].asDict()
    assert (row["Stage_input"], row["Gates_input"]) == ("B", 1)
    assert row["stage"] is None


def test_keys_are_text(spark, rules):
    row = screen_on_cluster(table(spark, firm_id="42L", name="'甲'", region="'chongqing'"), rules, DAY).collect()[0]
    assert (row["firm_id"], row["name"]) == ("42", "甲")


def test_columns_are_found_as_the_user_says(spark, rules):
    firms = table(spark, a="'chongqing'", b="1800")
    given = {"a": "region", "b": {"fact": "revenue_cny", "unit": "万元"}}
    on_paper = pl.DataFrame({"region": ["chongqing"], "revenue_cny": [18_000_000]})
    assert pl.from_arrow(screen_on_cluster(firms, rules, DAY, given=given).toArrow()).equals(alone(on_paper, rules))


def test_columns_that_cannot_be_understood_are_refused_at_once(spark, rules):
    for firms, told, code in (
        (spark.sql("SELECT 1 AS region, 2 AS region"), None, "duplicate_column"),
        (table(spark, region="1"), {"regoin": "region"}, "unknown_column"),
    ):
        with pytest.raises(InputError) as error:
            screen_on_cluster(firms, rules, DAY, given=told)
        assert [problem.code for problem in error.value.problems] == [code]


# ---------------------------------------------------------------- from place to place


@pytest.fixture
def adviser(rules):
    return Advisor(rules, today=lambda: DAY)


def test_a_file_is_screened_into_a_folder_and_summed_up(spark, few, rules, adviser, tmp_path):
    few.write_parquet(tmp_path / "firms.parquet")
    screening = ClusterScreening(adviser, str(tmp_path / "firms.parquet"))
    assert len(screening.mapping.columns) == len(rules.catalogue.facts)
    summary = screening.write(str(tmp_path / "results"))
    assert pl.read_parquet(tmp_path / "results" / "*.parquet").sort("no").equals(alone(few, rules))
    assert summary.tally.as_dict() == PortfolioScreen(rules.as_of(DAY), DAY, few.columns)(few, 1).tally.as_dict()
    assert (summary.issues, summary.cover["as_of"]) == (0, "2026-11-24")


def test_csv_is_read_and_written_with_its_line_breaks_and_quotes(spark, adviser, tmp_path):
    written = '\ufefffirm_id,营业收入（万元）,职工人数,note\nA1,"1,200",many,"two\nlines ""q"""\nA2,30,12,\n'
    (tmp_path / "firms.csv").write_text(written, encoding="utf-8")
    summary = ClusterScreening(adviser, str(tmp_path / "firms.csv")).write(str(tmp_path / "results.csv"))
    found = pl.concat([pl.read_csv(part) for part in (tmp_path / "results.csv").glob("*.csv")])
    assert found.select("firm_id", "note", "issues").rows() == [("A1", 'two\nlines "q"', 1), ("A2", None, 0)]
    assert (summary.tally.firms, summary.issues) == (2, 1)


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("nowhere.parquet", "results", "no_such_table", "no such file"),
        ("empty", "results", "no_such_table", "no .parquet file"),
        ("firms.xlsx", "results", "unknown_format", "Parquet and CSV"),
        ("firms.csv", "results.xlsx", "unknown_format", "Parquet and CSV"),
        ("firms.csv", "taken", "folder_not_empty", "name a new one"),
        ("nothing.csv", "results", "no_fact_column", "no column is a known fact"),
        ("damaged.parquet", "results", "spark_failed", "not a Parquet file"),
        ("ragged.csv", "results", "spark_failed", "A2,6,7"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(spark, adviser, tmp_path, source, target, code, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "firms.csv").write_text("firm_id,revenue_cny\nA1,5\n")
    (tmp_path / "nothing.csv").write_text("a,b\n1,2\n")
    (tmp_path / "ragged.csv").write_text("firm_id,revenue_cny\nA1,5\nA2,6,7\n")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError) as error:
        ClusterScreening(adviser, str(tmp_path / source)).write(str(tmp_path / target))
    (problem,) = error.value.problems
    assert problem.code == code
    assert said in problem.say("en")
    assert not list(tmp_path.glob("results*/_SUCCESS"))


def command(code, tmp_path, **environment):
    """A screening on the command line, in a process of its own that runs `code` first."""
    (tmp_path / "firms.csv").write_text("firm_id,revenue_cny\nA1,5\n")
    line = f"{code}; from advisor.cli import main; sys.exit(main(['screen', 'firms.csv', 'results', '--engine', 'spark', '--lang', 'en']))"
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {line}"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_pyspark_the_command_says_what_to_install(tmp_path):
    ended = command("sys.modules['pyspark'] = None", tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "Spark is not installed: run pip install 'relay-advisor[spark]'\n"


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
def test_without_java_the_command_says_what_to_install(tmp_path):
    ended = command("pass", tmp_path, JAVA_HOME=str(tmp_path / "nothing"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "install Java and set JAVA_HOME" in ended.stderr
