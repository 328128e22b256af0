"""What is installed is whole: the wheel holds every rule file and every example firm, and runs from anywhere."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COPIED = ("advisor", "rules", "data")
NEEDED = ("setup.cfg", "pyproject.toml", "README.md", "MANIFEST.in")


def files_of(folder):
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the sources, so that nothing is written beside them."""
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for name in sorted({*NEEDED, *(path for folder in COPIED for path in files_of(folder))}):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        str(out),
        str(sources),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_every_module_rule_file_and_example_firm(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(files_of("advisor") - held) == []
    assert sorted(f"advisor/{name}" for name in files_of("rules") | files_of("data") if f"advisor/{name}" not in held) == []


def test_the_wheel_holds_nothing_else(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = files_of("advisor") | {f"advisor/{name}" for name in files_of("rules") | files_of("data")}
    assert sorted(held - wanted) == []


def test_the_product_runs_from_the_wheel_alone(wheel, tmp_path):
    """The wheel's content, unpacked, with no checkout in sight."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "ADVISOR_HOME": str(tmp_path / "home")}
    firm = tmp_path / "site" / "advisor" / "data" / "examples" / "startup_team.yaml"
    for arguments in (("rules", "check"), ("advise", str(firm), "--format", "json")):
        ended = subprocess.run([sys.executable, "-P", "-m", "advisor", *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert ended.returncode == 0, ended.stderr.decode()
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import advisor.shipped as s; print(s.shipped('rules'))"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=True,
    )
    assert Path(where.stdout.decode().strip()) == tmp_path / "site" / "advisor" / "rules"


def test_the_wheel_offers_the_command(wheel):
    with zipfile.ZipFile(wheel) as held:
        (name,) = [name for name in held.namelist() if name.endswith("entry_points.txt")]
        assert "advisor = advisor.cli:main" in held.read(name).decode()
