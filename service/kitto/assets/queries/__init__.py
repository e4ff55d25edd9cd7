"""Everything that reads devices."""

from kitto.assets.queries.find import (
    by_id,
    by_tag,
    custody_of,
    endpoint,
    history_of_custody,
    identifiers_of,
    known_by,
    locked,
    locked_by_id,
    observed,
    resolve_scan,
    seen_by,
)
from kitto.assets.queries.holders import Holder, find_holder, held_by
from kitto.assets.queries.lists import AssetFilter, AssetLine, count_of, counts_by_state, every, listed
from kitto.assets.queries.masters import (
    categories,
    category,
    location_by_code,
    locations,
    model_by_id,
    models,
    must_be_there,
)

__all__ = [
    "AssetFilter",
    "AssetLine",
    "Holder",
    "by_id",
    "by_tag",
    "categories",
    "category",
    "count_of",
    "counts_by_state",
    "custody_of",
    "endpoint",
    "every",
    "find_holder",
    "held_by",
    "history_of_custody",
    "identifiers_of",
    "known_by",
    "listed",
    "location_by_code",
    "locations",
    "locked",
    "locked_by_id",
    "model_by_id",
    "models",
    "must_be_there",
    "observed",
    "resolve_scan",
    "seen_by",
]
