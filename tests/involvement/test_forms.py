"""Forms: what people type, what they are told, and markup that is the NHS's own."""

import json
import re
from datetime import date
from html.parser import HTMLParser

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.urls import reverse

from involvement.actions.base import Refused
from involvement.forms.base import NHSForm, OrganisationForm, SearchForm
from involvement.forms.fields import BadDay, DayField, RadioTableField, read_day
from tests.world import PASSWORD

VOID = {"input", "br", "img", "path", "hr"}
KEPT = ("type", "role", "data-module", "data-maxlength", "inputmode", "aria-hidden", "hidden")
OUR_OWN = re.compile(r"--(s|m|l|xl|code|width-\d+)$|^nhsuk-u-")  # sizes are each page's choice


class Outline(HTMLParser):
    """The shape of a piece of HTML: (depth, element, classes, kept attributes, what describes it) and its words."""

    def __init__(self, html: str):
        super().__init__()
        self.depth, self.found, self.ids, self.references = 0, [], set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "h1":  # a heading around a label: the page's choice
            return
        classes = {word for word in attributes.get("class", "").split() if not OUR_OWN.search(word)}
        described = [word.rsplit("-", 1)[-1] for word in attributes.get("aria-describedby", "").split()]
        kept = {name: attributes.get(name) for name in KEPT if name in attributes}
        if tag == "fieldset" and kept.get("role") == "group":
            del kept["role"]  # a fieldset is a group by itself; HTML checkers call the official role redundant
        self.found.append((self.depth, tag, classes, kept, described))
        self.ids |= {attributes["id"]} if attributes.get("id") else set()
        self.references |= set(attributes.get("aria-describedby", "").split())
        self.references |= {attributes["for"]} if attributes.get("for") else set()
        self.references |= {attributes["href"][1:]} if attributes.get("href", "").startswith("#") else set()
        self.depth += tag not in VOID

    def handle_endtag(self, tag):
        self.depth -= tag not in VOID and tag != "h1"

    def handle_data(self, words):
        if words.strip():
            self.found.append((self.depth, " ".join(words.split())))


def fixture(component: str, name: str) -> str:
    """Return the official HTML of a component of nhsuk-frontend, from the package itself."""
    text = (settings.BASE_DIR / "assets" / "fixtures" / f"{component}.json").read_text()
    return next(each["html"] for each in json.loads(text)["fixtures"] if each["name"] == name)


def drawn(form: forms.Form, source="{% load crispy_forms_tags %}{{ field|as_crispy_field }}") -> str:
    """Return the HTML of the form's last field as a page draws it."""
    context = {"form": form, "field": form[list(form.fields)[-1]]}
    return engines["django"].from_string(source).render(context)


def form_of(field: forms.Field, data=None) -> forms.Form:
    return type("OneField", (SearchForm,), {"example": field})(data)


CHOICES = [("email", "Email"), ("phone", "Phone"), ("text", "Text message")]
CONTACT = "How do you want to be contacted about this?"
MISSING = {"required": "Select how you want to be contacted"}


@pytest.mark.parametrize(
    ("component", "field"),
    [
        (
            "radios",
            forms.ChoiceField(
                label=CONTACT,
                help_text="Select 1 option",
                choices=CHOICES,
                widget=forms.RadioSelect,
                error_messages=MISSING,
            ),
        ),
        (
            "checkboxes",
            forms.MultipleChoiceField(
                label=CONTACT,
                help_text="Select all options that are relevant to you",
                choices=CHOICES,
                widget=forms.CheckboxSelectMultiple,
                error_messages=MISSING,
            ),
        ),
        (
            "date-input",
            DayField(
                label="What is your date of birth?",
                help_text="For example, 31 3 1980",
                error_messages={"required": "Enter your date of birth"},
            ),
        ),
        (
            "character-count",
            forms.CharField(
                label="Enter a job description",
                help_text="Do not include personal information like your name, date of birth or NHS number",
                max_length=350,
                widget=forms.Textarea,
                error_messages={"required": "Job description must be 350 characters or less"},
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_with_hint_and_error_is_the_nhs_component(component, field):
    ours, theirs = Outline(drawn(form_of(field, {}))), Outline(fixture(component, "with error message and hint"))
    assert len(theirs.found) > 8
    without_content = [each for each in theirs.found if not str(each[-1]).startswith("👩")]
    assert ours.found == without_content
    assert ours.references <= ours.ids


@pytest.mark.parametrize("name", ["input", "select", "textarea"])
def test_a_labelled_control_is_the_nhs_component(name):
    theirs = Outline(fixture(name, "with error message and hint"))
    words = [each[1] for each in theirs.found if len(each) == 2]
    field = {
        "input": forms.CharField(),
        "textarea": forms.CharField(widget=forms.Textarea),
        "select": forms.ChoiceField(choices=[(word, word) for word in words[4:]]),
    }[name]
    ours = Outline(drawn(form_of(field, {})))

    def controls(outline):
        return [each[1:] for each in outline.found if len(each) > 2 and each[1] in (name, "label", "option")]

    def described(outline):
        return [each[4] for each in outline.found if len(each) > 2 and each[1] == name]

    assert described(theirs) == [["hint", "error"]]
    assert described(ours) == [["error"]]  # without a hint there is none to name
    assert [each[:2] for each in controls(ours)] == [each[:2] for each in controls(theirs)]


def test_the_error_summary_is_the_nhs_component():
    class DateOfBirth(NHSForm):
        example = DayField(error_messages={"required": "Date of birth must be in the past"})

    ours = Outline(drawn(DateOfBirth({}), '{% include "components/error_summary.html" with form=form %}'))
    assert ours.found == Outline(fixture("error-summary", "default")).found
    assert ours.references == {"id_example_day"}


class Everything(NHSForm):
    title = forms.CharField(label="Title", max_length=10)
    asked = forms.CharField(label="What did people ask for?", widget=forms.Textarea, max_length=20)
    service = forms.ChoiceField(label="Service", choices=[("", "–"), ("a", "A")])
    number = forms.IntegerField(label="How many?", min_value=1)
    one = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    grouped = forms.MultipleChoiceField(choices=[("Group", [("a", "A")])], widget=forms.CheckboxSelectMultiple)
    agree = forms.BooleanField(label="I agree")
    upload = forms.FileField(label="File")
    decided = DayField(label="When?")
    stages = RadioTableField(rows=[("x", "X"), ("y", "Y")], columns=[("told", "Told"), ("asked", "Asked")])


def test_every_error_leads_to_the_box_that_it_is_about():
    form = Everything({"decided_day": "3", "decided_month": "13", "decided_year": "2026", "stages_x": "told"})
    page = Outline(
        drawn(form, '{% load crispy_forms_tags %}{% include "components/error_summary.html" %}{% crispy form %}')
    )
    assert len(form.errors) == 10
    assert {"id_grouped_0_0", "id_one_0", "id_decided_month", "id_stages_y_0"} <= page.references
    assert page.references <= page.ids


def test_the_browser_does_not_check_or_cut_anything_by_itself():
    html = drawn(Everything(), "{% load crispy_forms_tags %}{% crispy form %}")
    assert not re.findall(r"\s(required|maxlength|minlength|min|max|step)\b", html)
    assert 'type="number"' not in html


def test_what_is_missing_is_named_in_plain_words():
    errors = Everything({}).errors
    assert errors["title"] == ["Enter title"]
    assert errors["asked"] == ["Answer the question “What did people ask for?”"]
    assert errors["service"] == ["Choose service"]
    assert errors["agree"] == ["Tick “I agree”"]


def test_a_form_has_a_key_of_its_own_and_keeps_it_while_errors_are_put_right():
    first, second = Everything(), Everything()
    key = first["request_key"].value()
    assert key != second["request_key"].value()
    again = Everything({"request_key": str(key)})
    assert str(key) in str(again["request_key"])
    assert "request_key" not in SearchForm().fields


def test_a_refusal_is_shown_where_it_belongs():
    form = NHSForm({})
    form.fields["title"] = forms.CharField(required=False)
    assert form.is_valid()
    form.refuse(Refused({"title": "Too short", "request_key": "Sent twice", "elsewhere": "Not now"}))
    assert form.errors == {"title": ["Too short"], "__all__": ["Sent twice", "Not now"]}


def test_a_form_over_an_organisation_cannot_be_made_without_one():
    with pytest.raises(TypeError):
        OrganisationForm({})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("27 3 2026", date(2026, 3, 27)),
        ("27 March 2026", date(2026, 3, 27)),
        ("1 sep. 2026", date(2026, 9, 1)),
        ("1 Sep 2026", date(2026, 9, 1)),
        ("29 2 2024", date(2024, 2, 29)),
    ],
)
def test_a_day_is_read_as_people_write_it(typed, meant):
    said = dict(zip(("day", "month", "year"), typed.split(), strict=True))
    assert read_day(said) == meant
    assert read_day({}) is None


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ({"day": "27", "month": "3"}, ("year",)),
        ({"day": "27", "month": "3", "year": "26"}, ("year",)),
        ({"day": "29", "month": "2", "year": "2026"}, ("day",)),
        ({"day": "1", "month": "13", "year": "2026"}, ("month",)),
        ({"day": "first", "month": "Mayday", "year": "2026"}, ("day", "month")),
        ({"day": "²", "month": "3", "year": "2026"}, ("day",)),
        ({"day": "9" * 5000, "month": "3", "year": "2026"}, ("day",)),
        ({"day": "1", "month": "1", "year": "0000"}, ("day",)),
    ],
)
def test_what_is_no_day_is_refused_with_the_boxes_to_put_right(typed, parts):
    with pytest.raises(BadDay) as refused:
        read_day(typed)
    assert refused.value.parts == parts


def test_a_day_stays_within_its_bounds():
    field = DayField(earliest=date(2026, 1, 1), latest=lambda: date(2026, 12, 31))
    assert field.clean({"day": "1", "month": "1", "year": "2026"}) == date(2026, 1, 1)
    for year, words in (("2025", "1 January 2026 or later"), ("2027", "31 December 2026 or earlier")):
        with pytest.raises(forms.ValidationError, match=words):
            field.clean({"day": "31", "month": "12", "year": year})


def test_a_table_of_radios_wants_an_answer_in_each_row_and_no_other_answer():
    field = RadioTableField(rows=[("x", "X"), ("y", "Y")], columns=[("told", "Told")])
    assert field.clean({"x": "told", "y": "told"}) == {"x": "told", "y": "told"}
    with pytest.raises(forms.ValidationError, match="“Y”"):
        field.clean({"x": "told"})
    with pytest.raises(forms.ValidationError, match="one of the answers"):
        field.clean({"x": "told", "y": "lead"})
    field.required = False
    assert field.clean({}) == {}


def test_the_second_writer_sees_both_versions_and_can_save_over_the_first(client, world):
    piece = world.ashdown.piece
    address = reverse("piece-edit", args=["ashdown", piece.pk])
    client.login(email="ed@example.org", password=PASSWORD)
    opened = piece.version
    first = {"title": "Theirs", "problem_statement": "Same words", "version": opened}
    assert client.post(address, first).status_code == 302

    answer = client.post(address, {"title": "Mine", "problem_statement": "Same words", "version": opened})

    page = answer.content.decode()
    assert answer.status_code == 409
    piece.refresh_from_db()
    assert piece.title == "Theirs"
    row = re.search(r"<tbody.*?</tbody>", page, re.S)[0]
    assert "Mine" in row and "Theirs" in row and "Same words" not in row
    assert "Ed saved it on" in page
    assert 'value="Mine"' in page and f'name="version" value="{piece.version}"' in page

    over = {"title": "Mine", "problem_statement": "Same words", "version": piece.version}
    assert client.post(address, over).status_code == 302
    piece.refresh_from_db()
    assert piece.title == "Mine"


def test_a_page_with_errors_says_so_in_its_title_once(client, world):
    client.login(email="ed@example.org", password=PASSWORD)
    page = client.post(reverse("piece-new", args=["ashdown"]), {"title": ""}).content.decode()
    title = re.search(r"<title>(.*?)</title>", page, re.S)[1]
    assert title.startswith("Error: ")
    assert title.count("Error:") == 1 and title.count(world.ashdown.organisation.name) == 1
    assert title.endswith(" – Involvement Map")
