"""`manage.py suggest`: a JSON line a row."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

REGISTER = """record_id,title,what_happened,who_took_part,method,result,source_url
A1,Citizens’ jury on beds,"Eighteen residents, picked by lot, heard evidence for days.",18 residents,Citizens’ jury,,
A2,Scanner appeal,Supporters raised 900 pounds.,Supporters,,,

A3,Anything,,,,,
"""


def _suggest(path, *arguments):
    out = io.StringIO()
    call_command("suggest", str(path), *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return path


def test_each_row_gets_a_line_counted_from_one(file):
    lines = _suggest(file)
    assert [line["row"] for line in lines] == [1, 2, 3]
    assert [line["place"] for line in lines] == ["owners", "not-involvement", None]
    assert set(lines[0]) == {"row", "place", "alternatives", "facets", "phrases", "confidence"}
    assert "owners/strategy" in lines[0]["facets"] and lines[2]["phrases"] == []
    phrase = next(each for each in lines[0]["phrases"] if each["text"] == "jury")
    assert phrase["field"] == "title" and "owners" in phrase["points_to"] and phrase["because"]


def test_headings_are_guessed_and_corrected_as_in_the_import(file):
    bare = _suggest(file, "--map", "what_happened=", "title=", "who_took_part=", "method=")
    assert [line["place"] for line in bare] == [None, None, None]
    assert _suggest(file, "--map", "what_happened=title", "title=result")[1]["place"] == "not-involvement"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--map", "colour=title"), "no column “colour”"), (("--map", "title"), "Write it as theirs=ours")],
)
def test_what_cannot_be_read_is_said_plainly(file, arguments, message):
    with pytest.raises(CommandError, match=message):
        _suggest(file, *arguments)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        _suggest(tmp_path / "nothing.csv")
