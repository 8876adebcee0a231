"""Data from the network: a pinned URL, or a pinned data set of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.data.importing.guard import MAX_BYTES
from harness.data.importing.record import Record
from harness.errors import DataError, PrerequisiteError, UsageError

COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
DATASET = re.compile(r"^(?P<name>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?$")
SECONDS = 30.0
"""How long a silent server is waited for."""
CHUNK = 1 << 20


def is_url(text: str) -> bool:
    """Whether the text is an address rather than a file."""
    return text.startswith(("https://", "http://"))


def download(
    url: str, folder: Path, sha256: str | None, on_bytes: Callable[[int, int], None]
) -> tuple[Path, str]:
    """Fetch a pinned address into ``folder``.

    Args:
        url: Its path names a commit (40 hex digits), or ``sha256`` is given.
        folder: Where the file is put, under the name it has in the address.
        sha256: What the content must hash to.
        on_bytes: Called with (bytes so far, bytes in all or 0).

    Returns:
        The file and its SHA-256.

    Raises:
        UsageError: The address is none, or pins nothing.
        PrerequisiteError: The server cannot be reached or refuses.
        DataError: The content is not what was pinned, or is too large.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{url}: this is not an address: {error}.") from error
    if sha256 is None and not (parts.scheme == "https" and COMMIT.search(parts.path)):
        raise UsageError(
            f"{url}: the address is not pinned, so its content may change.",
            hint="Use https and the address of one commit (40 hex digits in its path), "
            "or give the content's hash: --sha256 HEX",
        )
    target = folder / (Path(urllib.parse.unquote(parts.path)).name or "data.jsonl")
    digest, read = hashlib.sha256(), 0
    request = urllib.request.Request(url, headers={"User-Agent": "em-harness"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer, target.open("wb") as out:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(CHUNK):
                read += len(chunk)
                if max(read, total) > MAX_BYTES:
                    raise DataError(f"{url}: more than {MAX_BYTES >> 30} GiB are not read.")
                digest.update(chunk)
                out.write(chunk)
                on_bytes(read, total)
    except http.client.InvalidURL as error:
        raise UsageError(
            f"{url}: this is not an address: {error}.",
            hint="Check it; a blank in it is written %20.",
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error).strip() or type(error).__name__
        raise PrerequisiteError(
            f"{url}: cannot be fetched: {reason}", hint="Check the address and your network."
        ) from error
    found = digest.hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise DataError(
            f"{url}: its SHA-256 is {found}, not the given {sha256.lower()}.",
            hint="The file has changed, or the hash is of another file.",
        )
    if total and read != total:
        raise DataError(f"{url}: the download was cut short at {read:,} of {total:,} bytes.")
    return target, found


def pinned_revision(name: str, revision: str | None) -> str:
    """The commit of a hub data set's revision.

    Raises:
        UsageError: No revision is given.
        PrerequisiteError: A branch or tag cannot be resolved.
    """
    if revision is None:
        raise UsageError(
            f"'{name}' is neither a file here nor pinned to a revision of the hub.",
            hint=f"Check the path; or write {name}@COMMIT, as the data set's history shows it.",
        )
    if COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import HfApi

    try:
        commit = HfApi().dataset_info(name, revision=revision, timeout=SECONDS).sha
    except Exception as error:  # hub errors have no common base
        raise _not_fetched(name, revision, error) from error
    if commit is None:
        raise PrerequisiteError(f"{name}@{revision}: the hub does not say which commit this is.")
    return commit


def dataset_records(name: str, revision: str, config: str | None, split: str) -> Iterator[Record]:
    """Rows of one split of a data set, streamed; no code of the data set is run.

    Args:
        name: Hub id.
        revision: Commit.
        config: Subset; None for the only one.
        split: ``train`` …

    Raises:
        PrerequisiteError: The hub cannot be reached, or there is no such data set or split.
    """
    from datasets import load_dataset

    try:
        stream = load_dataset(name, config, split=split, revision=revision, streaming=True)
        for number, value in enumerate(stream, start=1):
            yield Record(f"{name}@{revision[:7]}/{split}:{number}", number, _present(value))
    except Exception as error:  # every builder fails in its own way
        raise _not_fetched(name, revision, error) from error


def _present(value: dict[str, Any]) -> dict[str, Any]:
    from harness.data.importing.parquet import without_gaps

    present: dict[str, Any] = without_gaps(value)
    return present


def _not_fetched(name: str, revision: str, error: Exception) -> PrerequisiteError:
    lines = str(error).strip().splitlines()
    return PrerequisiteError(
        f"{name}@{revision}: cannot be read: {lines[0] if lines else type(error).__name__}",
        hint="Check the name, the revision, --split and --subset, your network and hub token.",
    )
