"""YAML keeps what people write, and says with key and line what it cannot use."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transforms.written_yaml import YamlError, key_problems, line_of, read_yaml, text_of

NESTED = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@given(st.from_regex(r"[-+]?[0-9][0-9_xb.]{0,6}(:[0-9]{2})?", fullmatch=True))
def test_a_number_shows_as_it_is_written(written: str) -> None:
    """Codes and names that look like numbers: 010 is not 8, 12:30 not 750, 2024.10 not 2024.1."""
    content, _ = read_yaml(f"a: {written}\n")
    assert str(content["a"]) == written


def test_numbers_are_numbers_still() -> None:
    content, _ = read_yaml("{a: 3, b: -0.50, c: .inf, d: 1.5e-3, e: 2025-06-01, f: 2025-02-30, g: 010}")
    assert (content["a"] + 1, content["b"] * 2, content["c"], content["d"]) == (4, -1.0, float("inf"), 0.0015)
    assert (str(content["e"]), content["f"], content["g"]) == ("2025-06-01", "2025-02-30", "010")
    assert str(pickle.loads(pickle.dumps(content["b"]))) == "-0.50"


def test_merged_keys_are_no_repetition() -> None:
    content, node = read_yaml("a: &a {p: 1, q: 1}\nb:\n  - <<: *a\n    q: 2\n")
    assert content["b"] == [{"p": 1, "q": 2}]
    assert line_of(node, ["b", "0", "q"]) == 4


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "b.c", "line 4: b.c: stands twice, on line 3 as well"),
        ("a:\n- {b: 1}\n- {b: 1, b: 1}\n", "a.1.b", "line 3: a.1.b: stands twice"),
        ("a: 1\nb: &b [*b]\n", "b.0", "line 2: b.0: an alias stands inside what it names"),
        (NESTED, "", "its aliases (*name) multiply to more than 200,000 values"),
        ("a: b: c\n", "", "line 1: this is not YAML: mapping values are not allowed"),
        ("a: \x01", "", "this is not YAML: unacceptable character"),
        ("[" * 200_000 + "]" * 200_000, "", "line 1: its values stand more than 100 deep"),
        (
            "".join(" " * depth + "a:\n" for depth in range(3000)),
            "",
            "line 101: its values stand more than 100 deep",
        ),
    ],
)
def test_a_fault_is_told_in_one_line(text: str, path: str, told: str) -> None:
    with pytest.raises(YamlError) as raised:
        read_yaml(text)
    assert raised.value.path == path
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_in_another_encoding_is_told_with_its_line() -> None:
    assert read_yaml(text_of("a: 平安".encode("utf-8-sig")))[0] == {"a": "平安"}
    with pytest.raises(
        YamlError, match="line 2: this is not UTF-8, it looks like gb18030; save the file as UTF-8"
    ):
        text_of("a: 1\nb: 平安\n".encode("gbk"))


class Circle(BaseModel):
    model_config = ConfigDict(extra="forbid")
    radius: float = Field(gt=0)


class Square(BaseModel):
    model_config = ConfigDict(extra="forbid")
    side: float


class Drawing(BaseModel):
    title: str
    shapes: list[Circle | Square]


def test_what_a_model_refuses_is_told_by_the_keys_of_the_file() -> None:
    """The location that pydantic gives, shapes.0.Circle.radius, has a name in it that is no key."""
    content = {"shapes": [{"radius": -1}, {"sied": 1}]}
    with pytest.raises(ValidationError) as raised:
        Drawing.model_validate(content)
    assert set(key_problems(raised.value, content, Drawing)) == {
        ("title", "is required"),
        ("shapes.0.radius", "input should be greater than 0"),
        ("shapes.0.side", "is required"),
        ("shapes.0.radius", "there is no such key; known are side"),
        ("shapes.1.radius", "is required"),
        ("shapes.1.side", "is required"),
        ("shapes.1.sied", "there is no such key; known are radius"),
        ("shapes.1.sied", "there is no such key; did you mean side? known are side"),
    }
