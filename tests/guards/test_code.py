"""What the shape of the code must be: rows reached through the organisation, layers, complete migrations, templates."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from assets import UNUSED, without_unused

ROOT = settings.BASE_DIR
VIEWS_AND_FORMS = sorted(
    [*(ROOT / "involvement" / "views").rglob("*.py"), *(ROOT / "involvement" / "forms").rglob("*.py")]
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MANAGERS = {"objects", "_default_manager", "_base_manager", "get_object_or_404", "get_list_or_404", "raw"}


def doors(source: str) -> list[str]:
    """Return every place in Python ``source`` where rows are reached without an organisation in hand."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in MANAGERS:
            found.append(f"line {node.lineno}: {name}")
    return found


def test_the_scan_sees_what_it_looks_for():
    code = "Activity.objects.get(pk=1)\nx = get_object_or_404(A, pk=1)"
    assert sorted(doors(code)) == ["line 1: objects", "line 2: get_object_or_404"]
    assert len(VIEWS_AND_FORMS) > 15
    assert len(TEMPLATES) > 15


@pytest.mark.parametrize("path", VIEWS_AND_FORMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_views_and_forms_reach_rows_only_through_the_organisation(path):
    assert doors(path.read_text()) == []


def test_layers():
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    assert "4 kept, 0 broken" in ran.stdout


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


FORBIDDEN = {
    "inline script": r"<script(?![^>]*\bsrc=)",
    "inline style": r"<style|\sstyle\s*=",
    "inline handler": r"\son[a-z]+\s*=\s*[\"']|hx-on|javascript:",
    "another host": r"(?:src|srcset|action)=[\"'](?:https?:)?//|<link[^>]*href=[\"'](?:https?:)?//",
    "unescaped": r"\|\s*safe\b|autoescape\s+off",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_keep_to_the_content_policy(path):
    text = path.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


def test_pages_that_ask_for_parts_of_themselves_bring_htmx():
    pages = {str(path.relative_to(ROOT / "templates")): path.read_text() for path in TEMPLATES}

    def family(name: str) -> list[str]:
        above = re.search(r'{% extends "([^"]+)" %}', pages[name])
        return [pages[name], *(family(above[1]) if above else [])]

    asking = [name for name, text in pages.items() if re.search(r"\bhx-(?:get|post)=", text) and "{% extends" in text]
    assert len(asking) > 4
    brings = re.compile(r'{% include "components/htmx.html" %}')
    assert [name for name in asking if not any(brings.search(text) for text in family(name))] == []


def test_no_page_names_a_class_whose_rules_are_left_out_of_the_style_sheet():
    code = [path for folder in ("framework", "involvement") for path in (ROOT / folder).rglob("*.py")]
    sources = [*TEMPLATES, *code, *(ROOT / "static").glob("*.*s")]
    named = {str(path.relative_to(ROOT)): UNUSED.findall(path.read_text()) for path in sources}
    assert {name: found for name, found in named.items() if found} == {}


def test_what_is_left_out_of_the_style_sheet_is_no_more_than_that():
    css = "@charset 'x';.a,.nhsuk-card .a{b:c}.nhsuk-tabs__tab{b:c}@media print{.nhsuk-u-padding-1{b:c}}"
    css += ".nhsuk-table{b:c}"
    css += "@media print{.nhsuk-u-margin-bottom-1:not(.nhsuk-card),.nhsuk-hero--x{b:c}}@page{b:c}.nhsuk-codes{b:c}"
    left = "@charset 'x';.a{b:c}.nhsuk-table{b:c}@media print{.nhsuk-u-margin-bottom-1:not(.nhsuk-card){b:c}}@page{b:c}"
    assert without_unused(css) == left + ".nhsuk-codes{b:c}"
