"""What is typed into the pages of listings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crf import catalogue
from crf.listings.definition import (
    KEYS,
    MOST_SOURCES,
    TESTS,
    ListingDefinition,
    RowFilter,
    all_sources,
)
from kernel.fields import WordsField
from kernel.service_form import ServiceForm

FILTERS, ORDERS = 4, 2
Choices = list[tuple[str, str]]


class ListingForm(ServiceForm):
    """A listing: its name and sources, then the columns, filters and order that these sources have."""

    name = WordsField(label=_("Name"), max_length=80, required=False)
    is_shared = forms.BooleanField(label=_("Shared with everybody who reads answers"), required=False)
    columns = forms.MultipleChoiceField(label=_("Columns"), required=False)

    def __init__(self, *args: Any, definition: ListingDefinition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = definition.read
        shown = [
            (source.title, [(name, column.label) for name, column in source.columns().items()])
            for source in self.sources
        ]
        self.fields["columns"].choices = shown  # type: ignore[attr-defined]
        self.fields["columns"].initial = list(definition.columns)
        for source in self.sources[1:]:
            self.fields[f"join-{source.place}"] = forms.ChoiceField(
                label=_("{title} stands beside a row of").format(title=source.title),
                choices=list(definition.joins_to(source).items()),
                initial=definition.join_of(source),
            )
        self._add_filters(definition, [("", "–"), (_("Keys"), _keys()), *shown])

    def _add_filters(self, definition: ListingDefinition, places: Any) -> None:
        known = (*definition.filters, *[RowFilter("", "is")] * FILTERS)[:FILTERS]
        for number, each in enumerate(known, 1):
            self.fields[f"filter-{number}"] = forms.ChoiceField(
                label=_("Only rows of which"), choices=places, required=False, initial=each.column
            )
            self.fields[f"test-{number}"] = forms.ChoiceField(
                label=_("Condition"), choices=list(TESTS.items()), initial=each.test
            )
            self.fields[f"value-{number}"] = WordsField(
                label=_("Value"), max_length=200, required=False, initial=each.value
            )
        orders = (*definition.order, *[""] * ORDERS)[:ORDERS]
        for number, name in enumerate(orders, 1):
            self.fields[f"order-{number}"] = forms.ChoiceField(
                label=_("Sorted by"), choices=places, required=False, initial=name.removeprefix("-")
            )
            self.fields[f"down-{number}"] = forms.BooleanField(
                label=_("from the last to the first"), required=False, initial=name.startswith("-")
            )

    @property
    def column_groups(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Return each source with its columns, and whether each is chosen now."""
        chosen = self["columns"].value() or []
        groups: Any = self.fields["columns"].choices  # type: ignore[attr-defined]
        return [
            (title, [(name, label, name in chosen) for name, label in columns]) for title, columns in groups
        ]

    @property
    def filter_rows(self) -> list[tuple[Any, Any, Any]]:
        return [(self[f"filter-{n}"], self[f"test-{n}"], self[f"value-{n}"]) for n in range(1, FILTERS + 1)]

    @property
    def order_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"order-{n}"], self[f"down-{n}"]) for n in range(1, ORDERS + 1)]

    @property
    def join_fields(self) -> list[Any]:
        return [self[f"join-{source.place}"] for source in self.sources[1:]]

    def arguments(self) -> dict[str, Any]:
        said = self.cleaned_data
        filters = [
            RowFilter(said[f"filter-{n}"], said[f"test-{n}"], said[f"value-{n}"])
            for n in range(1, FILTERS + 1)
            if said[f"filter-{n}"]
        ]
        order = [
            ("-" if said[f"down-{n}"] else "") + said[f"order-{n}"]
            for n in range(1, ORDERS + 1)
            if said[f"order-{n}"]
        ]
        definition = ListingDefinition(
            sources=tuple(source.name for source in self.sources),
            columns=tuple(said["columns"]),
            joins=tuple(said[f"join-{source.place}"] for source in self.sources[1:]),
            filters=tuple(filters),
            order=tuple(order),
        )
        return {"name": said["name"], "definition": definition, "is_shared": said["is_shared"]}


def _keys() -> Choices:
    return [(name, str(words)) for name, (words, _column) in KEYS.items()]


class SourcesForm(forms.Form):
    """Which forms and tables a listing reads: the first gives the rows, the others stand beside them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *all_sources(catalogue.forms().values())]
        for number in range(1, MOST_SOURCES + 1):
            self.fields[f"source-{number}"] = forms.ChoiceField(
                label=_("Rows of") if number == 1 else _("and beside them"),
                choices=choices,
                required=number == 1,
            )

    def definition(self) -> ListingDefinition:
        chosen = (self.cleaned_data[name] for name in self.fields)
        return ListingDefinition(sources=tuple(filter(None, chosen)))


class PurposeForm(ServiceForm):
    """What a file of a listing is for."""

    purpose = WordsField(label=_("What the file is for"), max_length=200, required=False)
