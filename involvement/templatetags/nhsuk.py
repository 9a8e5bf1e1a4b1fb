"""What the crispy template pack "nhsuk" (templates/nhsuk/) asks of a field. Pages need none of this."""

from __future__ import annotations

from django import forms, template

from involvement.forms.fields import DayInput, RadioTable

register = template.Library()


@register.filter
def field_template(field) -> str:
    """Return the template that draws a bound field, by its widget (or its widget's own ``page_template``)."""
    widget = field.field.widget
    if hasattr(widget, "page_template"):
        return widget.page_template
    for kind, name in (
        (DayInput, "day"),
        (RadioTable, "radio_table"),
        (forms.CheckboxSelectMultiple, "choices"),
        (forms.RadioSelect, "choices"),
        (forms.CheckboxInput, "checkbox"),
        (forms.FileInput, "file"),
        (forms.PasswordInput, "password"),
        (forms.Textarea, "textarea"),
    ):
        if isinstance(widget, kind):
            return f"nhsuk/{name}.html"
    return "nhsuk/input.html"


@register.filter
def kind_of_choice(field) -> str:
    """Return "checkboxes" or "radios", the NHS component that draws a group of choices."""
    return "checkboxes" if isinstance(field.field.widget, forms.CheckboxSelectMultiple) else "radios"


@register.simple_tag
def described_by(field, *, info: str = "") -> str:
    """Return the ids of what describes ``field``: its hint and its error, where it has them."""
    ids = [info] if info else []
    if field.help_text:
        ids.append(f"{field.auto_id}-hint")
    if field.errors:
        ids.append(f"{field.auto_id}-error")
    return " ".join(ids)


@register.simple_tag
def noticed(field):
    """Return what was found in ``field`` that looks personal (forms.base.Noticed), None where nothing was."""
    return getattr(field.form, "noticed", {}).get(field.name)


@register.simple_tag
def widget(field, classes: str, *, info: str = ""):
    """Draw the control of ``field`` with NHS ``classes`` beside its own, and what describes it."""
    name = classes.split()[-1]
    own = field.field.widget.attrs.get("class", "")
    words = [classes, own, f"{name}--error" if field.errors and name != "nhsuk-file-upload__input" else ""]
    attrs = {"class": " ".join(word for word in words if word)}
    for silent in ("maxlength", "minlength", "min", "max", "step"):  # the browser's silent checks: the form says why
        if silent in field.field.widget.attrs:
            attrs[silent] = False
    described = described_by(field, info=info)
    if described:
        attrs["aria-describedby"] = described
    if isinstance(field.field.widget, forms.NumberInput):
        field.field.widget.input_type = "text"
        attrs["inputmode"] = "decimal" if isinstance(field.field, (forms.DecimalField, forms.FloatField)) else "numeric"
    return field.as_widget(attrs=attrs)


@register.filter
def groups(field) -> list[dict]:
    """Return the choices of a radio or checkbox field, ``{"title", "items"}`` a group ("" for those in none).

    An item is ``{"id", "name", "value", "title", "checked", "hint"}``; hints come from the field's ``hints``, a dict
    by value.
    """
    control, hints, found = field.field.widget, getattr(field.field, "hints", {}), []
    chosen = control.format_value(field.value()) or []
    for title, options, _index in control.optgroups(field.html_name, chosen, {"id": field.auto_id}):
        items = [
            {
                "id": option["attrs"].get("id", ""),
                "name": option["name"],
                "value": str(option["value"]),
                "title": option["label"],
                "checked": option["selected"],
                "hint": hints.get(str(option["value"]), ""),
            }
            for option in options
        ]
        if found and found[-1]["title"] == (title or ""):
            found[-1]["items"] += items
        else:
            found.append({"title": title or "", "items": items})
    return found


@register.filter
def boxes(field) -> list[dict]:
    """Return the three boxes of a DayField."""
    return field.field.widget.boxes(field)


@register.filter
def radio_rows(field) -> list[dict]:
    """Return the rows of a RadioTableField."""
    return field.field.widget.table(field)


@register.filter
def rows(field) -> list[dict]:
    """Return the rows of a bound field whose widget draws itself as rows (``widget.rows``)."""
    return field.field.widget.rows(field)


@register.filter
def size(field, default: str) -> str:
    """Return the size of a field's label: its own ``label_size`` ("s", "m", "l", "" for plain), else ``default``."""
    return getattr(field.field, "label_size", default)
