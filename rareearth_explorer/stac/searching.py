"""Search a STAC API for images."""

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
"""Largest number of images in a search; a search that finds more is probably a mistake."""

PATIENCE = (10.0, 60.0)
"""Seconds to wait for a connection, and for a response."""

BUSY = (429, 500, 502, 503, 504)
"""HTTP statuses after which the request is repeated."""


def search(request: Request) -> list[Item]:
    """Find all images of the collection that touch the box on these dates, with any cloud.

    Cloud is checked later. Any STAC API is then suitable, and the message can say what was found
    if no image is clear enough.

    Raises
    ------
    CatalogueError
        pystac-client is not installed, the address is not a STAC API or does not respond, or no
        image or far too many were found.
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
            "pystac-client, which searches catalogues, is not installed: run pip install "
            '"rareearth-explorer[stac]".'
        ) from error
    retries = Retry(5, connect=2, backoff_factor=0.5, status_forcelist=BUSY, allowed_methods=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a catalogue that cannot be searched is rejected below
        try:
            client = Client.open(
                request.stac, stac_io=StacApiIO(timeout=PATIENCE, max_retries=retries)
            )
            found = client.search(
                # Every STAC API must support GET.
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
                f"{request.stac}: the response is not that of a STAC API; give the address of its "
                "landing page."
            ) from error
    if len(items) > MOST:
        raise CatalogueError(
            f"{request.stac}: more than {MOST:,} images were found; narrow --dates or --bbox."
        )
    return items


def _require_collection(client: Client, request: Request) -> None:
    """Check that the collection without results exists."""
    names = sorted(collection.id for collection in client.get_collections())
    if names and request.collection not in names:
        raise CatalogueError(
            f"{request.stac}: there is no collection {request.collection} among "
            f"{', '.join(names)}; choose one of them with --collection."
        )


def _fault(error: Exception) -> str:
    """Explain why a catalogue did not respond, and what to do."""
    status = getattr(error, "status_code", None)
    if status is None:
        return (
            "the catalogue cannot be reached; check the network and the address, and run the "
            "same command again"
        )
    if status in (401, 403):
        return f"the catalogue requires a login (HTTP {status}); give one that is public"
    if status == 404:
        return "there is no catalogue at this address (HTTP 404); check the address"
    return f"the catalogue failed to respond (HTTP {status}); try again later, or request less"
