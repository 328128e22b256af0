"""A folder of rules -> RuleSet; the parsed YAML is kept in a cache named by the hash of the files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.domain.errors import Place, Problem, RuleError
from advisor.domain.facts import Catalogue
from advisor.domain.instrument import Instrument
from advisor.domain.notation import Naming
from advisor.domain.ruleset import RuleSet
from advisor.domain.stage import STAGES
from advisor.domain.text import Text
from advisor.rulefiles.catalogue import estimated_stage, read_derived, read_facts
from advisor.rulefiles.entry import Book, Entry, texts
from advisor.rulefiles.instruments import read_gates, read_instrument, read_sources
from advisor.rulefiles.judgement import read_checks, read_ladder, read_ranking, read_stages, read_warnings
from advisor.rulefiles.yamlfile import MAX_BYTES, YamlFile, read_yaml

SINGLE = ("about", "facts", "derived", "size_standard", "sources", "documents", "stages", "gates", "warnings", "ladder", "ranking", "plausibility")
NEEDED_FACTS = ("certs", "purposes", "industry_class", "need_cny", "need_months", "total_assets_cny")
"""Facts that the code itself names; all others are the rule files' own."""
CACHED = 4
"""How many versions of rules are kept parsed."""
CACHE_FORM = "1"
"""Raised when the reading of YAML into plain data changes, so that older caches are passed over."""


def read_rules(folder: Path, cache: Path | None = None) -> RuleSet:
    """Return the rules of a folder. Raises RuleError with every problem of every file.

    `cache` is a folder in which the parsed files may be kept; it is written only after a reading without problems.
    """
    contents = _contents(folder)
    version = _version(contents)
    kept = cache / f"rules-{version}-{CACHE_FORM}.json" if cache is not None else None
    files = _cached(kept, contents)
    if files is not None:
        with suppress(RuleError):  # only files without problems are kept: this copy is damaged
            return _ruleset(files, version)
    files = _parse(contents)
    rules = _ruleset(files, version)
    if kept is not None:
        _keep(kept, files)
    return rules


def _contents(folder: Path) -> dict[str, bytes]:
    """Return the rule files' bytes by relative path, in a fixed order."""
    paths = [folder / f"{name}.yaml" for name in SINGLE] + sorted((folder / "instruments").glob("*/*.yaml"))
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise RuleError(Problem("missing_file", Text("缺少这个规则文件", "this rule file is missing"), Place(str(path))) for path in missing)
    large = [path for path in paths if path.stat().st_size > MAX_BYTES]
    if large:
        zh, en = f"文件超过{MAX_BYTES // 1_000_000}MB", f"larger than {MAX_BYTES // 1_000_000} MB"
        raise RuleError(Problem("too_large", Text(zh, en), Place(str(path))) for path in large)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _version(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _parse(contents: Mapping[str, bytes]) -> dict[str, YamlFile]:
    files, problems = {}, []
    for name, content in contents.items():
        try:
            files[name] = read_yaml(content.decode("utf-8"), name)
        except UnicodeDecodeError:
            problems.append(Problem("not_utf8", Text("文件不是UTF-8编码", "the file is not UTF-8"), Place(name)))
        except RuleError as error:
            problems.extend(error.problems)
    if problems:
        raise RuleError(problems)
    return files


def _cached(path: Path | None, contents: Mapping[str, bytes]) -> dict[str, YamlFile] | None:
    """Return the parsed files kept for these contents; None where there are none or they are damaged."""
    if path is None:
        return None
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None  # somebody else's file
        data: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or list(data) != list(contents):
        return None
    return {name: YamlFile(name, content) for name, content in data.items()}


def _keep(path: Path, files: Mapping[str, YamlFile]) -> None:
    """Write the cache in one step; a folder that cannot be written only costs time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="writing-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as written:
                json.dump({file.name: file.data for file in files.values()}, written, ensure_ascii=False, separators=(",", ":"))
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        kept = sorted(path.parent.glob("rules-*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
        for older in kept[CACHED:]:
            older.unlink()


def _ruleset(files: Mapping[str, YamlFile], version: str) -> RuleSet:
    book = Book()

    def root(name: str) -> Entry:
        file = files[f"{name}.yaml"]
        return Entry(file, book, file.data)

    facts, topics, found_in = read_facts(root("facts"))
    for name in NEEDED_FACTS:
        if name not in facts:
            root("facts").at("facts").refuse("missing_fact", f"缺少指标“{name}”", f"the fact '{name}' is missing")
    if book.problems:
        raise RuleError(book.problems)  # without facts every condition would be wrong
    size = root("size_standard")
    codes = {code: entry.one_of(facts["industry_class"].options) for code, entry in size.pairs("codes")}
    catalogue = Catalogue(facts, read_derived(root("derived"), size, facts), industry_codes=codes)
    if book.problems:
        raise RuleError(book.problems)  # what rests on facts that cannot be worked out would be wrong too
    book.names["lifecycle_stage"] = Naming("text", frozenset(STAGES))
    stages = read_stages(root("stages"))
    catalogue = replace(catalogue, estimated={"lifecycle_stage": estimated_stage(stages.labels, stages.conditions(), catalogue)})  # type: ignore[arg-type]
    sources = read_sources(root("sources"))
    root("documents").only("documents")
    documents = texts(root("documents").at("documents").pairs())
    instruments: list[Instrument] = []
    current: dict[str, Instrument] = {}
    for name, file in files.items():
        if name.startswith("instruments/"):
            entry = Entry(file, book, file.data)
            versions = read_instrument(entry, sources, documents, facts["purposes"].options)
            _check_place(entry, versions[0], current)
            current[versions[0].id] = versions[0]
            instruments += versions
    industries = facts["industry_class"].options
    rules = RuleSet(
        version=version,
        checked_on=_checked_on(root("about")),
        catalogue=catalogue,
        instruments=tuple(instruments),
        stages=stages,
        warnings=read_warnings(root("warnings"), industries, current),
        ladder=read_ladder(root("ladder"), sources, current, facts["certs"].options),
        gates=read_gates(root("gates"), current),
        ranking=read_ranking(root("ranking")),
        checks=read_checks(root("plausibility")),
        sources=sources,
        documents=documents,
        topics=topics,
        found_in=found_in,
    )
    if book.problems:
        raise RuleError(book.problems)
    return rules


def _checked_on(about: Entry) -> dt.date:
    about.only("title", "checked_on", "compiled_to", "note")
    about.at("checked_on")
    return about.day("checked_on") or dt.date.min


def _check_place(entry: Entry, instrument: Instrument, known: Mapping[str, Instrument]) -> None:
    """Note it when a file does not stand where its family and id say, or when an id is taken."""
    place = f"instruments/{instrument.family}/{instrument.id}.yaml"
    if entry.file.name != place:
        entry.refuse("wrong_place", f"这个文件应放在{place}", f"this file belongs at {place}")
    if instrument.id in known:
        entry.refuse("duplicate_id", f"编号“{instrument.id}”已被使用", f"the id '{instrument.id}' is taken")
