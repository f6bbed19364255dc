"""A visitor whose network fails without a word: the session is free, and both pages say so."""

from __future__ import annotations

import pytest
from chromium import blank_page
from driver import Driver
from playwright.sync_api import expect
from silent_network import Network

from rareearth_explorer.data.table import open_table
from rareearth_explorer.serving import free_port, serve

pytestmark = pytest.mark.browser


def test_a_network_that_fails_silently_frees_the_session(browser, demo, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    table, environment = open_table(demo.table), {"RAREEARTH_EXPLORER_TABLE": str(demo.table)}
    with (
        serve(free_port(), environment) as server,
        Network(server.address).running() as network,
        blank_page(browser, 1280, 800) as page,
    ):
        gone = Driver(page, table)
        gone.open("voila", network.address, "explorer.ipynb")
        gone.click(7)
        alert = page.get_by_role("alert")
        network.cut()
        with blank_page(browser, 1280, 800) as next_page:
            following = Driver(next_page, table)
            following.open("voila", server.address, "explorer.ipynb")
            status = next_page.locator(".rareearth-status")
            expect(status).to_contain_text("is open in another window")
            page.mouse.click(*gone.place(9))
            expect(alert).to_contain_text("is interrupted")
            expect(status).to_contain_text("session 'default' continues here")
            expect(next_page.get_by_role("button", name="+ 7 ✕")).to_be_visible()
            following.click(11)
        network.mend()
        expect(alert).to_contain_text("has ended meanwhile")
        gone.reopen()
        for patch in (7, 11):
            expect(page.get_by_role("button", name=f"+ {patch} ✕")).to_be_visible()
        expect(page.get_by_role("button", name="+ 9 ✕")).to_have_count(0)
        expect(alert).to_have_count(0)
