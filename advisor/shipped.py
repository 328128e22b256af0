"""Where the shipped folders are, installed or not."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped(folder: str) -> Path:
    """Return a shipped folder: inside the package once installed, beside it in a checkout."""
    package = Path(str(files("advisor")))
    installed = package / folder
    return installed if installed.is_dir() else package.parent / folder
