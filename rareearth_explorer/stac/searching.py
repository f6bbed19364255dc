"""Asking a STAC API for images."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

from rareearth_explorer.errors import CatalogueError
from rareearth_explorer.stac.request import Request

if TYPE_CHECKING:
    from pystac import Item
    from pystac_client import Client

MOST = 5_000
"""Images among which one is chosen; a search that finds more was hardly meant so."""

PATIENCE = (10.0, 60.0)
"""Seconds to wait for a connection, and for an answer."""

BUSY = (429, 500, 502, 503, 504)
"""HTTP statuses after which it is worth asking again."""


def search(request: Request) -> list[Item]:
    """Find all images of the collection that touch the box on these dates, whatever their cloud.

    Cloud is left for later, so that any STAC API will do, and so that what was found can be told
    where nothing was clear enough.

    Raises
    ------
    CatalogueError
        pystac-client is not installed, the address is no STAC API or does not answer, or nothing
        or far too much was found.
    """
    try:
        from pystac.errors import STACError, STACTypeError
        from pystac_client import Client
        from pystac_client.exceptions import APIError
        from pystac_client.stac_api_io import StacApiIO
        from pystac_client.warnings import DoesNotConformTo
        from urllib3.util import Retry
    except ImportError as error:
        raise CatalogueError(
            "pystac-client is not installed here, which asks catalogues: run pip install "
            '"rareearth-explorer[stac]".'
        ) from error
    retries = Retry(5, connect=2, backoff_factor=0.5, status_forcelist=BUSY, allowed_methods=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a catalogue that cannot be searched is refused below
        try:
            client = Client.open(
                request.stac, stac_io=StacApiIO(timeout=PATIENCE, max_retries=retries)
            )
            found = client.search(
                # GET is what every STAC API has to understand.
                method="GET",
                collections=[request.collection],
                bbox=list(request.bbox),
                datetime=request.dates,
                max_items=MOST + 1,
            )
            items = list(found.items())
            if not items:
                _require_collection(client, request)
        except APIError as error:
            raise CatalogueError(f"{request.stac}: {_fault(error)}.") from error
        except (DoesNotConformTo, NotImplementedError) as error:
            raise CatalogueError(
                f"{request.stac}: this catalogue cannot be searched; give the address of a STAC "
                "API with item search."
            ) from error
        except (STACError, STACTypeError, json.JSONDecodeError, KeyError, OSError) as error:
            raise CatalogueError(
                f"{request.stac}: what answers there is no STAC API; give the address of its "
                "landing page."
            ) from error
    if len(items) > MOST:
        raise CatalogueError(
            f"{request.stac}: more than {MOST:,} images were found; narrow --dates or --bbox."
        )
    return items


def _require_collection(client: Client, request: Request) -> None:
    """Require that the collection in which nothing was found is there at all."""
    names = sorted(collection.id for collection in client.get_collections())
    if names and request.collection not in names:
        raise CatalogueError(
            f"{request.stac}: there is no collection {request.collection} among "
            f"{', '.join(names)}; choose one of them with --collection."
        )


def _fault(error: Exception) -> str:
    """Tell why a catalogue did not answer, and what to do."""
    status = getattr(error, "status_code", None)
    if status is None:
        return (
            "the catalogue cannot be reached; look at the network and the address, and run the "
            "same command again"
        )
    if status in (401, 403):
        return f"the catalogue wants to know who asks (HTTP {status}); give one that is public"
    if status == 404:
        return "there is no catalogue at this address (HTTP 404); look it up again"
    return f"the catalogue cannot answer this (HTTP {status}); try again later, or ask for less"
