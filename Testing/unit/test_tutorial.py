"""The tutorial's pictures exist, and none is forgotten or too large; the module's help leads to the tutorial."""

import re

import pytest

LARGEST_BYTES = 500_000


@pytest.fixture
def tutorial(repository) -> str:
    return (repository / "Docs" / "tutorial.md").read_text(encoding="utf-8")


def test_every_picture_that_the_tutorial_shows_is_there(tutorial, repository):
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", tutorial)
    assert len(shown) >= 8
    missing = [path for path in shown if not (repository / "Docs" / path).is_file()]
    assert missing == []


def test_pictures_are_small_enough_for_a_repository(repository):
    pictures = list((repository / "Docs" / "screenshots").glob("*.png"))
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_BYTES] == []


def test_every_section_of_the_panel_stands_in_the_tutorial(tutorial, repository):
    for path in (repository / "Resources" / "UI").glob("*.ui"):
        title = re.search(r'name="windowTitle">\s*<string>([^<]+)<', path.read_text(encoding="utf-8"))
        if title is not None:
            assert title.group(1).split(" ")[0].lower() in tutorial.lower(), title.group(1)


def test_the_modules_help_leads_to_the_tutorial(repository):
    source = (repository / "SwinX2S" / "SwinX2S.py").read_text(encoding="utf-8")
    home = re.search(
        r'set\(EXTENSION_HOMEPAGE "([^"]*)"\)', (repository / "CMakeLists.txt").read_text()
    ).group(1)
    assert f'"{home}/blob/main/Docs/tutorial.md"' in source
    assert '<a href="{0}">tutorial</a>' in source
    assert ".format(_TUTORIAL)" in source
