"""Bringing lists in as a record: words asked and remembered, rows to mend, undoing; and the register as a file."""

import csv
import io
import re
import zipfile
from datetime import date, timedelta

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from involvement import exports
from involvement.actions.activities import add_activity, confirm_running, edit_activity, withdraw_activity
from involvement.actions.base import Refused, today
from involvement.actions.classification import classify
from involvement.actions.imports import touched_since, undo_import
from involvement.actions.influence import add_evidence, record_change
from involvement.actions.organisations import add_service
from involvement.chronicle import chronicle
from involvement.dates import spreadsheet_day
from involvement.imports import (
    first_columns,
    first_plan,
    map_columns,
    mend_lines,
    plan_import,
    read_table,
    remembered_columns,
    remembered_words,
    run_import,
)
from involvement.models import Activity, Import, SecurityEvent
from involvement.registers import day
from involvement.suggestions import first_hint
from tests.world import MARKER

URL = "/o/ashdown/activities/import/"
LIST = """Name of thing,Directorate,Wer,State of it
Walk,Maternity Services,Young people,ended
Talk,Podiatry,Older adults,nearly there
Choir,Cancer,Martians,ended
"""
MAPPED = {"Name of thing": "title", "Directorate": "service", "Wer": "groups", "State of it": "status"}


@pytest.fixture
def trust(world):
    return world.ashdown.organisation


@pytest.fixture
def editor(client, world):
    client.force_login(world.people["ed"])
    return client


def _run(trust, by, text, corrections=None, **how):
    table = read_table(text)
    return run_import(
        organisation=trust, by=by, table=table, columns=map_columns(table.headings, corrections or {}), **how
    )


def _plan(trust, text, corrections=None, **how):
    table = read_table(text)
    return plan_import(organisation=trust, table=table, columns=map_columns(table.headings, corrections or {}), **how)


def _asked(plan):
    return {column: [(each.word, each.answer, each.rows) for each in asked] for column, asked in plan.asked.items()}


# --- their words


def test_words_that_we_do_not_know_are_asked_once_each(trust):
    plan = _plan(trust, LIST + "Dance,podiatry,martians,ended\n", MAPPED)
    assert _asked(plan) == {
        "service": [("Maternity Services", "maternity", 1), ("Podiatry", "new", 2)],  # a name but for filling words
        "status": [("nearly there", "", 1)],
        "groups": [("Martians", "", 2)],
        "method": [],
    }
    assert [row.activity.title for row in plan.new] == ["Walk"]
    assert plan.new[0].activity.service == trust.services.get(name="Maternity")
    assert plan.new[0].facts["groups"] == [{"group": "children-young-people"}]
    causes = [(cause.where, cause.column, cause.said[:24]) for cause in plan.causes]
    assert causes[0] == ("Row 3", "State of it", "“nearly there” is not a ")
    assert [cause.where for cause in plan.causes] == ["Row 3", "Row 4", "Row 5"]


@pytest.mark.parametrize(
    "written", ["Women and Children", "women & children", "  WOMEN  &  Children ", "Women AND children"]
)
def test_case_spaces_and_the_sign_for_and_make_no_other_service(world, trust, written):
    ours = add_service(organisation=trust, by=world.people["lea"], name="Women & Children")
    plan = _plan(trust, f'title,service\nA,"{written}"\n')
    assert plan.new[0].activity.service == ours and not plan.asked["service"]


def test_two_services_that_read_alike_are_never_joined_silently(world, trust):
    one, two = (
        add_service(organisation=trust, by=world.people["lea"], name=name)
        for name in ("Women & Children", "Women and Children")
    )
    ways = "Women & Children|Women and Children|women & children|Women-and-Children|Women and Children Dept"
    rows = ways.split("|")
    plan = _plan(trust, "title,service\n" + "".join(f"A{n},{name}\n" for n, name in enumerate(rows)))
    assert [row.activity.service for row in plan.new][:3] == [one, two, one]
    assert [(each.word, each.answer, each.doubt) for each in plan.asked["service"]] == [
        ("Women-and-Children", "new", True), ("Women and Children Dept", "new", True),
    ]  # fmt: skip
    assert {answer for answer, _name in plan.asked["service"][1].likely} == {one.slug, two.slug}


def test_names_of_one_list_that_differ_by_a_filling_word_are_offered_as_the_same(world, trust):
    text = "title,service\nA,Directorate of Surgery\nB,Surgery\nC,Maternity\nD,Maternity Dept\n"
    text += "E,Heart & Lung\nF,Heart and lung\n"
    plan = _plan(trust, text)
    asked = {each.word: each for each in plan.asked["service"]}
    in_doubt = {word for word, each in asked.items() if each.doubt}
    assert in_doubt == {"Directorate of Surgery", "Surgery", "Maternity Dept"}
    assert asked["Heart & Lung"].rows == 2 and asked["Heart & Lung"].spellings == ["Heart and lung"]
    assert [row.activity.service.name for row in plan.new] == [
        "Directorate of Surgery", "Surgery", "Maternity", "Maternity Dept", "Heart & Lung", "Heart & Lung",
    ]  # fmt: skip
    answers = {"service": {"directorate of surgery": "same:surgery", "maternity dept": "maternity"}}
    result = _run(trust, world.people["ed"], text, words=answers)
    assert sorted(result["services"]) == ["Heart & Lung", "Surgery"]
    assert trust.activities.get(title="A").service == trust.activities.get(title="B").service
    assert trust.activities.get(title="D").service.name == "Maternity"
    later = _plan(trust, "title,service\nG,Directorate of Surgery\n", words=remembered_words(trust))
    assert later.new[0].activity.service.name == "Surgery"


def test_an_answer_lets_its_rows_in(trust):
    answers = {
        "service": {"podiatry": "cancer"},
        "status": {"nearly there": "planned"},
        "groups": {"martians": "leave-out"},
    }
    plan = _plan(trust, LIST, MAPPED, words=answers)
    assert [(row.activity.title, row.activity.stated_status) for row in plan.new] == [
        ("Walk", "ended"), ("Talk", "planned"), ("Choir", "ended"),
    ]  # fmt: skip
    assert plan.new[1].activity.service == trust.services.get(name="Cancer")
    assert "groups" not in plan.new[2].facts
    assert not plan.services


def test_an_answer_that_nobody_offered_is_no_answer(trust):
    answers = {"service": {"podiatry": "no-such"}, "status": {"nearly there": "x"}, "groups": {"martians": "x"}}
    plan = _plan(trust, LIST, MAPPED, words=answers)
    assert plan.refused == 2 and [service.name for service in plan.services.values()] == []


def test_the_whole_organisation_and_a_method_can_be_meant(trust):
    words = {"service": {"podiatry": "trust-wide"}, "method": {"chinwag": "Focus group"}}
    plan = _plan(trust, "title,service,method\nA,Podiatry,Chinwag\nB,Podiatry,Survey\n", words=words)
    assert [row.activity.service for row in plan.new] == [None, None]
    assert [row.activity.method for row in plan.new] == ["Focus group", "Survey"]


def test_no_new_services_refuses_their_rows(trust, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("title,service\nA,Podiatry\nB,Cancer\n")
    with pytest.raises(CommandError, match="1 row was refused") as error:
        call_command("import_activities", "ashdown", str(path), "--no-new-services", stdout=io.StringIO(),
                     stderr=io.StringIO())  # fmt: skip
    assert error.value.returncode == 3
    assert trust.activities.filter(title="B").exists() and not trust.services.filter(name="Podiatry").exists()


def test_answers_are_remembered_for_the_organisation(world, trust):
    words = {"service": {"podiatry": "cancer"}, "status": {"nearly there": "running"}}
    _run(trust, world.people["ed"], LIST, MAPPED, words=words)
    headings = ["Wer", "Name of thing", "Something new", "DIRECTORATE"]
    assert remembered_columns(trust, headings) == {
        "Wer": "groups", "Name of thing": "title", "DIRECTORATE": "service",
    }  # fmt: skip
    assert remembered_words(trust) == words
    other = world.birchwood.organisation
    assert (remembered_columns(other, headings), remembered_words(other)) == ({}, {})
    table = read_table(LIST.replace("Walk", "Hop").replace("Talk", "Chat"))
    plan, columns, _elsewhere = first_plan(trust, table, first_columns(trust, table))
    assert columns == MAPPED
    assert {row.activity.title: row.activity.stated_status for row in plan.new} == {"Hop": "ended", "Chat": "running"}


def test_a_column_that_was_left_out_stays_left_out(world, trust):
    _run(trust, world.people["ed"], "Title,Notes\nA,x\n", {"Notes": ""})
    assert first_columns(trust, read_table("Title,Notes\nB,y\n")) == {"Title": "title"}


def test_an_undone_import_is_forgotten(world, trust):
    result = _run(trust, world.people["ed"], "Title,Notes\nA,x\n", {"Notes": ""})
    undo_import(imported=Import.objects.get(pk=result["import"]), by=world.people["ed"])
    assert first_columns(trust, read_table("Title,Notes\nB,y\n")) == {"Title": "title", "Notes": "description"}


def test_a_guessed_column_full_of_other_words_is_taken_for_something_else(trust):
    what = "we met in the hall of the old ward"
    rows = "".join(f"Activity {n},On day {n} {what},people of kind {n}\n" for n in range(70))
    table = read_table("title,team,audience\n" + rows)
    plan, columns, asked = first_plan(trust, table, first_columns(trust, table))
    assert columns == {"title": "title", "audience": "participants"}
    assert [(each.heading, each.at, each.now, each.other) for each in asked] == [
        ("team", 1, "", "service"), ("audience", 2, "participants", "groups"),
    ]  # fmt: skip
    assert "70 different values that read like sentences" in asked[0].why and "70 rows" in asked[1].why
    assert len(plan.new) == 70 and not plan.services
    explicit = map_columns(table.headings, {"team": "service", "audience": ""})
    assert len(plan_import(organisation=trust, table=table, columns=explicit).services) == 70


def test_seventy_wards_are_services_and_can_be_left_out_with_one_press(editor, trust):
    """A trust has many wards: they stay, the page says how many names it does not know, and none is a wall of boxes."""
    text = "title,ward\n" + "".join(f"Activity {n},Ward {n}\n" for n in range(70))
    page = _preview(editor, text.encode())
    html = " ".join(page.content.decode().split())
    assert "70 names that we do not know" in html and "These 70 names are new" in html
    assert len(page.context["plan"].services) == 70
    (switch,) = re.findall(r'name="switch" value="([^"]*)"', html)
    without = editor.post(URL, _form(page, switch=switch))
    assert without.context["left_out"] == ["ward"] and not without.context["plan"].services
    again = editor.post(URL, _form(without, switch="1-service"))
    assert len(again.context["plan"].services) == 70
    assert editor.post(URL, _form(again, switch="999-service", preview="1")).status_code == 200


# --- dates, repeats, and running


@given(st.integers(-5, 120_000))
def test_a_number_is_a_spreadsheets_day_only_where_it_can_be_one(number):
    day = spreadsheet_day(str(number))
    assert (day is not None) == (20_000 <= number <= 80_000)
    if day:
        assert (day - date(1899, 12, 30)).days == number


def test_a_spreadsheets_day_is_read_and_said(trust):
    plan = _plan(trust, "title,start_date,reach\nA,44197,44197\n")
    assert plan.new[0].activity.start_written == "2021-01-01" and plan.new[0].activity.reach == "44197"
    assert [str(note) for note in plan.notes] == [
        "Row 2, start_date: “44197” is how a spreadsheet counts days. It is read as 2021-01-01"
    ]


def test_who_says_that_it_runs_is_told_as_it_was(client, world, trust):
    """A status word in a list is the list's, not the word of whoever brought it in."""
    ed, on = world.people["ed"], day(today())
    _run(trust, ed, "title,period,status\nA,,\nE,,Ongoing\n", running=True)
    client.force_login(ed)

    def pages(title):
        activity = trust.activities.get(title=title)
        address = f"/o/{trust.slug}/activities/{activity.pk}/"
        return [" ".join(client.get(address + each).content.decode().split()) for each in ("", "history/")]

    shown, history = pages("E")
    assert f"The list that was brought in on {on} says that it was running." in shown and "said Ed" not in shown
    assert "brought in a list, which says that it was running" in history
    shown, history = pages("A")
    assert "Ed said so once, for all rows of a list without a date." in shown
    assert "said that all rows of the list without a date were running" in history
    activity = trust.activities.get(title="E")
    confirm_running(activity=activity, by=ed, running=True, on=today() - timedelta(days=1))
    assert "said Ed" in pages("E")[0]


def test_undated_rows_are_asked_once_whether_they_are_running(world, trust):
    text = "title,period,status\nA,,\nB,last spring,\nC,2021/22,\nD,,planned\nE,,running\n"
    assert _plan(trust, text).undated == [2, 3]
    _run(trust, world.people["ed"], text, running=True)
    assert _answers(trust) == {"A": [True], "B": [True], "C": [], "D": [], "E": [True]}
    _run(trust, world.people["ed"], text.replace("\nA", "\nA2").replace("\nB", "\nB2"), running=False)
    assert (_answers(trust)["A2"], _answers(trust)["B2"], _answers(trust)["A"]) == ([False], [False], [True])
    _run(trust, world.people["ed"], "title\nA3\n")
    assert _answers(trust)["A3"] == []


def _answers(trust):
    return {
        activity.title: list(activity.confirmations.values_list("running", flat=True))
        for activity in trust.activities.exclude(imported_from=None)
    }


def test_what_looks_like_another_is_said_and_comes_in(trust):
    plan = _plan(trust, "ref,title,start_date\nR1,ashdown-survey!,2021\nR2,Walk,2020\nR3,Walk,2021\n")
    assert [(each.row, each.said) for each in plan.alike] == [
        (2, "an activity that is here, with another start or reference"),
        (4, "row 3, with another start or reference"),
    ]
    assert len(plan.new) == 3


# --- rows to mend


def test_refused_rows_come_back_as_a_file_that_can_be_mended(world, trust):
    text = "Title,State,Link,Notes\n=1+1,sometimes,,\n'tis ok,ended,,\nB,ended,ftp.example.org,\"a\nb\"\n"
    table = read_table(text)
    columns = map_columns(table.headings, {})
    plan = plan_import(organisation=trust, table=table, columns=columns)
    mended = b"".join(mend_lines(table, plan)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(mended, newline="")))
    assert rows[0] == ["What is wrong", "Title", "State", "Link", "Notes"]
    assert [row[1:] for row in rows[1:]] == [["'=1+1", "sometimes", "", ""], ["B", "ended", "ftp.example.org", "a\nb"]]
    assert "State: “sometimes” is not a status" in rows[1][0]
    _run(trust, world.people["ed"], text)
    result = _run(trust, world.people["ed"], mended.replace("sometimes", "running").replace("ftp.", "https://ftp."))
    assert (result["added"], result["refused"]) == (2, 0)
    assert trust.activities.filter(title="=1+1", stated_status="running").count() == 1


# --- a register that comes back


def _register(viewer):
    return b"".join(exports.csv_file(exports.whole_register(viewer)))


def test_what_comes_with_its_place_says_from_where(world, trust):
    viewer = world.viewer("lea")
    content = _register(viewer)
    other = world.birchwood.organisation
    result = _run(other, world.people["bo"], content, file_name="ours.csv")
    assert (result["added"], result["placed"], result["refused"]) == (2, 1, 0)
    reading = other.classifications.get(activity__title="Ashdown survey")
    assert (reading.primary_place, reading.recorded_by) == ("users", world.people["bo"])
    assert reading.source == f"Import {result['import']}: ours.csv"
    assert list(reading.placements.values_list("facet", "part", "heard")) == [("users/experience", "asked", True)]
    assert other.changes.get(activity__title="Ashdown survey").evidence.get().reference == "Ashdown minutes"
    assert trust.classifications.count() == 1


def _edited(content, **cells):
    """Return the register with cells of its row about the survey changed."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    row = next(row for row in rows if "Ashdown survey" in row)
    for column, words in cells.items():
        row[rows[0].index(column)] = words
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def test_a_place_that_somebody_changed_in_the_spreadsheet_is_taken(world):
    content = _register(world.viewer("lea"))
    other, bo = world.birchwood.organisation, world.people["bo"]
    changed = _edited(content, place="owners", facets="owners/strategy; owners/priorities", part="asked", contested="")
    assert _run(other, bo, changed)["refused"] == 0
    reading = other.classifications.get(activity__title="Ashdown survey")
    assert (reading.primary_place, reading.contested) == ("owners", False)
    ways = reading.placements.order_by("facet").values_list("facet", "part", "question", "received_on")
    assert list(ways) == [("owners/priorities", "asked", "", None), ("owners/strategy", "asked", "", None)]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"place": "everywhere"}, "place: Choose one of the places"),
        ({"facets": "users/nothing"}, "place: Choose from the ways in the list"),
        ({"part": "asked; told; led"}, "place: This cannot be read"),
        ({"placed_1": "{broken"}, "placed_1: This cannot be read"),
        ({"placed_1": '{"primary_place": ["users"]}'}, "placed_1: This cannot be read"),
        ({"change_1": '{"outcome": "changed"}'}, "change_1: Choose at least one way"),
        ({"change_1": '["x"]'}, "change_1: This cannot be read"),
        ({"running_answers": "yesterday yes"}, "running_answers: This cannot be read"),
        ({"running_answers": "2199-01-01 yes"}, "running_answers: The day must be today or earlier"),
        ({"withdrawn_on": "2026-01-01"}, "withdrawn_reason: Say why"),
        ({"groups_in_full": "{}"}, "groups_in_full: This cannot be read"),
    ],
)
def test_a_record_that_was_broken_is_said_and_nothing_of_it_comes_in(world, cells, says):
    content = _edited(_register(world.viewer("lea")), **cells)
    result = _run(world.birchwood.organisation, world.people["bo"], content)
    assert (result["added"], result["refused"]) == (1, 1)
    assert says in " ".join(f"{column}: {said}" for _row, column, said in result["problems"])
    assert not world.birchwood.organisation.activities.filter(title="Ashdown survey").exists()


def test_a_place_where_people_met_is_no_place_of_the_framework(trust):
    plan = _plan(trust, "title,place,outcome\nWalk,Town hall,We changed the menu\n")
    assert [row.brought.readings for row in plan.new] == [[]]
    assert plan.new[0].activity.result == "We changed the menu"


# --- undoing


@pytest.fixture
def brought(world, trust):
    """Three activities that were imported, with a service and a piece of work that were made for them."""
    result = _run(
        trust, world.people["ed"],
        "title,service,groups,status,piece\nWalk,Podiatry,carers,running,Feet\nTalk,Podiatry,,,\nChoir,Cancer,,,\n",
        file_name="my list.csv",
    )  # fmt: skip
    return Import.objects.get(pk=result["import"])


def test_an_import_is_a_record(world, trust, brought):
    assert (brought.recorded_by, brought.file_name, brought.added) == (world.people["ed"], "my list.csv", 3)
    assert trust.activities.filter(imported_from=brought).count() == 3
    event = SecurityEvent.objects.get(organisation=trust, kind="import")
    assert event.detail == {"import": brought.pk, "added": 3, "here": 0, "refused": 0}
    walk = trust.activities.get(title="Walk")
    told = [told.words for event in chronicle(world.viewer("vi"), walk) for told in event.told]
    assert "brought it in with a list: my list.csv" in told
    assert walk.history.count() == 1 and walk.history.get().history_user == world.people["ed"]


def test_an_untouched_import_leaves_as_if_it_had_not_come(world, trust, brought):
    before = {"Ashdown survey", "Citizens’ panel"}
    keys = set(brought.activities.values_list("pk", flat=True))
    undone = undo_import(imported=brought, by=world.people["lea"])
    assert set(trust.activities.values_list("title", flat=True)) == before
    assert (undone.undone_by, undone.removed) == (world.people["lea"], 3)
    assert not trust.services.filter(name="Podiatry").exists() and not trust.pieces.filter(title="Feet").exists()
    assert trust.services.filter(name="Cancer").exists()
    last = Activity.history.filter(id__in=keys, history_type="-")
    assert {row.title for row in last} == {"Walk", "Talk", "Choir"}
    assert {row.history_user for row in last} == {world.people["lea"]}
    assert SecurityEvent.objects.get(kind="import-undone").detail == {"import": brought.pk, "removed": 3, "kept": 0}
    with pytest.raises(Refused, match="undone already"):
        undo_import(imported=brought, by=world.people["lea"])
    again = _run(trust, world.people["ed"], "title,service\nWalk,Podiatry\n")
    assert again["added"] == 1, "what was undone can be brought in again"


def _edit(activity, by):
    edit_activity(activity=activity, by=by, facts={"title": "Longer walk"}, version=activity.version)


def _answer(activity, by):
    confirm_running(activity=activity, by=by, running=False)


def _place(activity, by):
    classify(activity=activity, by=by, place="users", placements=[])


def _tell(activity, by):
    record_change(activity=activity, by=by, facets=["users/access"], outcome="changed", what="x", decided_on=today())


def _withdraw(activity, by):
    withdraw_activity(activity=activity, by=by, reason="twice", version=activity.version)


@pytest.mark.parametrize("work", [_edit, _answer, _place, _tell, _withdraw])
def test_what_somebody_worked_on_is_never_taken_out(world, trust, brought, work):
    walk = trust.activities.get(title="Walk")
    assert not touched_since(brought).exists()
    work(walk, world.people["ed"])
    assert list(touched_since(brought)) == [walk]
    with pytest.raises(Refused, match="worked on"):
        undo_import(imported=brought, by=world.people["lea"])
    assert trust.activities.filter(imported_from=brought).count() == 3, "all or nothing until somebody says otherwise"
    undone = undo_import(imported=brought, by=world.people["lea"], keep_touched=True)
    assert undone.removed == 2
    assert list(trust.activities.filter(imported_from=brought)) == [walk]
    assert trust.services.filter(name="Podiatry").exists() and trust.pieces.filter(title="Feet").exists()


def test_an_import_with_places_and_changes_goes_whole_and_new_evidence_touches_it(world, trust):
    content = _register(world.viewer("lea"))
    other, bo = world.birchwood.organisation, world.people["bo"]

    def figures():
        return other.activities.count(), other.changes.count(), other.evidence.count(), other.classifications.count()

    before = figures()
    imported = other.imports.get(pk=_run(other, bo, content)["import"])
    assert figures() != before
    undo_import(imported=imported, by=bo)
    assert figures() == before
    imported = other.imports.get(pk=_run(other, bo, content)["import"])
    change = other.changes.get(activity__title="Ashdown survey")
    add_evidence(change=change, by=bo, kind="document", reference="minutes")
    assert [activity.title for activity in touched_since(imported)] == ["Ashdown survey"]


def test_the_others_import_cannot_be_undone(world, editor, brought):
    theirs = world.birchwood.imported
    assert editor.post(f"/o/ashdown/activities/imports/{theirs.pk}/", {}).status_code == 404
    assert Import.objects.get(pk=theirs.pk).undone_at is None


# --- in the browser


def _preview(client, content, name="list.csv"):
    return client.post(URL, {"file": SimpleUploadedFile(name, content, "text/csv")}, follow=True)


def _form(page, **changes):
    """What the browser would send: every box as it stands."""
    html, form = page.content.decode(), page.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name.startswith("column_")}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)"[^>]*value="([^"]*)"', html):
        sent[name] = value
    for name, options in re.findall(r'<select[^>]* name="(word-[^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        sent[name] = re.search(r'value="([^"]*)" selected', options)[1]
    return {**sent, **changes}


def test_an_editor_answers_words_once_and_is_not_asked_again(editor, trust):
    page = _preview(editor, LIST.encode())
    html = page.content.decode()
    assert "Say which column is which" in html  # no heading says that it is a title
    page = editor.post(URL, _form(page, preview="1", column_0="title", column_2="groups", column_3="status"))
    html = page.content.decode()
    assert "Names of services that we do not know" in html and "Podiatry" in html and "2 rows cannot come in" in html
    sent = _form(page, **{"word-status-0": "planned", "word-groups-0": "general-public", "import": "1"})
    done = editor.post(URL, sent, follow=True).content.decode()
    assert "3 activities added" in done and "Podiatry" in done and "Undo this import" in done
    html = _preview(editor, LIST.replace("Walk", "Run").replace("Talk", "Chat").encode()).content.decode()
    assert "Add 2 activities" in html and "cannot come in" not in html
    assert re.search(r'value="planned" selected', html)


def test_the_preview_says_what_the_words_of_each_row_suggest(editor, world, trust):
    jury = "A panel of patients chose what to measure and designed the new clinic together with staff."
    plain = f"title,what happened,groups\nClinic,{jury},Older people\nThing,,\n"
    page = _preview(editor, plain.encode())
    html = " ".join(page.content.decode().split())
    assert "What its words suggest" in html and "counts for nothing until a person has placed the activity" in html
    first, second = page.context["first"]
    assert first["hint"] == first_hint(first["row"].activity, ["older-people"]) and first["hint"].place == "Coproducers"
    assert re.search(r'data-label="What its words suggest"><strong>Coproducers</strong>.*?“[^”]*patients[^”]*”', html)
    assert second["hint"].place == "" and 'data-label="What its words suggest">Not sure' in html
    editor.post(URL, _form(page, **{"import": "1"}))
    assert not trust.classifications.filter(activity__title__in=["Clinic", "Thing"]).exists()


def test_a_row_that_brings_its_place_shows_that_instead(client, world):
    content = _register(world.viewer("lea"))
    client.force_login(world.people["bo"])
    url = URL.replace("ashdown", "birchwood")
    page = client.post(url, {"file": SimpleUploadedFile("ours.csv", content, "text/csv")}, follow=True)
    shown = {each["row"].activity.title: each for each in page.context["first"]}
    assert shown["Ashdown survey"]["brings"] == "Users" and "hint" not in shown["Ashdown survey"]
    assert "Users, as the row itself says" in page.content.decode()


def test_a_month_with_two_figures_is_kept_and_said(trust):
    plan = _plan(trust, "title,start date\nA,Mar-21\nB,Mar 2021\n")
    assert len(plan.new) == 2 and plan.new[0].activity.start_written == "Mar-21"
    assert [(note.row, "year in four figures" in note.said) for note in plan.notes] == [(2, True)]


def test_rows_to_mend_are_a_download_before_and_after(editor):
    page = _preview(editor, b"title,status\nGood,ended\nBad,sometimes\n", "my \"list\".csv")
    file = editor.post(URL, _form(page, mend="1"))
    body = b"".join(file.streaming_content).decode("utf-8-sig")
    assert body.splitlines()[0] == "What is wrong,title,status" and "Bad,sometimes" in body and "Good" not in body
    assert file["Content-Disposition"].startswith("attachment; filename=")
    done = editor.post(URL, _form(page, **{"import": "1"}), follow=True)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', done.content.decode()))
    file = editor.post(URL, {**hidden, "mend": "1"})
    assert b"Bad,sometimes" in b"".join(file.streaming_content)


def test_the_answer_about_running_is_taken(editor, trust):
    page = _preview(editor, b"title\nWalk\n")
    assert "Are these activities running today?" in page.content.decode()
    editor.post(URL, _form(page, running="yes", **{"import": "1"}))
    assert _answers(trust)["Walk"] == [True]


def test_past_imports_are_listed_and_undone_on_their_page(editor, world, trust, brought):
    listed = editor.get("/o/ashdown/activities/imports/").content.decode()
    assert "my list.csv" in listed and "in the register" in listed
    where = f"/o/ashdown/activities/imports/{brought.pk}/"
    _edit(trust.activities.get(title="Choir"), world.people["lea"])
    page = editor.get(where).content.decode()
    assert "Longer walk" in page and "worked on 1 of these" in page
    refused = editor.post(where, {})
    assert "Somebody has worked on some" in refused.content.decode()
    done = editor.post(where, {"keep": "on"}, follow=True).content.decode()
    assert "2 activities are out of the register again" in done and "1 stayed" in done
    assert "undone" in editor.get("/o/ashdown/activities/imports/").content.decode()


def test_another_sheet_or_row_of_headings_can_be_chosen(editor, trust):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        for name, rows in (
            ("Ours", [["Our list"], ["title", "status"], ["Walk", "ended"], ["Talk", "sometimes"]]),
            ("Theirs", [["title", "status"], ["Choir", "ended"]]),
        ):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    page = _preview(editor, file.getvalue(), "two.xlsx")
    html = page.content.decode()
    assert "two.xlsx. Read as Excel workbook, sheet “Ours”" in html and "headings in row 2" in html
    where = page.redirect_chain[-1][0]
    assert "Choir" in editor.get(f"{where}&sheet=Theirs&heading_row=1").content.decode()
    lost = editor.get(f"{where}&sheet=Nobody%27s", follow=True)
    assert "There is no sheet" in lost.content.decode() and "Walk" in lost.content.decode()
    page = editor.get(f"{where}&sheet=Ours&heading_row=2")
    done = editor.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], _form(page, **{"import": "1"}))
    assert "heading_row=2" in done["Location"]
    html = editor.get(done["Location"]).content.decode()
    assert "1 activity added" in html and "Download this row to mend it" in html
    mend = re.search(r'action="([^"]+heading_row=2[^"]*)"', html)[1].replace("&amp;", "&")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    assert b"Talk,sometimes" in b"".join(editor.post(mend, {**hidden, "mend": "1"}).streaming_content)


# --- out


def _rows_of(response):
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"), newline="")))


def test_the_list_goes_out_as_it_is_filtered(client, world, trust):
    client.force_login(world.people["vi"])
    for query, titles in {
        "": ["Ashdown survey", "Citizens’ panel"],
        "?place=users": ["Ashdown survey"],
        "?q=panel": ["Citizens’ panel"],
        "?sort=-title&page=7": ["Citizens’ panel", "Ashdown survey"],
    }.items():
        assert [row["title"] for row in _rows_of(client.get(f"/o/ashdown/activities.csv{query}"))] == titles
    for wrong in ("place=nowhere", "as_at=2199-01-01", "service=no-such"):
        refused = client.get(f"/o/ashdown/activities.csv?{wrong}")
        assert refused.status_code == 400 and refused["Content-Type"].startswith("text/plain")
    kept = SecurityEvent.objects.filter(kind="export", organisation=trust).order_by("pk")
    assert [event.detail for event in kept][:2] == [{"kind": "csv", "activities": 2}, {"kind": "csv", "activities": 1}]
    assert kept[0].actor == world.people["vi"] and kept.count() == 4


def test_withdrawn_activities_go_out_when_they_are_asked_for(client, world, trust):
    client.force_login(world.people["ed"])
    panel = trust.activities.get(title="Citizens’ panel")
    withdraw_activity(activity=panel, by=world.people["ed"], reason="twice", version=panel.version)

    def titles(query):
        return [row["title"] for row in _rows_of(client.get(f"/o/ashdown/activities.csv{query}"))]

    assert titles("") == ["Ashdown survey"]
    assert titles("?status=withdrawn") == ["Citizens’ panel"]
    assert titles("?withdrawn=with") == ["Ashdown survey", "Citizens’ panel"]


def test_columns_of_the_contract_stand_in_the_file(client, world):
    client.force_login(world.people["vi"])
    row = _rows_of(client.get("/o/ashdown/activities.csv"))[0]
    assert list(row)[:21] == (
        "reference title description service status start_date end_date period method participants groups reach result "
        "source_url piece place facets part contested outcome evidence"
    ).split()
    assert (row["place"], row["facets"], row["part"], row["contested"]) == ("users", "users/experience", "asked", "no")
    assert (row["outcome"], row["evidence"]) == ("changed", "document: Ashdown minutes")
    assert row["piece"] == "Ashdown foot clinic"


def test_counts_of_people_under_five_go_to_editors_only(client, world, trust):
    add_activity(
        organisation=trust, by=world.people["ed"],
        facts={"title": "Small", "reach": "3", "groups": [{"group": "carers", "reach": 2}]},
    )  # fmt: skip
    for name, reach, group in (("vi", "fewer than 5", '"fewer than 5"'), ("ed", "3", "2")):
        client.force_login(world.people[name])
        row = _rows_of(client.get("/o/ashdown/activities.csv?q=Small"))[0]
        assert (row["reach"], row["groups_in_full"]) == (reach, f'[{{"group": "carers", "reach": {group}}}]')


def test_a_spreadsheet_holds_text_only_and_its_heading_stays(client, world, trust):
    facts = {"title": "=1+1", "period": "2026-01-02", "reach": "007"}
    add_activity(organisation=trust, by=world.people["ed"], facts=facts)
    client.force_login(world.people["vi"])
    body = b"".join(client.get("/o/ashdown/activities.xlsx").streaming_content)
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and set(re.findall(r' t="(\w+)"', sheet)) == {"inlineStr"} and "<v>" not in sheet
    assert 'state="frozen"' in sheet and "<t>=1+1</t>" in sheet and "<t>007</t>" in sheet and "2026-01-02" in sheet


def test_an_export_costs_the_same_queries_for_one_row_and_many(world, trust, django_assert_max_num_queries):
    text = "title,service,groups\n" + "".join(f"T{n},Cancer,carers\n" for n in range(300))
    with django_assert_max_num_queries(20):
        _register(world.viewer("ed"))
    _run(trust, world.people["ed"], text)
    with django_assert_max_num_queries(20):
        assert _register(world.viewer("ed")).count(b"\r\n") >= 300


def test_nothing_of_the_other_goes_out(client, world):
    client.force_login(world.people["lea"])
    assert MARKER.encode() not in b"".join(client.get("/o/ashdown/activities.csv").streaming_content)


def test_a_new_service_is_added_under_the_name_that_was_shown(world, trust):
    add_service(organisation=trust, by=world.people["lea"], name="Feet and legs")
    plan = _plan(trust, "title,service\nA,Department of Feet & Legs\nB,Feet\n")
    assert [each and each.name for each in (row.activity.service for row in plan.new)] == ["Feet and legs", "Feet"]
