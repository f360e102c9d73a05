#!/usr/bin/env python3
"""A provider as a Python script: a pool of addresses, each of which has room for one server.

The pool is a JSON file, named by POOL: {"rack-1": ["10.0.1.1", "10.0.1.2"], "rack-2": ["10.0.2.1"]}. Its keys are the zones of the provider in the
fleet file; a provider without zones has one key, "". Here a server is a process of this host that listens at its address; for a rack, start
and end it over ssh instead. docs/providers/exec.md tells what is asked and answered.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STOP_SECONDS = 10
START_SECONDS = 5


class Failure(Exception):
    """What Drover is to do about an error, and what a person is to know."""

    def __init__(self, reaction, code, message):
        super().__init__(message)
        self.reply = {"error": {"reaction": reaction, "code": code, "message": message}}


def locked(path, wait=True):
    """The lock, which goes with the process; None where it is taken and nobody waits."""
    lock = open(path, "a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        return lock
    except BlockingIOError:
        lock.close()
        return None


def is_alive(folder):
    """A server holds its lock for as long as it lives; a pid alone would be another process's one day."""
    with open(folder / "lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True


def machines_in(data):
    for path in sorted(data.glob("*/*/machine.json")):
        yield path.parent, json.loads(path.read_text())


def machine_in(folder):
    """A machine as Drover reads it. Its tags are in its own folder."""
    machine = json.loads((folder / "machine.json").read_text())
    pid_file = folder / "pid"
    state, detail = "pending", ""
    if pid_file.exists():
        pid = pid_file.read_text()
        state, detail = ("running", f"pid {pid}") if is_alive(folder) else ("stopped", f"pid {pid} has ended")
    tags = {key: machine[key] for key in ("fleet", "group", "instanceId", "launchedAt", "zone")}
    return {"id": machine["instanceId"], **tags, "addresses": [machine["address"]], "state": state, "detail": detail}


def make_folder(request, data, folder):
    """Takes an address of the zone. The folder is there as a whole or not at all."""
    pool = json.loads(Path(os.environ["POOL"]).read_text())
    taken = {machine["address"] for _, machine in machines_in(data)}
    # Without a zone, Drover leaves the choice to us.
    zones = [request["zone"]] if request["zone"] else pool
    free = [(zone, address) for zone in zones for address in pool.get(zone, []) if address not in taken]
    if not free:
        raise Failure("NoCapacity", "poolFull", f"no address of {request['zone'] or 'the pool'} is free: add some to POOL")
    zone, address = free[0]
    command = request["settings"].get("command")
    if not isinstance(command, list) or not command:
        raise Failure("Invalid", "command", "the launch template's settings need command, a list of program and arguments")
    tags = {key: request[key] for key in ("fleet", "group", "instanceId")}
    machine = {**tags, "zone": zone or None, "address": address, "command": command, "launchedAt": time.time_ns() // 1_000_000}
    new = Path(tempfile.mkdtemp(prefix="new.", dir=data))
    (new / "machine.json").write_text(json.dumps(machine))
    new.rename(folder)


def launch(request, data):
    folder = data / request["fleet"] / request["instanceId"]
    folder.parent.mkdir(exist_ok=True)
    with locked(data / "launch.lock"):
        if not folder.exists():
            make_folder(request, data, folder)
    if not (folder / "pid").exists():
        with open(folder / "log", "a") as log:
            output = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            subprocess.Popen([sys.executable, __file__, "start", folder], start_new_session=True, **output)
        until = time.monotonic() + START_SECONDS
        while not (folder / "pid").exists() and time.monotonic() < until:
            time.sleep(0.02)
    return {"machine": machine_in(folder)}


def start(folder):
    """Becomes the server. However often it is begun, and killed, one server is started: who has the lock and finds a pid has come too late."""
    while (lock := locked(folder / "lock", wait=False)) is None:
        if (folder / "pid").exists():
            return
        time.sleep(0.02)
    if (folder / "pid").exists() or not folder.exists():
        return
    os.set_inheritable(lock.fileno(), True)
    (folder / "pid.new").write_text(str(os.getpid()))
    (folder / "pid.new").rename(folder / "pid")
    machine = json.loads((folder / "machine.json").read_text())
    os.execvpe(machine["command"][0], machine["command"], {**os.environ, "ADDRESS": machine["address"]})


def list_machines(request, data):
    return {"machines": [machine_in(folder) for folder, machine in machines_in(data) if machine["fleet"] == request["fleet"]]}


def terminate(request, data):
    """Asked again until it says NotFound: SIGTERM first, SIGKILL later. No call waits."""
    known = {machine["instanceId"]: folder for folder, machine in machines_in(data) if machine["fleet"] == request["fleet"]}
    folder = known.get(request["machineId"])
    if folder is None:
        raise Failure("NotFound", "noMachine", f"there is no machine {request['machineId']}")
    lock = locked(folder / "lock", wait=False)
    if lock is not None:
        # Its server neither lives nor is about to be started.
        gone = tempfile.mkdtemp(prefix="gone.", dir=data)
        folder.rename(Path(gone) / "machine")
        shutil.rmtree(gone)
    elif (folder / "pid").exists():
        stopping = folder / "stopping"
        if not stopping.exists():
            stopping.touch()
        is_late = time.time() - stopping.stat().st_mtime > STOP_SECONDS
        os.killpg(int((folder / "pid").read_text()), signal.SIGKILL if is_late else signal.SIGTERM)
    return {}


def main():
    verb = sys.argv[1]
    if verb == "start":
        return start(Path(sys.argv[2]))
    request = json.load(sys.stdin)
    verbs = {"launch": launch, "list": list_machines, "terminate": terminate}
    try:
        if verb not in verbs:
            raise Failure("Unsupported", "verb", f"this provider cannot {verb}")
        reply = verbs[verb](request, Path(request["dataDir"]))
    except Failure as failure:
        reply = failure.reply
    print(json.dumps(reply))


main()
