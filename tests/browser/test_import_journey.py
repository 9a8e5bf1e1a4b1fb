"""An editor brings a list in, with and without JavaScript: upload, words, preview, import, mend, undo, take away."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Keyboard, Pointer

LIST = """Activity,Directorate,Status,When
Feet first,Podiatry,nearly there,2021/22
Visiting hours,Maternity services,ended,spring 2019
,Cancer,ended,2020
"""
MENU = "nav.nhsuk-header__navigation"
WAYS = {
    "pointer": (Pointer, {"javascript": True}),
    "without JavaScript": (Pointer, {"javascript": False}),
    "keyboard without JavaScript, 320 pixels wide": (Keyboard, {"javascript": False, "width": 320}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_list_comes_in_and_goes_out_and_is_undone(visit, stage, axe, tmp_path, way):
    hand_of, how = WAYS[way]
    page = visit("ed", **how)
    hand, main, looked_at = hand_of(page), page.get_by_role("main"), []
    trust = stage.ashdown.organisation
    path = tmp_path / "ours.csv"
    path.write_text(LIST, encoding="utf-8")

    def look():
        if how["javascript"]:
            looked_at.extend(axe(page))

    hand.follow("Activities", within=MENU)
    hand.follow("Import a spreadsheet")
    page.set_input_files("[name=file]", str(path))
    hand.press("Continue")
    expect(main).to_contain_text("1 activity would be added. 2 rows cannot come in.")
    expect(main).to_contain_text("Maternity services")
    assert not trust.activities.filter(title="Visiting hours").exists(), "looking writes nothing"
    look()
    hand.select("nearly there", "Planned")
    hand.press("Show me again with my answers")
    expect(main).to_contain_text("2 activities would be added. 1 row cannot come in.")
    look()

    with page.expect_download() as begun:
        main.get_by_role("button", name="Download this row to mend it").click()
    rows = list(csv.reader(begun.value.path().read_text(encoding="utf-8-sig").splitlines()))
    assert [row[1:] for row in rows] == [["Activity", "Directorate", "Status", "When"], ["", "Cancer", "ended", "2020"]]

    hand.press("Add 2 activities")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 activities added")
    feet = trust.activities.get(title="Feet first")
    assert (feet.service.name, feet.stated_status) == ("Podiatry", "planned")
    assert trust.activities.get(title="Visiting hours").service == stage.ashdown.services[0]
    look()

    hand.follow("See the activities")
    with page.expect_download() as begun:
        main.get_by_role("link", name="CSV").click()
    rows = csv.DictReader(begun.value.path().read_text(encoding="utf-8-sig").splitlines())
    assert [row["title"] for row in rows] == ["Ashdown survey", "Citizens’ panel", "Feet first", "Visiting hours"]

    hand.follow("Import a spreadsheet")
    hand.follow("Past imports")
    look()
    hand.follow_link(main.get_by_role("row").filter(has_text="ours.csv").get_by_role("link"))
    look()
    hand.press("Take out 2 activities")
    expect(main).to_contain_text("2 activities are out of the register again")
    assert not trust.activities.filter(title="Feet first").exists()
    assert not trust.services.filter(name="Podiatry").exists()
    look()

    assert looked_at == []
    assert page.console_errors == []
