"""The examples in docstrings of methods are true."""

import doctest
import importlib
import pkgutil

import pytest

import transforms.composite
import transforms.measures
import transforms.statistics

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (transforms.statistics, transforms.measures, transforms.composite)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", [*MODULES, "transforms.clocks", "transforms.origins", "transforms.nearest"])
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", [name for name in MODULES if ".statistics." in name])
def test_every_module_of_statistics_has_one(name: str) -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert any(found.examples for found in finder.find(importlib.import_module(name)))
