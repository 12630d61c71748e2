"""Whatever a program sends, right or wrong, is answered as the description of the API says (schemathesis, all checks).

A short run, the same each time, is part of the tests; ``make api-fuzz`` sends more, and other things each time.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import CHECKS, load_all_checks

from accounts.permissions import Permission
from exports.api.endpoint import PerToken
from kernel.scope import EVERYTHING, scope
from tests.integration.crf.test_laboratory import visit_of
from tests.integration.exports.test_api import caller
from tests.world import World, screen

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOT_HERE = frozenset({"positive_data_acceptance"})
"""Which sites, participants and cursors exist is no part of a description: what names none of them is refused."""
IS_THOROUGH = settings.get_current_profile_name() == "api-fuzz"
SHORT = settings(
    max_examples=3,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
THOROUGH = settings(SHORT, max_examples=200, derandomize=False)


def operations(schema: Any) -> list[Any]:
    return [result.ok() for result in schema.get_all_operations()]


def faults_of(operation: Any, mode: GenerationMode, headers: dict[str, str], checks: list[Any]) -> list[str]:
    """Return what is wrong with the answers to what is made up for one operation."""
    faults: list[str] = []

    @settings(THOROUGH if IS_THOROUGH else SHORT)
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        answer = case.call(headers=headers)
        try:
            case.validate_response(answer, checks=checks, headers=headers)
        except BaseExceptionGroup as group:
            for fault in group.exceptions:
                told = f"{operation.label} {answer.status_code}: {fault}"[:700]
                faults.append(f"{told}\n{case.as_curl_command(headers=headers)[:600]}")

    send()
    return faults


def test_point_9_every_answer_is_a_described_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PerToken, "allow_request", lambda *_arguments: True)
    with scope(user_id=None, sites=EVERYTHING), transaction.atomic():
        visit_of(screen(world, signed_on=date(2026, 1, 5)), "SCR")
    load_all_checks()
    checks = [check for check in CHECKS.get_all() if check.__name__ not in NOT_HERE]
    faults: list[str] = []
    for person, mode in (
        (world.coordinator, GenerationMode.POSITIVE),
        (world.data_manager, GenerationMode.NEGATIVE),
    ):
        api = caller(person, *(right for right in Permission if person.may(right)))
        headers = {"Authorization": str(api.defaults["HTTP_AUTHORIZATION"])}
        schema = openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
        for operation in operations(schema):
            faults += faults_of(operation, mode, headers, checks)
    assert faults == [], "\n\n".join(faults)
