"""Uses the client that openapi-python-client makes: sends ratings, pages through the alerts, acts on one."""

import datetime
import sys

from satisflow_client import Client
from satisflow_client.api.alerts import alert_acknowledge, alerts
from satisflow_client.api.figures import analytics
from satisflow_client.api.ratings import record_ratings
from satisflow_client.models import AlertPage, AlertRequest, AlertWithRecord, Analytics, RatingEvent, RatingEventService, Recorded, RecordProblem

client = Client(base_url=sys.argv[1])


def rating(score):
    return RatingEvent(
        customer_id="py-1",
        service=RatingEventService.DATA_ANALYSIS,
        rating=score,
        rating_id=f"py-{score}",
        occurred_at=datetime.datetime(2026, 11, 20, 12, 30, tzinfo=datetime.timezone.utc),
        comment="generated",
    )


one = record_ratings.sync(client=client, body=rating(4.1))
assert isinstance(one, Recorded) and one.accepted == 1 and one.ratings[0].rating == 4.1, one
two = record_ratings.sync(client=client, body=[rating(4.6), rating(2.3)])
assert isinstance(two, Recorded) and two.accepted == 2, two
unnamed = record_ratings.sync(client=client, body=RatingEvent(customer_id=7, service=RatingEventService.DATA_ANALYSIS, rating=5))
assert isinstance(unnamed, Recorded) and len(unnamed.ratings[0].rating_id) == 36, unnamed
bad = record_ratings.sync(client=client, body=rating(7))
assert isinstance(bad, RecordProblem) and bad.errors[0].field == "rating", bad

seen, cursor = [], None
while True:
    page = alerts.sync(client=client, limit=2, opened_from=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc), **({"cursor": cursor} if cursor else {}))
    assert isinstance(page, AlertPage), page
    seen += [alert.id for alert in page.alerts]
    cursor = page.next_cursor
    if cursor is None:
        break
assert seen == ["a-0", "a-1", "a-2", "a-3", "a-4"], seen

acted = alert_acknowledge.sync(client=client, id=seen[3], body=AlertRequest(by="py"))
assert isinstance(acted, AlertWithRecord) and acted.id == "a-3" and acted.state == "acknowledged", acted
figures = analytics.sync(client=client, window="28d", dimension="service")
assert isinstance(figures, Analytics), figures
