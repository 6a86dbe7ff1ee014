"""Alerts of a real daemon."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

import livecka
from daemon import Daemon, Header, Subscriber, activations
from planted import BLOCK, RULE, Training, alerts, batch, firing, wait_for
from waiting import eventually

FIELDS = {
    "v", "epoch", "seq", "fingerprint", "incident", "revision", "rule", "kind", "severity", "state", "data", "run",
    "generation", "window", "layers", "step_first", "step_last", "active_at", "fired_at", "resolved_at", "updated_at",
    "value", "stderr", "enter", "exit", "dominance", "pc1_fraction", "dominant_examples", "batches", "accounting",
    "summary", "description",
}
Start = Callable[..., Daemon]


def last_values(subscriber: Subscriber, count: int) -> dict[str, Header]:
    """What a new subscriber gets at once: the last header of so many topics."""
    values: dict[str, Header] = {}
    while len(values) < count:
        topic, header, frames = subscriber.receive()
        assert frames == []
        values[topic] = header
    return values


def test_a_block_is_raised_dissolves_and_comes_back(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("alert/alert-block/")
    training = Training(daemon, "alert-block")
    training.send(8)
    training.send(24, BLOCK)
    alert = wait_for(daemon, "alert-block", RULE, firing, "the block")
    assert set(alert) >= FIELDS
    assert (alert["layers"]["first"], alert["layers"]["last"]) == (BLOCK[0], BLOCK[-1])
    assert alert["layers"]["names"] == [f"b{layer:02d}" for layer in BLOCK]
    assert (alert["kind"], alert["severity"], alert["data"], alert["incident"]) == ("dominant", "warning", "ok", 1)
    assert alert["value"] - alert["stderr"] >= alert["enter"] == 0.12 and alert["dominance"] >= 0.45
    assert alert["summary"].startswith("Block structure in alert-block: layers b06–b15 (10 of 24), strength ")
    assert alert["pc1_fraction"] is None or 0 < alert["pc1_fraction"] <= 1

    training.send(32)
    eventually(lambda: not alerts(daemon, "alert-block", RULE), "its end")
    training.send(32, BLOCK)
    again = wait_for(daemon, "alert-block", RULE, firing, "the block again")
    assert (again["fingerprint"], again["incident"]) == (alert["fingerprint"], 2)

    messages = [subscriber.until(lambda *_: True, "the first change")]
    while messages[-1][1]["revision"] < again["revision"]:
        messages.append(subscriber.receive())
    assert {topic for topic, _, _ in messages} == {f"alert/alert-block/{RULE}/{alert['fingerprint']}/"}
    headers = [header for _, header, _ in messages]
    assert [header["seq"] for header in headers] == list(range(len(headers)))
    revisions = [header["revision"] for header in headers]
    assert revisions == sorted(set(revisions))
    states = [header["state"] for header in headers]
    turns = [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]
    assert turns == ["pending", "firing", "resolved", "pending", "firing"]


def test_two_blocks_are_two_alerts_and_nothing_else_is(daemon: Daemon) -> None:
    training = Training(daemon, "alert-two")
    training.send(24, range(0, 9), range(13, 24))
    eventually(lambda: [entry["state"] for entry in alerts(daemon, "alert-two")] == ["firing", "firing"], "two alerts")
    found = {(entry["layers"]["first"], entry["layers"]["last"]) for entry in alerts(daemon, "alert-two")}
    assert found == {(0, 8), (13, 23)}
    assert len({entry["fingerprint"] for entry in alerts(daemon, "alert-two")}) == 2
    values = last_values(daemon.subscriber("alert/alert-two/"), 2)
    assert {header["fingerprint"] for header in values.values()} == {
        entry["fingerprint"] for entry in alerts(daemon, "alert-two")
    }


def test_layers_that_are_not_alike_raise_nothing(daemon: Daemon) -> None:
    training = Training(daemon, "alert-calm")
    training.send(40)
    assert alerts(daemon, "alert-calm") == []


def test_a_probe_set_needs_four_different_batches(start: Start) -> None:
    daemon = start(alerts={"block_structure": {"window": "pass"}})
    session = daemon.emitter().session("probe")
    for step in range(6):
        for index in range(3):
            session.send(step, batch(index, BLOCK), probe="p", batch=index, batches=3)
    daemon.settled("probe", accumulated=18)
    assert alerts(daemon, "probe") == []
    for step in range(6, 9):
        for index in range(4):
            session.send(step, batch(index, BLOCK), probe="p", batch=index, batches=4)
    alert = wait_for(daemon, "probe", RULE, firing, "the block")
    assert (alert["window"], alert["batches"], alert["step_first"]) == ("pass", 4, 6)


def test_alerts_that_cannot_be_saved_are_saved_when_there_is_room(start: Start) -> None:
    daemon = start()
    saved = daemon.directory / "state" / "alerts.json"
    _, most = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, most))
    training = Training(daemon, "full")
    training.send(24, BLOCK)
    wait_for(daemon, "full", RULE, firing, "the block")
    said = eventually(lambda: daemon.ask("status")["degraded"], "a failure")
    assert len(said) == 1 and "File too large; raise the limit on the size of files" in said[0]
    assert not saved.exists() and list(saved.parent.glob(".livecka-*")) == []
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (most, most))
    eventually(lambda: daemon.ask("status")["degraded"] == [], "room")
    assert "full" in saved.read_text()


def test_silence_freezes_an_alert_and_bye_ends_its_data(start: Start) -> None:
    daemon = start(stale_after="1s")
    training = Training(daemon, "silent")
    training.send(24, BLOCK)
    wait_for(daemon, "silent", RULE, firing, "the block")
    stale = wait_for(daemon, "silent", "run_stale", firing, "staleness")
    assert (stale["data"], stale["severity"], stale["enter"]) == ("stale", "warning", 1.0)
    block = wait_for(daemon, "silent", RULE, lambda entry: entry["data"] == "stale", "a frozen block")
    assert block["state"] == "firing"
    training.send(1, BLOCK)
    eventually(lambda: not alerts(daemon, "silent", "run_stale"), "recovery")
    wait_for(daemon, "silent", RULE, lambda entry: firing(entry) and entry["data"] == "ok", "the block, alive")
    training.session.say("bye", seq=training.session.seq, reason="finished")
    wait_for(daemon, "silent", RULE, lambda entry: firing(entry) and entry["data"] == "ended", "the block, ended")
    assert not alerts(daemon, "silent", "run_stale")


def test_two_rules_of_the_users_own_and_a_late_subscriber(start: Start) -> None:
    daemon = start(
        alerts={
            "similarity": [
                {"name": "alike", "window": "total", "first": "^b06$", "second": "^b1", "above": 0.9, "evaluations": 1},
                {"name": "apart", "window": "total", "first": "^b00$", "second": "^b2", "below": 0.5, "evaluations": 2},
            ]
        }
    )
    training = Training(daemon, "own")
    training.send(16, BLOCK)
    eventually(lambda: len([entry for entry in alerts(daemon, "own") if firing(entry)]) == 3, "three alerts that fire")
    values = {header["rule"]: header for header in last_values(daemon.subscriber("alert/"), 3).values()}
    assert set(values) == {"alike", "apart", RULE}
    assert values["alike"]["fingerprint"] != values["apart"]["fingerprint"]
    assert values["alike"]["layers"]["names"][0] == "b06" and values["alike"]["value"] > 0.9
    assert (values["alike"]["enter"], values["apart"]["enter"]) == (0.9, 0.5)
    assert all(header["state"] == "firing" for header in values.values())


def test_values_that_are_not_finite_are_named_until_they_are(daemon: Daemon) -> None:
    training = Training(daemon, "alert-nan")
    training.send(2)
    bad = batch(99)
    bad["b03"][0, 0] = np.nan
    training.session.send(2, bad)
    alert = wait_for(daemon, "alert-nan", "non_finite", firing, "the alert")
    assert alert["layers"] == {"first": 3, "last": 3, "names": ["b03"]}
    assert (alert["severity"], alert["value"], alert["step_first"]) == ("critical", 1, 2)
    assert alert["accounting"]["rejected"] == {"non_finite": 1}
    training.send(8)
    eventually(lambda: not alerts(daemon, "alert-nan", "non_finite"), "its end")


def test_constant_layers_are_named(daemon: Daemon) -> None:
    session = daemon.emitter().session("alert-constant")
    for step in range(16):
        constant = {**activations(step), "layer1": np.ones((12, 6), np.float32)}
        session.send(step, constant)
    alert = wait_for(daemon, "alert-constant", "constant_layer", firing, "the alert")
    assert alert["layers"] == {"first": 1, "last": 1, "names": ["layer1"]}


def test_missing_batches_are_told(daemon: Daemon) -> None:
    session = daemon.emitter().session("alert-gaps")
    for step in range(16):
        session.send(step, activations(step))
        session.seq += 1
    alert = wait_for(daemon, "alert-gaps", "coverage", firing, "the alert")
    assert 0.3 < alert["value"] < 0.6 and alert["enter"] == 0.1


@pytest.mark.parametrize("kill", [False, True])
def test_a_restart_goes_on_with_what_fires_and_what_is_pending(start: Start, kill: bool) -> None:
    daemon = start()
    training = Training(daemon, "restart")
    training.send(12, BLOCK)  # evaluated at 8, 10 and 12 batches
    before = wait_for(daemon, "restart", RULE, firing, "the block")
    pending = Training(daemon, "pending")
    pending.send(10, BLOCK)
    waiting = wait_for(daemon, "pending", RULE, lambda entry: entry["revision"] == 2, "the second evaluation")
    file = Path(daemon.settings["state"]["directory"]) / "alerts.json"

    def is_saved() -> bool:
        runs = json.loads(file.read_text())["runs"] if file.exists() else []
        counts = {entry["run"]: (entry["alerts"][0]["raising"], entry["alerts"][0]["fired"]) for entry in runs}
        return counts.get("pending") == (2, 0) and counts.get("restart", (0, 0))[1] == 1

    eventually(is_saved, "a saved file")
    daemon.restart(kill=kill)
    values = {header["run"]: header for header in last_values(daemon.subscriber("alert/"), 2).values()}
    for run, known in (("restart", before), ("pending", waiting)):
        for key in ("fingerprint", "incident", "revision", "state", "active_at", "fired_at"):
            assert values[run][key] == known[key]
    again = Training(daemon, "pending")
    again.step = 100
    again.send(8, BLOCK)  # one evaluation
    fired = wait_for(daemon, "pending", RULE, firing, "the third evaluation")
    assert (fired["fingerprint"], fired["incident"]) == (waiting["fingerprint"], 1)
    assert fired["epoch"] > waiting["epoch"]


def test_a_run_that_does_not_come_back_after_a_restart_is_stale(start: Start) -> None:
    daemon = start(stale_after="2s")
    training = Training(daemon, "gone")
    training.send(12, BLOCK)
    wait_for(daemon, "gone", RULE, firing, "the block")
    daemon.restart()
    wait_for(daemon, "gone", "run_stale", firing, "staleness")
    assert wait_for(daemon, "gone", RULE, firing, "the block")["data"] == "stale"
    assert "gone" not in daemon.runs()
    daemon.ask("forget", run="gone")
    assert alerts(daemon, "gone") == []
    assert daemon.refusal("forget", run="gone")["code"] == "unknown_run"


def test_a_broken_file_is_set_aside(start: Start) -> None:
    daemon = start()
    state = Path(daemon.settings["state"]["directory"])
    file = state / "alerts.json"

    def break_it() -> None:
        file.write_text('{"v":1,"runs":[{"run":')

    daemon.restart(between=break_it)
    assert (state / "alerts.json.broken").read_text().startswith('{"v":1')
    assert "cannot be used" in daemon.log
    Training(daemon, "after").send(12, BLOCK)
    wait_for(daemon, "after", RULE, firing, "the block")


def test_a_directory_that_cannot_be_written_is_said_and_nothing_ends(start: Start) -> None:
    daemon = start(state={"directory": "/dev/null/state"})
    Training(daemon, "unsaved").send(12, BLOCK)
    wait_for(daemon, "unsaved", RULE, firing, "the block")
    degraded = daemon.ask("status")["degraded"]
    assert len(degraded) == 1 and "/dev/null/state" in degraded[0]
    assert "not kept over a restart" in daemon.log


def test_two_daemons_do_not_share_a_state_directory(start: Start) -> None:
    first = start()
    second = start(state={"directory": first.settings["state"]["directory"]})
    assert first.ask("status")["degraded"] == []
    assert "another daemon" in second.ask("status")["degraded"][0]


def test_a_forgotten_run_tells_that_its_alerts_are_over(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("alert/alert-forgotten/")
    training = Training(daemon, "alert-forgotten")
    training.send(12, BLOCK)
    alert = wait_for(daemon, "alert-forgotten", RULE, firing, "the block")
    daemon.ask("forget", run="alert-forgotten")
    last = subscriber.until(lambda _, header: header["state"] == "resolved", "its end")[1]
    assert (last["data"], last["fingerprint"]) == ("ended", alert["fingerprint"])
    assert alerts(daemon, "alert-forgotten") == []
    late = daemon.subscriber("alert/alert-forgotten/", "heartbeat/")
    assert late.receive()[0] == "heartbeat/"


def test_a_window_that_is_emptied_resolves_nothing(daemon: Daemon) -> None:
    training = Training(daemon, "alert-emptied")
    training.send(12, BLOCK)
    wait_for(daemon, "alert-emptied", RULE, firing, "the block")
    daemon.ask("reset", run="alert-emptied")
    training.send(8)
    assert wait_for(daemon, "alert-emptied", RULE, firing, "the block, at the first evaluation without it")["batches"] == 8


def test_other_layers_close_an_alert(daemon: Daemon) -> None:
    training = Training(daemon, "alert-changed")
    training.send(12, BLOCK)
    wait_for(daemon, "alert-changed", RULE, firing, "the block")
    for step in range(4):
        training.session.send(100 + step, batch(step, prefix="c"))
    eventually(lambda: not alerts(daemon, "alert-changed", RULE), "its end")


def test_who_misses_changes_sees_it_by_the_numbers(daemon: Daemon) -> None:
    subscriber = daemon.subscriber("alert/alert-missed/")
    training = Training(daemon, "alert-missed")
    training.send(12, BLOCK)
    alert = wait_for(daemon, "alert-missed", RULE, firing, "the block")
    first = subscriber.until(lambda _, header: header["revision"] == alert["revision"], "the alert")[1]
    subscriber.socket.setsockopt_string(zmq.UNSUBSCRIBE, "alert/alert-missed/")
    training.send(6, BLOCK)
    wait_for(daemon, "alert-missed", RULE, lambda entry: entry["seq"] >= first["seq"] + 3, "three changes")
    subscriber.socket.setsockopt_string(zmq.SUBSCRIBE, "alert/alert-missed/")
    later = subscriber.until(lambda _, header: header["seq"] > first["seq"] + 1, "the latest")[1]
    assert later["epoch"] == first["epoch"] and later["seq"] - first["seq"] == later["revision"] - first["revision"]


def test_rules_are_read_again(start: Start) -> None:
    daemon = start()
    training = Training(daemon, "reloaded")
    training.send(4, BLOCK)
    rule = {"name": "r", "window": "recent", "first": "^b06$", "second": "^b07$", "above": 0.5, "evaluations": 1}
    changed = {**daemon.settings, "alerts": {"similarity": [rule]}}
    (daemon.directory / "livecka.yaml").write_text(json.dumps(changed))
    assert daemon.ask("reload") == {"restart_needed": []}
    training.send(4, BLOCK)
    wait_for(daemon, "reloaded", "r", firing, "the new rule's alert")
    (daemon.directory / "livecka.yaml").write_text(json.dumps(daemon.settings))
    daemon.ask("reload")
    eventually(lambda: not alerts(daemon, "reloaded", "r"), "its end")


# The command line -----------------------------------------------------------------------------------------------------


def test_the_command_line_lists_what_is_active(start: Start) -> None:
    daemon = start()
    assert daemon.command_line("alerts").stdout == "no alerts\n"
    assert daemon.command_line("alerts", "--json").stdout == "[]\n"
    Training(daemon, "listed").send(12, BLOCK)
    alert = wait_for(daemon, "listed", RULE, firing, "the block")
    line = daemon.command_line("alerts").stdout
    assert line.count("\n") == 1 and "\x1b" not in line
    assert "  firing    warning   Block structure in listed: layers b06–b15 (10 of 24)" in line
    [printed] = json.loads(daemon.command_line("alerts", "--json").stdout)
    assert printed["fingerprint"] == alert["fingerprint"]
    assert daemon.command_line("alerts", "--run", "other").stdout == "no alerts\n"
    assert daemon.command_line("alerts", "--count", "3").returncode == 64


@pytest.fixture
def follow() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `livecka alerts --follow`, and ends it."""
    started: list[subprocess.Popen[str]] = []

    def start_one(daemon: Daemon, *arguments: str) -> subprocess.Popen[str]:
        command = [daemon.executable, "alerts", "--follow", *arguments, "--control", daemon.control_endpoint]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def test_followers_see_every_turn(start: Start, follow: Any) -> None:
    daemon = start()
    training = Training(daemon, "followed")
    training.send(8, BLOCK)
    wait_for(daemon, "followed", RULE, lambda entry: True, "a pending block")
    process = follow(daemon, "--run", "followed", "--count", "2")
    assert "pending" in process.stdout.readline()
    training.send(4, BLOCK)
    assert "  firing    warning   Block structure in followed" in process.stdout.readline()
    assert process.wait(10) == 0


def test_followers_outlive_the_daemon(start: Start, follow: Any) -> None:
    daemon = start()
    training = Training(daemon, "outlived")
    training.send(12, BLOCK)
    alert = wait_for(daemon, "outlived", RULE, firing, "the block")
    process = follow(daemon, "--json")
    first = json.loads(process.stdout.readline())
    assert (first["fingerprint"], first["revision"]) == (alert["fingerprint"], alert["revision"])
    daemon.restart()
    again = Training(daemon, "outlived")
    again.step = 100
    again.send(8, BLOCK)
    second = json.loads(process.stdout.readline())
    assert second["epoch"] > first["epoch"] and second["revision"] == first["revision"] + 1


# The Python client ----------------------------------------------------------------------------------------------------


def test_the_client_subscribes_to_alerts(daemon: Daemon) -> None:
    training = Training(daemon, "alert-client")
    training.send(12, BLOCK)
    alert = wait_for(daemon, "alert-client", RULE, firing, "the block")
    with livecka.subscribe("alert-client", daemon.publish, topics=["alert"]) as subscription:
        message = subscription.receive("10s")
    assert message is not None and message.kind == "alert" and message.run == "alert-client"
    assert message.header["fingerprint"] == alert["fingerprint"] and message.missed == 0
