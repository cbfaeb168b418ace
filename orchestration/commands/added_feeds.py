"""Feeds added to a project file as it is written: comments, order and everything else in it stay as they are.

What is proposed for a file is decided in first_mapping.py; nothing here is read from a disk.
"""

from collections.abc import Sequence

import yaml

from transforms.written_yaml import line_of, read_yaml


class CannotAdd(ValueError):
    """A project file that feeds cannot be added to; the message says why, and what to do."""


def with_feeds(text: str, feeds: Sequence[str], lines: Sequence[str]) -> str:
    """The text of a project file with the lines of new `feeds`, which are indented by two, below those it has.

    Raises YamlError if the text is not YAML, CannotAdd if a feed is mapped already or feeds stand between braces.
    """
    content, root = read_yaml(text)
    if not isinstance(root, yaml.MappingNode):
        raise CannotAdd("the project file is no mapping of keys to values")
    there = content.get("feeds") or {}
    for feed in feeds:
        if feed in there:
            line = line_of(root, ["feeds", feed])
            raise CannotAdd(
                f"line {line}: feeds.{feed} is mapped already and stays as it is; make it a list of sources, and add "
                "the entry that is shown without --write to it"
            )
    written = text.splitlines()
    found = next(((key, value) for key, value in root.value if key.value == "feeds"), None)
    if found is None:
        return _joined(text, [*written, "feeds:", *lines])
    key, value = found
    place = key.start_mark.line
    if (there and value.flow_style) or (value.end_mark.line != place and not there):
        raise CannotAdd(f"line {place + 1}: feeds stands between braces; write each feed on lines of its own")
    if not there:
        # What is empty may be written as {}.
        line = written[place][: key.end_mark.column] + ":" + written[place][value.end_mark.column :]
        return _joined(text, [*written[:place], line, *lines, *written[place + 1 :]])
    indent = value.value[0][0].start_mark.column
    place = _end(value)
    # A comment that stands deeper than the feeds belongs to the last of them.
    while place < len(written) and _is_comment_below(written[place], indent):
        place += 1
    moved = [" " * indent + line.removeprefix("  ") for line in lines]
    return _joined(text, [*written[:place], *moved, *written[place:]])


def _end(node: yaml.Node) -> int:
    """Number of the line behind the last one that a node has something on."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _end(node.value[-1])
    # A text over several lines ends where the next thing begins.
    return max(int(node.end_mark.line) + (node.end_mark.column > 0), int(node.start_mark.line) + 1)


def _is_comment_below(line: str, indent: int) -> bool:
    bare = line.lstrip(" ")
    return bare.startswith("#") and len(line) - len(bare) > indent


def _joined(text: str, lines: Sequence[str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    return newline.join([*lines, ""])
