"""The session's menu: other windows, files, and merging, without a browser."""

from __future__ import annotations

import asyncio
import base64
import re
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from filelock import FileLock
from patience import comes

from rareearth_explorer.app import Explorer
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session, Workspace
from rareearth_explorer.hunt.statements import statements
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.hunt.store.transfer import save_copy
from rareearth_explorer.widgets.merge_panel import MergePanel
from rareearth_explorer.widgets.session_panel import SessionPanel


@pytest.fixture(autouse=True)
def no_projection_process(monkeypatch):
    monkeypatch.setattr("rareearth_explorer.widgets.tasks.Worker.start", lambda self: None)


@pytest.fixture
def workspace(small_table):
    return Workspace(small_table)


@pytest.fixture
def session(workspace):
    return workspace.session


def kept(table, name, *steps):
    """Do steps in a session of that name, and leave it."""
    session, journal = Session(table), Journal.named(table, name)
    journal.attach(session)
    for verb, *arguments in steps:
        getattr(session, verb)(*arguments)
    journal.close()
    return session


@pytest.fixture
def other_window(small_table):
    """What another process does to the session 'hunt': it holds the lock."""
    path = Journal.named(small_table, "hunt").path
    path.parent.mkdir(parents=True)
    return FileLock(path.with_suffix(".lock"), thread_local=False)


def uploaded(name, content):
    """What the browser sends of a chosen file."""
    modified = datetime.now(UTC)
    return (
        {
            "name": name,
            "content": memoryview(content),
            "type": "",
            "size": len(content),
            "last_modified": modified,
        },
    )


@contextmanager
def full_disk():
    def full(self):
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "_append", full)
        yield


def shown(widget):
    return widget.layout.display != "none"


@pytest.mark.slow
class TestAnotherWindow:
    def test_steps_go_to_a_copy_and_the_panel_says_so(
        self, workspace, session, small_table, other_window
    ):
        kept(small_table, "hunt", ("mark", 3, "positive"))
        panel = SessionPanel(workspace)
        with other_window:
            panel.open("hunt")
            assert session.positives == (3,)
            assert "'hunt' is open in another window" in session.message
            assert workspace.name == "hunt"
            session.mark(5, "positive")
            assert workspace.name == panel.saved.value == "hunt (2)"
            assert "saved as 'hunt (2)'" in panel.note.value
            panel.look()
            assert not shown(panel.take_over)
        panel.look()
        assert shown(panel.take_over)
        assert "'take over' in the session's menu continues session 'hunt'" in session.message
        panel.take_over.click()
        assert session.positives == (3,)
        assert workspace.name == "hunt"
        assert "saved as 'hunt (2)'" in session.notice
        assert not shown(panel.take_over)
        session.mark(7, "positive")
        panel.saved.value = "hunt (2)"
        assert session.positives == (3, 5)
        panel.saved.value = "hunt"
        assert session.positives == (3, 7)

    def test_where_nothing_was_done_it_goes_on_by_itself(
        self, workspace, session, small_table, other_window
    ):
        kept(small_table, "hunt", ("mark", 3, "positive"))
        panel = SessionPanel(workspace)
        with other_window:
            panel.open("hunt")
            panel.look()
            assert "in a copy, from your first step on" in panel.note.value
        panel.look()
        assert "is closed; session 'hunt' continues here" in session.notice
        assert session.message == ""
        assert "another window" not in panel.note.value
        session.mark(4, "positive")
        assert workspace.names == ("hunt",)

    def test_in_a_kernel_the_offer_comes_by_itself(
        self, workspace, session, small_table, other_window, monkeypatch
    ):
        monkeypatch.setattr("rareearth_explorer.widgets.session_panel.WATCH", 0.01)
        kept(small_table, "hunt", ("mark", 3, "positive"))
        looks, look = [], SessionPanel.look
        monkeypatch.setattr(SessionPanel, "look", lambda panel: looks.append(look(panel)))
        panel = SessionPanel(workspace)

        async def live():
            with other_window:
                panel.open("hunt")
                session.mark(5, "positive")
                await comes(lambda: len(looks) > 2, "nobody looks after the other window")
                assert not shown(panel.take_over)
            await comes(lambda: shown(panel.take_over), "the offer did not come")

        asyncio.run(live())

    def test_a_cell_that_is_run_again_has_the_session(self, workspace, small_table):
        first = Explorer(small_table)
        first.session.mark(3, "positive")
        second = Explorer(small_table)
        assert "another window" not in second.session.message
        assert second.workspace.name == "default"
        first.session.mark(4, "positive")  # it is closed
        assert second.session.positives == (3,)
        assert Journal.named(small_table, "default").attach(Session(small_table)) == 1

    def test_opening_another_session_leaves_the_first_to_others(
        self, workspace, session, other_window
    ):
        panel = SessionPanel(workspace)
        panel.open("hunt")
        panel.open("another")
        with other_window.acquire(blocking=False):
            pass


class TestFiles:
    def test_save_and_import(self, workspace, session, small_table, tmp_path):
        panel = SessionPanel(workspace)
        panel.open("hunt")
        session.mark(3, "positive")
        panel.save.click()
        name, data = re.search(r"download='(.*?)' href='data:.*?,(.*?)'", panel.link.value).groups()
        assert name == "hunt.jsonl"
        panel.upload.value = uploaded(name, base64.b64decode(data))
        assert workspace.names == ("hunt (2)", "hunt")
        assert workspace.name == "hunt"
        assert "'hunt (2)' is imported" in session.notice
        assert panel.upload.value == ()
        panel.saved.value = "hunt (2)"
        assert session.positives == (3,)

    def test_a_file_of_another_table_is_said(self, workspace, session, small_table, tmp_path):
        other = PatchTable.from_arrays(small_table.embeddings[:50], small_table.corners[:50])
        kept(other, "theirs")
        save_copy(Journal.named(other, "theirs").path, tmp_path / "theirs.jsonl")
        panel = SessionPanel(workspace)
        panel.open("hunt")
        content = (tmp_path / "theirs.jsonl").read_bytes()
        panel.upload.value = uploaded("theirs.jsonl", content)
        assert session.message.startswith("theirs.jsonl: this session belongs to another table")
        assert workspace.names == ("hunt",)

    def test_damage_is_said(self, workspace, session, small_table):
        kept(small_table, "hunt", ("mark", 3, "positive"), ("mark", 4, "positive"))
        path = Journal.named(small_table, "hunt").path
        path.write_bytes(path.read_bytes()[:-9])
        panel = SessionPanel(workspace)
        panel.open("hunt")
        assert session.positives == (3,)
        assert "cut off while it was written" in session.message
        assert "cut off while it was written" in panel.note.value

    def test_a_step_that_cannot_be_written_is_said(self, small_table):
        explorer = Explorer(small_table)
        with full_disk():
            explorer.session.mark(3, "positive")
        assert explorer.session.positives == (3,)
        assert "not saved (No space left on device)" in explorer.status.line.value

    def test_a_step_that_cannot_be_written_keeps_the_session_open_until_it_is(
        self, workspace, session, small_table
    ):
        kept(small_table, "other")
        panel = SessionPanel(workspace)
        panel.open("hunt")
        with full_disk():
            session.mark(3, "positive")
            panel.saved.value = "other"
            assert workspace.name == panel.saved.value == "hunt"
            assert session.positives == (3,)
            assert "not saved (No space left on device)" in session.message
            assert "Until then the session stays open" in session.message
            panel.save.click()
            assert panel.link.value == ""
        panel.saved.value = "other"
        assert workspace.name == "other"
        panel.saved.value = "hunt"
        assert session.positives == (3,)

    def test_what_could_not_be_written_is_when_the_session_is_left(
        self, workspace, session, small_table
    ):
        panel = SessionPanel(workspace)
        panel.open("hunt")
        with full_disk():
            session.mark(3, "positive")
        panel.close()
        assert Journal.named(small_table, "hunt").attach(Session(small_table)) == 1

    def test_what_is_no_session_leaves_nothing_open_and_says_so(
        self, workspace, session, small_table
    ):
        kept(small_table, "hunt")
        Journal.named(small_table, "broken").path.write_text("rubbish")
        panel = SessionPanel(workspace)
        panel.open("hunt")
        panel.saved.value = "broken"
        assert "its first line is not that of a session" in session.message
        assert "what you do is not saved" in panel.note.value
        assert panel.save.disabled
        panel.saved.value = "hunt"
        assert "not saved" not in panel.note.value


MINE = [("mark", [0, 4], "positive"), ("judge", 7, "confirmed"), ("note", 7, "<b>tracks")]
THEIRS = [("mark", 0, "negative"), ("judge", 7, "rejected"), ("note", 7, "a roof"), ("mute", 0)]


class TestMerging:
    @pytest.fixture
    def panel(self, workspace, session, small_table):
        kept(small_table, "bo", *THEIRS, ("note", 9, "look again"))
        for verb, *arguments in MINE:
            getattr(session, verb)(*arguments)
        panel = MergePanel(workspace)
        workspace.names, workspace.name = ("hunt", "bo"), "hunt"
        return panel

    def test_the_open_session_is_not_offered(self, panel):
        assert panel.other.options == ("bo",)
        assert not shown(panel.found)

    def test_conflicts_are_listed_with_both_sides_and_shown_on_the_map(self, panel, session):
        panel.differences.click()
        assert shown(panel.deciding)
        labels = [label for label, _ in panel.conflicts.options]
        assert labels == [
            "?      · patch 0 · template · mine: positive · theirs: negative, off",
            "?      · patch 7 · note · mine: <b>tracks · theirs: a roof",
            "?      · patch 7 · verdict · mine: confirmed · theirs: rejected",
        ]
        assert "1 note; the same in both: 0" in panel.note.value
        assert "conflicts: 3. 3 still to decide" in panel.note.value
        assert panel.merge.disabled
        assert session.under_review == 0
        panel.conflicts.value = 1
        assert session.under_review == 7
        assert "&lt;b&gt;tracks" in panel.whole.value

    def test_each_is_decided(self, panel, session):
        panel.differences.click()
        for side in (panel.theirs, panel.mine):
            side.click()
        assert panel.conflicts.value == 2
        assert panel.merge.disabled
        panel.theirs.click()
        assert [label[:6].strip() for label, _ in panel.conflicts.options] == [
            "theirs",
            "mine",
            "theirs",
        ]
        panel.merge.click()
        said = statements(session.decisions)
        assert said[0, "template"] == "negative, off"
        assert said[7, "note"] == "<b>tracks"
        assert said[7, "verdict"] == "rejected"
        assert said[9, "note"] == "look again"
        assert not shown(panel.found)
        session.undo()
        assert session.positives == (0, 4)

    @pytest.mark.parametrize(("side", "verdict"), [("mine", "confirmed"), ("theirs", "rejected")])
    def test_all_of_one_side(self, panel, session, side, verdict):
        panel.differences.click()
        getattr(panel, f"all_{side}").click()
        panel.merge.click()
        assert dict(session.decisions.verdicts) == {7: verdict}

    def test_nothing_is_merged_when_cancelled(self, panel, session):
        before = session.state
        panel.differences.click()
        panel.all_theirs.click()
        panel.cancel.click()
        assert session.state is before
        assert not shown(panel.found)

    def test_steps_meanwhile_change_the_differences(self, panel, session):
        panel.differences.click()
        panel.mine.click()
        session.judge(7, "rejected")
        assert len(panel.conflicts.options) == 2
        assert panel.conflicts.options[0][0].startswith("mine")

    def test_what_was_decided_outlives_a_file_brought_and_a_step_into_a_copy(
        self, workspace, panel, session
    ):
        panel.differences.click()
        panel.mine.click()
        workspace.names = ("carol", "hunt", "bo")
        workspace.names, workspace.name = ("hunt (2)", "carol", "hunt", "bo"), "hunt (2)"
        assert panel.other.value == "bo"
        assert set(panel.other.options) == {"carol", "hunt", "bo"}
        assert panel.conflicts.options[0][0].startswith("mine")

    def test_comparing_ends_when_the_other_session_vanishes(self, workspace, panel):
        panel.differences.click()
        workspace.names = ("carol", "hunt")
        assert panel.other.value == "carol"
        assert not shown(panel.found)

    def test_comparing_ends_when_this_session_becomes_another(
        self, workspace, panel, session, small_table
    ):
        sessions = SessionPanel(workspace)
        panel.differences.click()
        panel.mine.click()
        sessions.open("another")
        assert not shown(panel.found)
        panel.differences.click()
        session.mark(0, "positive")
        assert panel.conflicts.options[0][0].startswith("?")

    def test_without_another_session_it_is_said(self, workspace, session):
        panel = MergePanel(workspace)
        panel.differences.click()
        assert "no other session" in session.message

    def test_the_explorer_offers_a_session_that_was_brought(self, small_table, tmp_path):
        kept(small_table, "bo", *THEIRS)
        explorer = Explorer(small_table)
        assert explorer.merge_panel.other.options == ("bo",)
        content = Journal.named(small_table, "bo").path.read_bytes()
        explorer.session_panel.upload.value = uploaded("bo.jsonl", content)
        assert set(explorer.merge_panel.other.options) == {"bo", "bo (2)"}
