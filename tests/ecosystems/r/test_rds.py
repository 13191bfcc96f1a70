"""Values for ``readRDS``, byte by byte as "R Internals" has them."""

from __future__ import annotations

import gzip
import struct

import pytest

from repogen.ecosystems.r import rds
from tests.r_index import read_rds

END = bytes.fromhex("000000fe")


def test_a_document_opens_with_the_format_and_its_versions() -> None:
    """XDR, version 2, written by and for R 2.3.0."""
    assert rds.document(b"item") == b"X\n" + bytes.fromhex("00000002 00020300 00020300") + b"item"


def test_strings_state_their_encoding() -> None:
    """ASCII and UTF-8 are told apart, NA is no string, and an empty string is one."""
    assert rds.characters(["ab", None, "é", ""]) == b"".join(
        [
            bytes.fromhex("00000010 00000004"),
            bytes.fromhex("00040009 00000002") + b"ab",
            bytes.fromhex("00000009 ffffffff"),
            bytes.fromhex("00008009 00000002") + "é".encode(),
            bytes.fromhex("00040009 00000000"),
        ]
    )


def test_numbers_are_big_endian() -> None:
    """Integers and logicals take 32 bits, numerics are IEEE doubles, and NA is the smallest integer."""
    assert rds.integers([1, None]) == bytes.fromhex("0000000d 00000002 00000001 80000000")
    assert rds.logicals([True, False, None]) == bytes.fromhex("0000000a 00000003 00000001 00000000 80000000")
    assert rds.doubles([1.5]) == bytes.fromhex("0000000e 00000001 3ff8000000000000")


def test_an_integer_of_more_than_32_bits_is_refused() -> None:
    """Rather an error than another number."""
    with pytest.raises(struct.error):
        rds.integers([2**31])


def test_attributes_follow_the_elements() -> None:
    """A pairlist of tagged items, ended by one word; what has a class is an object."""
    mode = rds.integers([0o644], {"class": rds.characters(["octmode"])})
    assert mode == b"".join(
        [
            bytes.fromhex("0000030d 00000001 000001a4"),
            bytes.fromhex("00000402 00000001 00040009 00000005") + b"class",
            bytes.fromhex("00000010 00000001 00040009 00000007") + b"octmode",
            END,
        ]
    )


def test_attributes_without_a_class_make_no_object() -> None:
    """A list with names is a plain list."""
    named = rds.generic_list([rds.integers([1])], {"names": rds.characters(["a"])})
    assert named.startswith(bytes.fromhex("00000213 00000001 0000000d"))


def test_a_matrix_is_written_by_columns() -> None:
    """Column after column, then its dimensions, then the names of its rows and columns."""
    matrix = read_rds(
        gzip.compress(rds.document(rds.character_matrix({"P": ["a", "b"], "V": ["1", None]}, named_by="P")))
    )
    assert matrix.values == [("a", 64), ("b", 64), ("1", 64), None]
    assert list(matrix.attributes) == ["dim", "dimnames"]
    assert matrix.attributes["dim"].values == [2, 2]
    rows, columns = matrix.attributes["dimnames"].values
    assert (rows.values, columns.values) == ([("a", 64), ("b", 64)], [("P", 64), ("V", 64)])
    assert matrix.rows() == [{"P": "a", "V": "1"}, {"P": "b"}]


def test_a_matrix_may_have_no_rows() -> None:
    """An empty repository has columns."""
    matrix = read_rds(gzip.compress(rds.document(rds.character_matrix({"P": [], "V": []}, named_by="P"))))
    assert matrix.attributes["dim"].values == [0, 2]
    assert matrix.rows() == []


def test_a_data_frame_has_named_columns_and_rows() -> None:
    """A list with names, a class and names of rows, in R's order."""
    frame = read_rds(gzip.compress(rds.document(rds.data_frame({"size": rds.doubles([1, 2])}, ["a", "b"]))))
    assert list(frame.attributes) == ["names", "class", "row.names"]
    assert frame.attributes["class"].values == [("data.frame", 64)]
    assert frame.attributes["row.names"].values == [("a", 64), ("b", 64)]
    assert frame.values[0].values == [1.0, 2.0]
