"""Parquet: a row of a table is a record, a column is a key.

A text that is repeated stands once in a Parquet file, so a small file may hold a long text a
million times over, and its own figures count that text once. Texts are therefore read as numbers
into a dictionary, and what they would come to is counted before any of them is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.data.importing.guard import MAX_BYTES, MAX_CELL_BYTES, not_a_bomb
from harness.data.importing.record import Record
from harness.errors import DataError

READ_ROWS = 4096
"""So many rows are read at once, as numbers."""
MADE_ROWS = 256
"""So many rows are made at once."""
MADE_BYTES = 4 * MAX_CELL_BYTES
"""If those would hold more bytes, they are made one by one."""


def parquet_records(path: Path) -> Iterator[Record]:
    """Rows of a Parquet file, a few hundred in memory at a time.

    Raises:
        DataError: It is not Parquet, is cut short, or unpacks to more than it should.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            _refuse_by_its_figures(path, file)
            texts = _text_columns(file.schema)
        with pq.ParquetFile(path, memory_map=True, read_dictionary=texts) as file:
            number = 0
            for rows in _slices(path, file):
                for value in rows.cast(_without_dictionaries(rows.schema)).to_pylist():
                    number += 1
                    yield Record(f"{path}:{number}", number, without_gaps(value))
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise DataError(
            f"{path}: not a Parquet file that can be read: {first}",
            hint="Download it again, or write it anew as .parquet or .jsonl.",
        ) from error


def _refuse_by_its_figures(path: Path, file: Any) -> None:
    twice = [name for name, times in Counter(file.schema_arrow.names).items() if times > 1]
    if twice:
        raise DataError(
            f"{path}: two columns have the name '{twice[0]}'.", hint="Rename one of them."
        )
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    size = path.stat().st_size
    not_a_bomb(str(path), size, sum(group.total_byte_size for group in groups))
    # Each value is at least a number in memory, and in the file perhaps a millionth of a byte.
    values = sum(group.column(i).num_values for group in groups for i in range(group.num_columns))
    not_a_bomb(str(path), size, values)
    for group in groups:
        if group.num_rows and group.total_byte_size / group.num_rows > MAX_CELL_BYTES:
            raise _too_long(path)
        if group.total_byte_size > MAX_BYTES // 4:
            raise DataError(
                f"{path}: a row group holds {group.total_byte_size:,} bytes, too many to stream.",
                hint="Write it again with smaller row groups.",
            )


def _too_long(path: Path) -> DataError:
    return DataError(
        f"{path}: its rows are longer than {MAX_CELL_BYTES >> 20} MiB.",
        hint="A row is one question and one answer; leave out the column that is so long.",
    )


def _text_columns(schema: Any) -> list[str]:
    columns = [schema.column(i) for i in range(len(schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _slices(path: Path, file: Any) -> Iterator[Any]:
    """The rows in parts that are small enough to be made.

    Raises:
        DataError: They come to more than the file's size allows, or a row is too long.
    """
    size, made = path.stat().st_size, 0
    for batch in file.iter_batches(batch_size=READ_ROWS, use_threads=False):
        for start in range(0, batch.num_rows, MADE_ROWS):
            part = batch.slice(start, MADE_ROWS)
            comes_to = sum(map(_bytes_of, part.columns))
            made += comes_to
            not_a_bomb(str(path), size, made)
            if comes_to <= MADE_BYTES:
                yield part
                continue
            for place in range(part.num_rows):
                row = part.slice(place, 1)
                if sum(map(_bytes_of, row.columns)) > MAX_CELL_BYTES:
                    raise _too_long(path)
                yield row


def _bytes_of(array: Any) -> int:
    """Bytes of an array's values once every one of them is written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return len(array) * int(array.dictionary.nbytes)
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(array.indices.nbytes) + (pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(_bytes_of, array.flatten()))
    if pa.types.is_map(kind):
        return _bytes_of(array.keys) + _bytes_of(array.items)
    if _is_list(kind):
        return _bytes_of(array.flatten()) + 4 * len(array)
    return int(array.nbytes)


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _without_dictionaries(schema: Any) -> Any:
    import pyarrow as pa

    return pa.schema([field.with_type(_plain(field.type)) for field in schema])


def _plain(kind: Any) -> Any:
    """The type whose values are written out."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_plain(kind.key_type), _plain(kind.item_type))
    if _is_list(kind):
        inner = kind.value_field.with_type(_plain(kind.value_type))
        if pa.types.is_fixed_size_list(kind):
            return pa.list_(inner, kind.list_size)
        return pa.list_(inner) if pa.types.is_list(kind) else pa.large_list(inner)
    return kind


def without_gaps(value: Any) -> Any:
    """The value without the nulls that Parquet puts where a key was absent."""
    if isinstance(value, dict):
        return {k: without_gaps(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_gaps(item) for item in value]
    return value
