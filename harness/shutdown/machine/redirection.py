"""Where the streams of a command go: files, other streams, here-documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harness.shutdown.machine.expansion import Context, ExpansionError, single
from harness.shutdown.machine.files import FileError, join
from harness.shutdown.machine.streams import FileSink, Sink, Streams
from harness.shutdown.machine.syntax import Heredoc, Redirection


def redirected(
    redirections: Iterable[Redirection | Heredoc], streams: Streams, context: Context
) -> Streams:
    """The streams after all redirections, in order; files are emptied or made as they are opened.

    Raises:
        FileError: A file cannot be opened.
        ExpansionError: There is no such stream.
    """
    files = context.files
    for one in redirections:
        if isinstance(one, Heredoc):
            streams = replace(streams, stdin=single(one.body, context))
            continue
        target = single(one.target, context)
        if one.operator == ">&":
            other = {"1": streams.out, "2": streams.err}.get(target)
            if other is None:
                raise ExpansionError(f"{target}: Bad file descriptor")
            streams = _sent(streams, one.stream, other)
            continue
        path = join(context.directory, target)
        try:
            if one.operator == "<":
                streams = replace(streams, stdin=files.read(path))
                continue
            files.write(path, "", append=one.operator == ">>")
        except FileError as error:
            raise FileError(target, error.reason) from error
        streams = _sent(streams, one.stream, FileSink(files, path))
    return streams


def _sent(streams: Streams, stream: int, sink: Sink) -> Streams:
    """One of the outputs, or with 12 both, sent elsewhere."""
    return Streams(
        streams.stdin,
        sink if stream in (1, 12) else streams.out,
        sink if stream in (2, 12) else streams.err,
    )
