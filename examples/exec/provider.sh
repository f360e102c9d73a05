#!/bin/sh
# A provider as a shell script: servers are processes of this host, each with a port of its own. It shows the shape; the provider `process` does
# the same and more. It needs flock and setsid of util-linux. docs/providers/exec.md tells what is asked and answered.
#
#   SERVER      the program that each server runs; it listens on 127.0.0.1 at $PORT
#   FIRST_PORT  the first port that a server may get
set -eu

machines=$DROVER_DATA_DIR/$DROVER_FLEET
mkdir -p "$machines"

# For a person, and for Drover. What it says ends the script.
failed() {
  printf '{"error": {"reaction": "%s", "code": "%s", "message": "%s"}}\n' "$1" "$2" "$3"
  exit 0
}

# A server holds its lock for as long as it lives, and so do its children. A pid alone would be another process's one day.
is_alive() { ! flock --nonblock --shared "$1/lock" true; }

# The folder of a machine is there as a whole or not at all. Its names are its tags.
describe() {
  port=$(cat "$1/port")
  state=pending detail=''
  if [ -e "$1/pid" ]; then
    state=stopped detail="pid $(cat "$1/pid") has ended"
    if is_alive "$1"; then state=running detail="pid $(cat "$1/pid")"; fi
  fi
  printf '{"id": "%s", "instanceId": "%s", "fleet": "%s", "group": "%s", "launchedAt": %s, "state": "%s", ' \
    "${1##*/}" "${1##*/}" "$DROVER_FLEET" "$(cat "$1/group")" "$(cat "$1/launchedAt")" "$state"
  printf '"addresses": ["127.0.0.1"], "ports": [{"port": %s, "hostPort": %s}], "detail": "%s"}' "$port" "$port" "$detail"
}

# Ports are given out in turn, so that one that somebody else has taken is not tried again at once.
make_folder() {
  new=$(mktemp -d "$DROVER_DATA_DIR/new.XXXXXX")
  port=$(($(cat "$DROVER_DATA_DIR/last-port" 2>/dev/null || echo "$((FIRST_PORT - 1))") + 1))
  [ "$port" -lt "$((FIRST_PORT + 1000))" ] || port=$FIRST_PORT
  while cat "$DROVER_DATA_DIR"/*/*/port 2>/dev/null | grep -qx "$port"; do port=$((port + 1)); done
  echo "$port" >"$DROVER_DATA_DIR/last-port"
  echo "$port" >"$new/port"
  echo "$DROVER_GROUP" >"$new/group"
  date +%s%3N >"$new/launchedAt"
  mv "$new" "$1"
}

# However often and whenever this is killed and asked again, one server is started: who has the lock and finds a pid has come too late.
start() {
  PORT=$(cat "$1/port") MACHINE=$1 setsid --fork sh -c '
    until flock --nonblock 9 || [ -e "$MACHINE/pid" ]; do sleep 0.05; done
    [ -d "$MACHINE" ] && [ ! -e "$MACHINE/pid" ] || exit 0
    echo $$ >"$MACHINE/pid.new" && mv "$MACHINE/pid.new" "$MACHINE/pid" && exec "$SERVER"
  ' </dev/null >>"$1/log" 2>&1 9>>"$1/lock"
  tries=0
  while [ ! -e "$1/pid" ] && [ "$tries" -lt 100 ]; do sleep 0.05 && tries=$((tries + 1)); done
}

launch() {
  machine=$machines/$DROVER_INSTANCE_ID
  # Two launches at once, also of different machines: one after the other. The lock goes with the script.
  exec 8>"$DROVER_DATA_DIR/launch.lock"
  flock 8
  [ -d "$machine" ] || make_folder "$machine"
  exec 8>&-
  [ -e "$machine/pid" ] || start "$machine"
  printf '{"machine": %s}\n' "$(describe "$machine")"
}

list() {
  separator=''
  printf '{"machines": ['
  for machine in "$machines"/*/; do
    [ -d "$machine" ] || continue
    printf '%s%s' "$separator" "$(describe "${machine%/}")"
    separator=', '
  done
  printf ']}\n'
}

# Whoever has a machine's lock knows that its server neither lives nor is about to be started.
remove() {
  (
    flock --nonblock 9 || exit 1
    gone=$(mktemp -d "$DROVER_DATA_DIR/gone.XXXXXX")
    mv "$1" "$gone" && rm -rf "$gone"
  ) 9>>"$1/lock"
}

# Asked again until it says NotFound: SIGTERM first, SIGKILL after ten seconds. No call waits.
terminate() {
  machine=$machines/$DROVER_MACHINE_ID
  case $DROVER_MACHINE_ID in */* | .*) machine= ;; esac
  [ -n "$machine" ] && [ -d "$machine" ] || failed NotFound noMachine "there is no machine $DROVER_MACHINE_ID"
  if remove "$machine"; then
    :
  elif [ -e "$machine/pid" ]; then
    signal=TERM
    [ -e "$machine/stopping" ] || date +%s >"$machine/stopping"
    [ "$(date +%s)" -lt "$(($(cat "$machine/stopping") + 10))" ] || signal=KILL
    kill -s "$signal" -- "-$(cat "$machine/pid")" 2>/dev/null || true
  fi
  echo '{}'
}

case $1 in
  launch | list | terminate) "$1" ;;
  *) failed Unsupported verb "this provider cannot $1" ;;
esac
