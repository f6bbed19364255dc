"""Running the embedding of blocks: in threads of this process, or with any executor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.threads import cores
from rareearth_explorer.embedding.blocks import Block, EmbeddedBlock, cut_block, embed_block
from rareearth_explorer.embedding.encoders.encoder import Encoder
from rareearth_explorer.embedding.pixel_source import PixelSource

PATIENCE = 30.0
"""Seconds without a finished block after which `at_once` is called again."""

Numbered = tuple[int, Block]
"""The number of a block in the grid, and the block."""

Finished = Generator[tuple[int, EmbeddedBlock], None, None]
"""Finished blocks with their numbers, in any order."""


def embed_in_threads(
    scene: PixelSource, encoder: Encoder, grid: PatchGrid, batch: int, work: Iterable[Numbered]
) -> Finished:
    """Read and embed blocks, in as many threads as there are cores.

    An encoder gives the same bits for any number of threads, so the table does not depend on the
    number of cores. Closing the iterator stops each thread after its batch.
    """
    threads = max(2, cores())
    stop = threading.Event()

    def embed(block: Block) -> EmbeddedBlock:
        return embed_block(encoder, cut_block(scene, grid, block), batch, stop)

    pool = ThreadPoolExecutor(threads, thread_name_prefix="embedding")
    try:
        yield from as_finished(lambda block: pool.submit(embed, block), work, lambda _: threads + 1)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def as_finished(
    submit: Callable[[Block], Future[EmbeddedBlock]],
    work: Iterable[Numbered],
    at_once: Callable[[Collection[Future[EmbeddedBlock]]], int],
) -> Finished:
    """Submit blocks, a limited number at once, and yield them as they finish.

    Parameters
    ----------
    submit
        Starts a block.
    work
        Numbered blocks.
    at_once
        Returns how many may run at once, from those that run; called repeatedly, as workers come
        and go. 0 only if one of those has ended.
    """
    waiting = iter(work)
    running: dict[Future[EmbeddedBlock], int] = {}
    while True:
        for number, block in islice(waiting, max(0, at_once(running.keys()) - len(running))):
            running[submit(block)] = number
        if not running:
            return
        for future in wait(running, PATIENCE, FIRST_COMPLETED).done:
            yield running.pop(future), future.result()
