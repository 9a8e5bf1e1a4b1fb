"""Names and addresses, as people paste them."""

import pytest

from involvement.addresses import Person, read_people


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("jane@x.org", [("jane@x.org", "")]),
        ("  Jane@X.org  ", [("jane@x.org", "")]),
        ("Jane Doe <jane@x.org>", [("jane@x.org", "Jane Doe")]),
        ('"Doe, Jane" <jane@x.org>', [("jane@x.org", "Jane Doe")]),
        ("DOE, Jane (ASHDOWN NHS TRUST) <jane@x.org>", [("jane@x.org", "Jane Doe")]),
        ("Doe, Jane <jane@x.org>; Roe, Ann <ann@x.org>", [("jane@x.org", "Jane Doe"), ("ann@x.org", "Ann Roe")]),
        ("jane@x.org, Jane Doe", [("jane@x.org", "Jane Doe")]),
        ("jane@x.org\tJane\tDoe", [("jane@x.org", "Jane Doe")]),
        ("Mary,O’Brien,mary.o’brien@x.org", [("mary.o'brien@x.org", "Mary O'Brien")]),
        ("Jane Doe (jane@x.org)", [("jane@x.org", "Jane Doe")]),
        ("• 'jane@x.org'", [("jane@x.org", "")]),
        ("[Jane](mailto:jane@x.org)", [("jane@x.org", "Jane")]),
        ("E-mail: jane@x.org.", [("jane@x.org", "")]),
        ("\ufeffName,Email\nJane,jane@x.org", [("jane@x.org", "Jane")]),
        ("a@x.org; b@x.org, c@x.org d@x.org", [(f"{each}@x.org", "") for each in "abcd"]),
        ("a@x.org\r\n\r\nb@x.org\u00a0", [("a@x.org", ""), ("b@x.org", "")]),
    ],
)
def test_the_usual_forms(text, people):
    pasted = read_people(text)
    assert pasted.people == tuple(Person(*each) for each in people)
    assert pasted.problems == pasted.twice == ()


def test_what_cannot_be_read_is_named_with_its_line_and_the_rest_is_kept():
    pasted = read_people("jane@x.org\njane@\nNobody Here\n@x.org\nann@x.org")
    assert [person.email for person in pasted.people] == ["jane@x.org", "ann@x.org"]
    assert list(pasted.problems) == [
        "Line 2: “jane@” is not an email address",
        "Line 3 has no email address: “Nobody Here”",
        "Line 4: “@x.org” is not an email address",
    ]


def test_an_address_that_is_written_twice_is_one_person_with_the_name_that_is_there():
    pasted = read_people("jane@x.org\nJane Doe <JANE@x.org>")
    assert pasted.people == (Person("jane@x.org", "Jane Doe"),)
    assert pasted.twice == ("jane@x.org",)
