"""Cutting long lists: complete, in order, and local."""

from __future__ import annotations

from repogen.generate.shelves import ONE_PAGE, ranges, shard_count, shard_of
from repogen.model.names import ProjectKey


def names(count: int) -> list[ProjectKey]:
    return sorted(ProjectKey(f"team-{number}") for number in range(count))


def test_a_short_list_is_not_cut() -> None:
    """What fits the repository's page has no browse pages."""
    assert ranges(names(ONE_PAGE)) == ()


def test_ranges_hold_every_name_once_in_order() -> None:
    """The pieces of a long list, one after the other, are the list; their ids differ."""
    found = ranges(names(5000))

    assert [key for piece in found for key in piece.keys] == names(5000)
    assert len({piece.id for piece in found}) == len(found)
    assert 20 < len(found) < 80


def test_a_new_name_changes_its_own_range_only() -> None:
    """All but the range that a name falls into stay as they were."""
    before = ranges(names(5000))
    after = ranges(sorted([*names(5000), ProjectKey("team-300x")]))

    assert len(set(before) - set(after)) == 1


def test_shards_spread_names_with_a_common_prefix() -> None:
    """No shard of search data gets much more than its part."""
    keys = names(5000)
    count = shard_count(len(keys))
    sizes = [sum(shard_of(key, count) == number for key in keys) for number in range(count)]

    assert count == 16
    assert max(sizes) < 2 * len(keys) / count
