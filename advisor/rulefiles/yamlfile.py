"""Strict YAML: plain data with the place of every value, and none of YAML's surprises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from advisor.domain.errors import Place, Problem, RuleError
from advisor.domain.text import Text

Path = tuple[str | int, ...]

MAX_BYTES = 2_000_000
MAX_DEPTH = 40

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML 1.1 would silently turn into something else: yes/no/on/off, 0123, 12:30:00, .inf, .nan.
_TRAP = re.compile(r"(?i)yes|no|on|off|y|n|0\d+|\d+(:\d+)+|[-+]?\.(inf|nan)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\d[\d_]*\.\d*|\.\d+|\d+(\.\d*)?[eE][-+]?\d+)")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a file as plain data, and where each value stands."""

    name: str
    data: Any
    marks: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    doubled: frozenset[Path] = frozenset()
    """Texts in single quotes: a quote inside stands twice in the file."""

    def place(self, path: Path) -> Place:
        """Return the place of a value; of the file when its lines are not known."""
        while path and path not in self.marks:
            path = path[:-1]
        return Place(self.name, *self.marks.get(path, (0, 0)))


def read_yaml(text: str, name: str, *, strict: bool = True) -> YamlFile:
    """Return a file's data. Raises RuleError with every duplicate key, trap, anchor and syntax error found.

    Strict files must quote words that YAML 1.1 would turn into something else; otherwise such words stay text.
    """
    if len(text.encode()) > MAX_BYTES:
        raise RuleError([Problem("too_large", Text(f"文件超过{MAX_BYTES // 1_000_000}MB", f"larger than {MAX_BYTES // 1_000_000} MB"), Place(name))])
    try:
        _refuse_depth(text, name)
        root = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        why = str(getattr(error, "problem", None) or "unreadable")
        raise RuleError([Problem("yaml_syntax", Text(f"YAML写法有误（{why}）", f"not valid YAML ({why})"), place)]) from error
    reader = _Reader(name, strict)
    data = None if root is None else reader.read(root, ())
    if reader.problems:
        raise RuleError(reader.problems)
    return YamlFile(name, data, reader.marks, frozenset(reader.doubled))


def _refuse_depth(text: str, name: str) -> None:
    """Refuse a file nested too deeply before it is composed, which would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark = event.start_mark
                place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
                raise RuleError([Problem("too_deep", Text("嵌套太深", "nested too deeply"), place)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"))


class _Reader:
    """Turns YAML nodes into plain data, noting places and problems."""

    def __init__(self, name: str, strict: bool) -> None:
        self.name, self.strict = name, strict
        self.marks: dict[Path, tuple[int, int]] = {}
        self.doubled: set[Path] = set()
        self.problems: list[Problem] = []
        self.seen: set[int] = set()

    def refuse(self, node: yaml.Node, code: str, zh: str, en: str) -> None:
        place = Place(self.name, node.start_mark.line + 1, node.start_mark.column + 1)
        self.problems.append(Problem(code, Text(zh, en), place))

    def read(self, node: yaml.Node, path: Path) -> Any:
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        quote = 1 if style in ("'", '"') else 0
        self.marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1 + quote)
        if id(node) in self.seen:
            self.refuse(node, "anchor", "不使用锚点和别名", "anchors and aliases are not used")
            return None
        self.seen.add(id(node))
        if node.tag not in _TAGS:
            self.refuse(node, "tag", "不使用标签", "tags are not used")
            return None
        if style == "'":
            self.doubled.add(path)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, position)) for position, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self.scalar(node)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, "bad_key", "键必须是词", "a key must be a word")
                continue
            key = key_node.value
            if self.strict and not key_node.style and _TRAP.fullmatch(key):
                self.refuse(key_node, "quote_it", f"键“{key}”要加引号", f"quote the key '{key}'")
            if key in found:
                self.refuse(key_node, "duplicate_key", f"“{key}”写了两次", f"'{key}' stands here twice")
            found[key] = self.read(value_node, (*path, key))
        return found

    def scalar(self, node: yaml.ScalarNode) -> Any:
        written: str = node.value
        if node.style:
            return written
        if written == "" and self.strict:
            self.refuse(node, "blank", "这里空着；不知道就写 null", "left blank; write null where it is not known")
        if written in ("", "~", "null"):
            return None
        if written in ("true", "false"):
            return written == "true"
        if _TRAP.fullmatch(written):
            if self.strict:
                self.refuse(node, "quote_it", f"“{written}”要加引号，否则YAML会误读", f"quote '{written}': YAML would misread it")
            return float("nan") if written.lower().endswith("nan") else written
        if _INT.fullmatch(written):
            return int(written.replace("_", ""))
        if _FLOAT.fullmatch(written):
            return float(written.replace("_", ""))
        return written
