"""The tables of the forms, and of what surrounds them."""

from __future__ import annotations

from crf import catalogue

FORM_MODELS = catalogue.models()
