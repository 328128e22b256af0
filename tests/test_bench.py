"""The benchmarks of a portfolio run: here over few firms, so that they are known to work when figures are wanted."""

import re

from bench import screening


def test_every_step_is_measured_and_named(tmp_path, capsys):
    assert screening.steps(tmp_path, 3_000) > 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if re.search(r"\d CPU-s", line)] == [line for line in lines if not line.startswith("compiling")]
    assert len(lines) == 10


def test_files_are_screened_end_to_end_by_the_command_itself(tmp_path, capsys):
    screening.steps(tmp_path, 2_000)
    capsys.readouterr()
    screening.files(tmp_path, 2_000, 200)
    lines = capsys.readouterr().out.strip().splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "2,000-row CSV of 40 columns to CSV",
        "2,000-row CSV of 40 columns to Parquet",
        "200-row XLSX of 40 columns to XLSX",
        "2,000 firms, all facts, Parquet to Parquet",
        "rules diff over 2,000 firms",
    ]
    assert all(name in {file.name for file in tmp_path.iterdir()} for name in ("result.csv", "csv.parquet", "result.xlsx", "all.parquet"))
