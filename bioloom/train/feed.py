"""Batches, made ahead of time so that the loop does not wait for them.

The number of workers says who makes them; the batches are the same, since an example depends on
(seed, step, item) only and every example is made on one CPU thread:

- 0: the training process itself, between two steps (for looking for mistakes);
- 1: a thread beside it. Reading, decoding and resampling release Python's lock, images are kept in memory
  once and nothing has to start: the right choice unless a GPU waits for data;
- 2 and more: that many processes, each with images of its own.

Processes are started by ``spawn``. Forking a process that runs OpenMP or CUDA threads, or has opened a Zarr
store, ends in a deadlock sooner or later. The workers of a fork server outlive a training that is killed,
because they watch over the server instead (seen with PyTorch 2.14: they wait for ever); spawned ones notice
and end after some seconds.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from bioloom.errors import BioLoomError
from bioloom.train.precision import channels_last_tensor

Batch = dict[str, Tensor]
"""``image (N, C, *patch)``, ``target`` and ``weight (N, T, *patch)``, float32 and channels-last."""

PARTS = ("image", "target", "weight")
AHEAD = 2
"""Batches that a worker prepares in advance."""
MOST = 8
"""Workers that are started without being asked for: each is a process with PyTorch in it."""


class Source(Protocol):
    """Where examples come from; each is a mapping with the `PARTS` as float32 arrays or tensors."""

    def example(self, step: int, item: int) -> Mapping[str, Any]:
        """Return training example `item` of the batch of `step`; the same one whenever it is asked for."""

    def validation_example(self, row: int) -> Mapping[str, Any]:
        """Return validation example `row`, without augmentation."""

    @property
    def validation_rows(self) -> Sized:
        """The table of the validation examples; only its length is used here."""


def choose_workers(option: int | Literal["auto"], device: torch.device, threads: int) -> int:
    """Return the number of workers: ``auto`` is 1 on a CPU, which the training shares with them.

    Parameters
    ----------
    option : int or "auto"
        What is asked for.
    device : torch.device
        Where the network learns.
    threads : int
        CPUs of the job; a GPU waits for all but the one that commands it.
    """
    if option != "auto":
        return option
    return 1 if device.type == "cpu" else max(1, min(MOST, threads - 1))


@dataclass(frozen=True)
class TrainingBatches:
    """The batch of a step, as a function that other processes can receive."""

    source: Source
    batch_size: int

    def __call__(self, step: int) -> Batch:
        """Return the batch of `step`."""
        return collate([self.source.example(step, item) for item in range(self.batch_size)])


@dataclass(frozen=True)
class ValidationBatches:
    """The validation examples in batches, always the same ones; the last may be smaller."""

    source: Source
    batch_size: int

    def __len__(self) -> int:
        return ceil(len(self.source.validation_rows) / self.batch_size)

    def __call__(self, index: int) -> Batch:
        """Return batch `index`."""
        first = index * self.batch_size
        rows = range(first, min(first + self.batch_size, len(self.source.validation_rows)))
        return collate([self.source.validation_example(row) for row in rows])


def collate(examples: Sequence[Mapping[str, Any]]) -> Batch:
    """Stack examples along a new first axis, as float32 in the layout that convolutions like best."""
    return {
        part: channels_last_tensor(
            torch.stack([torch.as_tensor(example[part], dtype=torch.float32) for example in examples])
        )
        for part in PARTS
    }


class Feed(Iterator[Batch]):
    """The batches of `indices`, in their order; a context that ends its workers.

    Parameters
    ----------
    make : callable
        From an index to its batch; with two or more workers it is pickled.
    indices : sequence of int
        Which batches.
    workers : int
        Who makes them, see the module.
    pin : bool
        Whether to put them into page-locked memory, from which a GPU copies faster.

    Attributes
    ----------
    waited : float
        Seconds spent in `next` so far.
    """

    def __init__(
        self, make: Callable[[int], Batch], indices: Sequence[int], workers: int, *, pin: bool = False
    ) -> None:
        prepared = _Prepare(make, pin)
        if workers == 0:
            self._batches = _inline(prepared, indices)
        elif workers == 1:
            self._batches = _threaded(prepared, indices)
        else:
            self._batches = _in_processes(make, indices, workers, pin)
        self.waited = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._batches.close()

    def __next__(self) -> Batch:
        began = time.perf_counter()
        try:
            return next(self._batches)
        finally:
            self.waited += time.perf_counter() - began


@dataclass(frozen=True)
class _Prepare:
    make: Callable[[int], Batch]
    pin: bool

    def __call__(self, index: int) -> Batch:
        batch = self.make(index)
        return {part: values.pin_memory() for part, values in batch.items()} if self.pin else batch


def _inline(make: Callable[[int], Batch], indices: Sequence[int]) -> Generator[Batch, None, None]:
    for index in indices:
        with _one_thread():
            batch = make(index)
        yield batch


def _threaded(make: Callable[[int], Batch], indices: Sequence[int]) -> Generator[Batch, None, None]:
    waiting: deque[Future[Batch]] = deque()
    # Asked for before the thread starts: PyTorch settles the number of a thread when that first needs it, and
    # takes what was set last, in any thread.
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(1, "feed", initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for index in indices:
                waiting.append(pool.submit(make, index))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            torch.set_num_threads(threads)


def _in_processes(
    make: Callable[[int], Batch], indices: Sequence[int], workers: int, pin: bool
) -> Generator[Batch, None, None]:
    batches = DataLoader(
        _Indexed(make),
        batch_size=None,
        sampler=indices,
        num_workers=workers,
        prefetch_factor=AHEAD,
        multiprocessing_context="spawn",
        worker_init_fn=_ignore_signals,
        pin_memory=pin,
    )
    try:
        for batch in batches:
            if isinstance(batch, _Mistake):
                raise batch.error()
            yield batch
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        raise BioLoomError(
            f"a process that prepares batches has died ({str(error).splitlines()[0]})",
            fix="set train.workers to 1, or give the job more memory (in a container: more shared memory)",
        ) from error


@dataclass(frozen=True)
class _Mistake:
    """A user's mistake on its way out of a worker, which would wrap the exception into a traceback."""

    text: str

    def error(self) -> BioLoomError:
        return BioLoomError(self.text)


@dataclass(frozen=True)
class _Indexed(Dataset[Batch | _Mistake]):
    make: Callable[[int], Batch]

    def __getitem__(self, index: int) -> Batch | _Mistake:
        try:
            return self.make(index)
        except BioLoomError as error:
            return _Mistake(str(error))


def _ignore_signals(worker: int) -> None:
    """Leave SIGTERM and SIGINT, which reach the whole group of processes, to the training process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
