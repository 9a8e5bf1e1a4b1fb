"""A list of activities from elsewhere: read, mapped, planned and written; by command and in the browser."""

import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from involvement.actions.activities import withdraw_activity
from involvement.actions.base import Refused, today
from involvement.imports import guess_columns, map_columns, plan_import, read_table, run_import, tables
from involvement.models import Activity, Organisation, RunningConfirmation, SecurityEvent, Service
from tests.world import PASSWORD

REGISTER = """record_id,organisation,title,what_happened,period,service_area,who_took_part,method,result,source_url
A1,Ashdown,Citizens’ jury on beds,"Eighteen people met
for four days.",19-28 January 2021,Emergency care,18 residents,Citizens’ jury,Report to the board,https://example.org/jury
A2,Ashdown,Foot clinic films,Nine people told their story on film.,August 2010 to 2013,maternity,,,,
A3,Ashdown,Panel that reads letters,,last spring,,,Reading panel,,
"""


def _texts(world):
    return world.ashdown.organisation.activities.order_by("id").values_list("title", flat=True)


def _run(organisation, text, corrections=None, **words):
    table = read_table(text)
    columns = map_columns(table.headings, corrections or {})
    return run_import(organisation=organisation, by=None, table=table, columns=columns, **words)


def _plan(organisation, text, corrections=None):
    table = read_table(text)
    return plan_import(organisation=organisation, table=table, columns=map_columns(table.headings, corrections or {}))


@pytest.fixture
def trust(world):
    return world.ashdown.organisation


# --- which column is which


def test_headings_are_guessed_each_of_ours_once():
    headings = ["record_id", "organisation", "title", "what_happened", "period", "service_area", "who_took_part"]
    assert guess_columns(headings) == {
        "record_id": "reference",
        "title": "title",
        "what_happened": "description",
        "period": "period",
        "service_area": "service",
        "who_took_part": "participants",
    }
    assert guess_columns(["Outcome", "Result", "Activity", "Title"]) == {"Result": "result", "Title": "title"}
    assert guess_columns(["Start Date", "END-DATE", "Who was involved?"]) == {
        "Start Date": "start_date",
        "END-DATE": "end_date",
        "Who was involved?": "participants",
    }


def test_a_guess_can_be_corrected_or_left_out():
    headings = ["Title", "Outcome", "Notes"]
    assert map_columns(headings, {"notes": "result"}) == {"Title": "title", "Notes": "result"}
    assert map_columns(headings, {"Outcome": ""}) == {"Title": "title", "Notes": "description"}


@pytest.mark.parametrize(
    ("corrections", "says"),
    [
        ({"Ttile": "title"}, "no column “Ttile”.*Title, Outcome"),
        ({"Title": "tilte"}, "no column “tilte” to map to.*reference, title"),
        ({"Title": "title", "Outcome": "title"}, "Two columns"),
    ],
)
def test_a_mapping_that_names_nothing_is_a_clear_error(corrections, says):
    with pytest.raises(Refused, match=says):
        map_columns(["Title", "Outcome"], corrections)


# --- what would happen


def test_a_plan_writes_nothing(trust):
    before = Activity.objects.count(), Service.objects.count(), Organisation.objects.get(pk=trust.pk).version
    plan = _plan(trust, REGISTER)
    assert [row.row for row in plan.new] == [2, 3, 4]
    assert [service.name for service in plan.services.values()] == ["Emergency care"]
    assert [str(note) for note in plan.notes] == [
        "Row 4, period: “last spring” is kept as it is, but names no date that can be read"
    ]
    assert not plan.problems
    assert before == (Activity.objects.count(), Service.objects.count(), Organisation.objects.get(pk=trust.pk).version)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",ended,,,,", "Row 2, Title: There is no title"),
        (f"{'x' * 301},,,,,", "Row 2, Title: This is too long. Use 300 characters or fewer"),
        ("A,sometimes,,,,", "Row 2, Status: “sometimes” is not a status"),
        ("A,,31/02/2019,,,", "Row 2, Started: “31/02/2019” is not a date that can be read"),
        ("A,,03/03/19,,,", "Row 2, Started: “03/03/19” is not a date"),
        ("A,,2019-03-01,2019-02-01,,", "Row 2, Ended: The end is before the start"),
        ("A,,,,patients; martians,", "Row 2, Groups: “martians” is not one of the groups. They are: patients, carers"),
        ("A,,,,,javascript:alert(1)", "Row 2, Link: “javascript:alert(1)” is not a web address"),
        ("A,,,,,,B", "Row 2: The row has more cells than there are headings"),
    ],
)
def test_a_problem_is_named_by_row_and_column_in_plain_words(trust, row, says):
    plan = _plan(trust, f"Title,Status,Started,Ended,Groups,Link\n{row}\nGood one,,,,,\n")
    assert [str(problem)[: len(says)] for problem in plan.problems] == [says]
    assert plan.refused == 1
    assert [each.activity.title for each in plan.new] == ["Good one"]


def test_without_a_title_column_there_is_no_plan(trust):
    with pytest.raises(Refused, match="title"):
        _plan(trust, "organisation,method\nA,B\n")


def test_a_reference_on_two_rows_is_a_problem_unless_they_are_the_same(trust):
    plan = _plan(trust, "ref,title\nR1,One\nR1,Two\nR1,One\n")
    assert [str(problem) for problem in plan.problems] == ["Row 3: Reference “R1” is used by row 2 too"]
    assert [(here.row, here.said) for here in plan.here] == [(4, "the same as row 2")]


def test_without_a_reference_title_and_start_tell_rows_apart(trust):
    text = "title,start_date\nWalk,2024\nWALK ,2024\nWalk,2025\n"
    plan = _plan(trust, text)
    assert [row.row for row in plan.new] == [2, 4]
    assert [(here.row, here.said) for here in plan.here] == [(3, "the same title and start as row 2")]
    _run(trust, text)
    assert [here.said for here in _plan(trust, text).here] == ["already here"] * 3


def test_a_withdrawn_activity_does_not_come_back(world, trust):
    _run(trust, "ref,title\nR1,One\n,Two\n")
    for title in ("One", "Two"):
        activity = trust.activities.get(title=title)
        withdraw_activity(activity=activity, by=world.people["ed"], reason="entered twice", version=activity.version)
    plan = _plan(trust, "ref,title\nR1,One\n,Two\n")
    assert [here.said for here in plan.here] == ["already here, withdrawn"] * 2


# --- doing it


def test_a_register_comes_in_once(world, trust):
    before = trust.activities.count()
    first = _run(trust, REGISTER)
    assert (first["added"], first["here"], first["refused"], first["services"]) == (3, 0, 0, ["Emergency care"])
    jury = trust.activities.get(reference="A1")
    assert jury.description == "Eighteen people met\nfor four days."
    assert (jury.started_on, jury.ended_on) == (date(2021, 1, 19), date(2021, 1, 28))
    assert jury.service.name == "Emergency care" and jury.source_url == "https://example.org/jury"
    films = trust.activities.get(reference="A2")
    assert films.service == trust.services.get(name="Maternity"), "an existing service is found whatever its case"
    panel = trust.activities.get(reference="A3")
    assert (panel.period, panel.started_on, panel.ended_on, panel.service) == ("last spring", None, None, None)
    assert jury.history.count() == 1

    version = Organisation.objects.get(pk=trust.pk).version
    events = SecurityEvent.objects.count()
    second = _run(trust, REGISTER)
    assert (second["added"], second["here"], second["refused"], second["services"]) == (0, 3, 0, [])
    assert trust.activities.count() == before + 3
    assert Organisation.objects.get(pk=trust.pk).version == version, "nothing changed, so nothing was written"
    assert SecurityEvent.objects.count() == events


def test_statuses_groups_and_services_are_read_by_their_names(trust):
    _run(
        trust,
        "title,status,groups,service\n"
        "A,Ongoing,carers; Older people|patients,Cancer; Maternity\n"
        "B,In Progress,everyone,Trust-wide\n"
        'C,complete,"Carers and families, homeless",CANCER\n'
        "D,Proposed,,Young people’s\n",
    )
    facts = {
        activity.title: (
            activity.stated_status,
            sorted(activity.groups.values_list("group", flat=True)),
            activity.open_to_all,
            activity.service and activity.service.name,
            sorted(activity.named_services.values_list("service__name", flat=True)),
        )
        for activity in trust.activities.filter(title__in="ABCD")
    }
    assert facts == {
        "A": ("running", ["carers", "older-people", "patients"], False, None, ["Cancer", "Maternity"]),
        "B": ("running", [], True, None, []),
        "C": ("ended", ["carers", "homeless"], False, "Cancer", []),
        "D": ("planned", [], False, "Young people’s", []),
    }
    confirmed = RunningConfirmation.objects.filter(activity__title__in="ABCD").values_list(
        "activity__title", "on", "running"
    )
    assert sorted(confirmed) == [("A", today(), True), ("B", today(), True)]


def test_a_service_that_only_refused_rows_name_is_not_made(trust):
    result = _run(trust, "title,service,status\nA,Podiatry,sometimes\nB,Cancer,\n")
    assert (result["added"], result["refused"], result["services"]) == (1, 1, [])
    assert not trust.services.filter(name="Podiatry").exists()


def test_an_import_touches_one_organisation_only(world, trust):
    other = world.birchwood.organisation
    before = other.activities.count()
    _run(trust, f"title,service\n{world.birchwood.survey.title},{world.birchwood.services[0].name}\n")
    assert other.activities.count() == before
    assert trust.services.filter(name=world.birchwood.services[0].name).exists()


def test_many_rows_cost_few_queries(trust, django_assert_max_num_queries):
    text = "ref,title,service,status\n" + "".join(f"R{n},Title {n},Service {n % 5},running\n" for n in range(1000))
    with django_assert_max_num_queries(120):  # five services at nine each; the rest in bulk, 200 rows at a time
        assert _run(trust, text)["added"] == 1000
    assert trust.activities.count() == 1002


# --- the command


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(REGISTER, encoding="utf-8")
    return path


def _command(*arguments, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command("import_activities", *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue()


def test_the_command_imports_and_says_so(trust, file):
    said = _command("ashdown", file)
    assert "record_id → reference" in said and "Not imported (no column for them): organisation" in said
    assert "Services made: Emergency care" in said and "3 added, 0 already here, 0 refused" in said
    said = _command("ashdown", file)
    assert "0 added, 3 already here, 0 refused" in said and "Nothing was changed" in said


def test_a_dry_run_writes_nothing(trust, file):
    before = trust.activities.count()
    said = _command("ashdown", file, "--dry-run")
    assert "3 would be added" in said and "Nothing was written" in said
    assert trust.activities.count() == before


def test_headings_are_mapped_on_the_command_line(trust, file):
    _command(
        "ashdown", file, "--map", "what_happened=result", "result=", "--map", "method=participants", "who_took_part="
    )
    jury = trust.activities.get(reference="A1")
    assert (jury.result, jury.description, jury.participants) == (
        "Eighteen people met\nfor four days.",
        "",
        "Citizens’ jury",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere", "FILE"], "no organisation “nowhere”"),
        (["ashdown", "missing.csv"], "missing.csv: No such file"),
        (["ashdown", "FILE", "--map", "nothing=title"], "no column “nothing”"),
        (["ashdown", "FILE", "--map", "title=heading"], "no column “heading” to map to"),
        (["ashdown", "FILE", "--map", "title"], "not a mapping"),
        (["ashdown", "FILE", "--map", "title="], "title"),
        (["ashdown", "FILE", "--by", "nobody@example.org"], "Nobody has an account"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_code_1(trust, file, arguments, says):
    before = trust.activities.count()
    with pytest.raises(CommandError, match=says) as error:
        _command(*[file if each == "FILE" else each for each in arguments])
    assert error.value.returncode == 1
    assert trust.activities.count() == before


def test_refused_rows_are_code_3_and_the_others_are_in(world, trust, tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("title,status\nGood,ended\nBad,sometimes\n")
    with pytest.raises(CommandError, match="1 row was refused") as error:
        _command("ashdown", path, "--by", "ED@example.org")
    assert error.value.returncode == 3
    assert trust.activities.get(title="Good").recorded_by == world.people["ed"]


# --- in the browser


@pytest.fixture
def editor(client, world):
    client.force_login(world.people["ed"])
    return client


URL = "/o/ashdown/activities/import/"
NOBODYS = "7d1c6d0e-5f0b-4d0a-9d53-0a7a3c6b9a11"


def _upload(client, content, name="list.csv"):
    return client.post(URL, {"file": SimpleUploadedFile(name, content, "text/csv")}, follow=True)


def _hidden(page, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.content.decode())[1]


def _form(page, **changes):
    """What the browser would send from the preview: every hidden field and every select as it stands."""
    form = page.context["form"]
    selects = {name: form[name].value() or "" for name in form.fields if name.startswith("column_")}
    hidden = {name: _hidden(page, name) for name in ("draft", "shown", "request_key")}
    return {**selects, **hidden, **changes}


def test_an_editor_uploads_looks_and_imports(editor, trust):
    assert reverse("activity-import", args=["ashdown"]) == URL
    assert "Import activities" in editor.get(URL).content.decode()
    page = _upload(editor, REGISTER.encode("cp1252"))
    words = page.content.decode()
    assert "Look before you import" in words and "Citizens’ jury on beds" in words and "Emergency care" in words
    assert "last spring" in words and "Add 3 activities" in words
    before = trust.activities.count()
    done = editor.post(URL, _form(page, **{"import": "1"}), follow=True)
    assert "3 activities added" in done.content.decode()
    assert trust.activities.count() == before + 3
    assert "/o/ashdown/activities/" in done.content.decode()
    assert trust.activities.get(reference="A1").recorded_by.email == "ed@example.org"


def test_a_double_submission_writes_once_and_shows_the_first_result(editor, trust):
    sent = _form(_upload(editor, REGISTER.encode()), **{"import": "1"})
    first, second = editor.post(URL, sent, follow=True), editor.post(URL, sent, follow=True)
    assert first.redirect_chain == second.redirect_chain
    assert "3 activities added" in second.content.decode()
    assert trust.activities.filter(title="Foot clinic films").count() == 1


def test_pasted_rows_will_do(editor):
    page = editor.post(URL, {"text": "title\tmethod\r\nPasted one\tTalk\r\n"}, follow=True)
    assert "Add 1 activity" in page.content.decode()


def test_every_problem_is_shown_by_row_and_column_and_the_rest_comes_in(editor, trust):
    page = _upload(editor, b"title,status\nGood,ended\nBad,sometimes\n,ended\n")
    words = page.content.decode()
    assert "2 rows cannot come in" in words and "“sometimes” is not a status" in words and "There is no title" in words
    done = editor.post(URL, _form(page, **{"import": "1"}), follow=True).content.decode()
    assert "1 activity added" in done and "“sometimes” is not a status" in done


def test_a_changed_column_is_looked_at_before_anything_is_added(editor, trust):
    page = _upload(editor, REGISTER.encode())
    before = trust.activities.count()
    changed = _form(page, column_3="result", column_8="")  # what_happened is no description but a result
    again = editor.post(URL, {**changed, "import": "1"})
    assert "Nothing is added yet" in again.content.decode()
    assert trust.activities.count() == before
    editor.post(URL, _form(again, **{"import": "1"}))
    assert trust.activities.get(reference="A2").result == "Nine people told their story on film."


def test_a_list_without_a_title_is_asked_for_it(editor, trust):
    page = _upload(editor, b"heading,method\nOur walk,Walk\n")
    assert "Say which column is which" in page.content.decode()
    wrong = editor.post(URL, _form(page, preview="1"))
    assert wrong.content.decode().count("One column has to hold the title") == 2  # in the summary and at the field
    twice = editor.post(URL, _form(page, preview="1", column_0="title", column_1="title"))
    assert "is already used for this" in twice.content.decode()
    right = editor.post(URL, _form(page, preview="1", column_0="title"))
    assert "Add 1 activity" in right.content.decode()


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04zip", bytes(range(256)) * 30, b"", b'title\n"open\n', b"title\n" + b"a\n" * 20_001]
)
def test_an_unreadable_file_is_a_sentence_beside_the_field(editor, content):
    page = _upload(editor, content)
    assert page.status_code == 200 and page.context["form"].errors["file"]
    assert "There is a problem" in page.content.decode() and "<title>Error:" in page.content.decode()


def test_nothing_both_and_too_much_are_refused(editor):
    for sent, field in (
        ({}, "file"),
        ({"text": "title\na", "file": SimpleUploadedFile("a.csv", b"title\na")}, "text"),
        ({"file": SimpleUploadedFile("a.csv", b"title\n" + b"a" * tables.MAX_BYTES)}, "file"),
    ):
        assert list(editor.post(URL, sent).context["form"].errors) == [field]


def test_more_than_a_form_takes_is_a_sentence_beside_the_field(world, trust):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(world.people["ed"])
    page = careful.post(URL, {"text": "title\n" + "a long title\n" * 220_000}, follow=True)
    assert page.redirect_chain == [(f"{URL}?too_much=1", 302)]
    assert "too much to paste" in page.context["form"].errors["text"][0]
    assert "Save it as a file" in page.content.decode()
    page = careful.post(URL, {"text": "title\n" + "a long title\n" * 9})  # still looked at as every form is
    assert page.status_code == 403
    for elsewhere in ("/o/ashdown/services/", "/accounts/login/", "/no/such/page/"):
        assert careful.post(elsewhere, {"name": "a" * 3_000_000}).status_code == 400


@pytest.mark.parametrize(
    "query", ["?draft=nonsense", f"?draft={NOBODYS}", "?done=nonsense", f"?done={NOBODYS}", "?draft="]
)
def test_an_unknown_draft_or_result_leads_back_to_the_start(editor, query):
    page = editor.get(URL + query, follow=True)
    assert page.status_code == 200 and page.redirect_chain[-1][0] == URL
    assert editor.post(URL, {"draft": "nonsense", "import": "1"}, follow=True).redirect_chain[-1][0] == URL


def test_a_draft_is_its_senders_alone(client, world, trust):
    client.force_login(world.people["ed"])
    page = _upload(client, REGISTER.encode())
    sent = _form(page, **{"import": "1"})
    client.force_login(world.people["lea"])
    assert client.get(f"{URL}?draft={sent['draft']}").status_code == 302
    before = trust.activities.count()
    client.post(URL, sent)
    assert trust.activities.count() == before


@pytest.mark.parametrize(
    ("name", "status"),
    [("lea", 200), ("ed", 200), ("vi", 403), ("pat", 403), ("bob", 403), ("fay", 403), ("bo", 404), ("sam", 404)],
)
def test_only_leads_and_editors_import(client, world, name, status):
    client.login(email=f"{name}@example.org", password=PASSWORD)
    client.force_login(world.people[name])
    assert client.get(URL).status_code == status
    assert client.post(URL, {"text": "title\na"}).status_code == (302 if status == 200 else status)


def test_what_a_file_says_is_never_markup(editor):
    page = _upload(editor, b"title,<b>bold</b>,status\n<script>alert(1)</script>,x,<i>odd</i>\n<script>2</script>,,\n")
    assert "<script>alert" not in page.content.decode() and "<i>odd" not in page.content.decode()
    assert "<b>bold" not in page.content.decode()
